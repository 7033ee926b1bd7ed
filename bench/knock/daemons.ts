/** The two that listen for knocks: the real knockd and `spad knockd`, with one and the same configuration. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../test/support/host.ts';
import type { LabProcess } from '../../test/support/lab-process.ts';
import { builtFile } from '../../test/support/paths.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';

export const SEQUENCE = [7001, 7002, 7003] as const;
/** In no door: the kernel's filter can turn its packets away. */
export const FOREIGN_PORT = 9999;

export type KnockerName = 'knockd' | 'spad knockd';

export interface Knocker {
  readonly name: KnockerName;
  readonly host: Host;
}

export interface RunningKnocker {
  readonly process: LabProcess;
  /** What the door's command writes the source to. */
  readonly fifo: string;
  /** How many first knocks its log tells of. */
  firstKnocks(): number;
}

/** `0.8`; undefined where it is not installed. */
export function knockdVersion(): string | undefined {
  const { stdout, error } = spawnSync('knockd', ['-V'], { encoding: 'utf8', timeout: 5000 });
  return error === undefined ? (/knockd ([0-9.]+)/.exec(stdout)?.[1] ?? 'unknown') : undefined;
}

export function startKnocker({ name, host }: Knocker, folder: string): RunningKnocker {
  const conf = join(folder, 'knockd.conf');
  const log = join(folder, 'knockd.log');
  const fifo = join(folder, 'opened');
  const state = join(folder, 'state');
  mkdirSync(state, { mode: 0o700 });
  if (spawnSync('mkfifo', [fifo]).status !== 0) throw new Error(`cannot make ${fifo}`);
  writeFileSync(conf, configuration(log, fifo), { mode: 0o600 });
  const command = name === 'knockd' ? 'knockd' : process.execPath;
  const program = name === 'knockd' ? [] : [builtFile('bin/spad.cjs'), 'knockd'];
  const options = ['-c', conf, '-i', host.interfaceName];
  return {
    process: host.spawn(command, [...program, ...options], { env: { ...QUIET_ENVIRONMENT, STATE_DIRECTORY: state } }),
    fifo,
    firstKnocks: () => (existsSync(log) ? readFileSync(log, 'latin1').split(': Stage 1\n').length - 1 : 0),
  };
}

/** `echo` is built into the shell: the command is one shell and nothing else. */
function configuration(log: string, fifo: string): string {
  return `[options]
	LogFile = ${log}

[bench]
	sequence    = ${SEQUENCE.join()}
	seq_timeout = 5
	tcpflags    = syn
	command     = echo %IP% > ${fifo}
`;
}

const START_TIMEOUT_MS = 20_000;

/** @throws Error with its output when it does not listen in time. */
export async function waitUntilListening({ process }: RunningKnocker): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (process.running && performance.now() < deadline) {
    // The first line of this file is a heading.
    if (readFileSync(`/proc/${process.pid}/net/packet`, 'latin1').split('\n').length > 2) return;
    await sleep(20);
  }
  throw new Error(`"${process.title}" does not listen:\n${process.output}`);
}
