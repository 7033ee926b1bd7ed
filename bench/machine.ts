/** What the figures were measured on, for whoever compares them with their own. */
import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly system: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly nft: string;
  /** Undefined where it is not installed. */
  readonly fwknopd: string | undefined;
  /** How much of the machine others had while it was measured, 0 to 1. */
  readonly otherLoad: number;
  /** How many measurements were made again because of others. */
  readonly repeated: number;
}

export function describeMachine(about: Pick<Machine, 'fileSystem' | 'fwknopd' | 'otherLoad' | 'repeated'>): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processors[0]?.model.replace(/\s+/g, ' ').trim() ?? 'unknown processor',
    cores: processors.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: firstMatch('sh', ['-c', '. /etc/os-release && echo "$PRETTY_NAME"'], /(.+)/),
    node: process.versions.node,
    nft: firstMatch('nft', ['--version'], /v([0-9.]+)/),
    ...about,
  };
}

export function machineSentence(machine: Machine): string {
  const { date, processor, cores, memoryGigabytes, kernel, system, fileSystem, node, nft, fwknopd } = machine;
  const hardware = `${processor}, ${cores} cores, ${memoryGigabytes} GB`;
  const versions = `Node ${node}, nft ${nft}, ${fwknopd === undefined ? 'no fwknopd' : `fwknopd ${fwknopd}`}`;
  const load = `other programs had ${(machine.otherLoad * 100).toFixed(1)} % of it, ${machine.repeated} rounds repeated`;
  return `Measured ${date} on ${hardware}; ${system}, kernel ${kernel}, state on ${fileSystem}; ${versions}; ${load}.`;
}

function firstMatch(command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 5000 });
  return pattern.exec(stdout)?.[1] ?? 'unknown';
}
