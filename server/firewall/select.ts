/** The back-end that the configuration names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendName } from '../../src/firewall/backends.ts';
import { OPENED } from '../../src/firewall/command-journal.ts';
import type { CommandPair } from '../../src/firewall/command-template.ts';
import type { SetPlace } from '../../src/firewall/nft-set.ts';
import type { Moment, Seconds } from '../../src/base/units.ts';
import type { Logger } from '../log/logger.ts';
import { PendingStore } from '../store/pending-store.ts';
import { type FirewallBackend, FirewallError } from './backend.ts';
import { CommandProgram } from './command.ts';
import { DryRunFirewall } from './dry-run.ts';
import { KeptFirewall } from './kept.ts';
import { findNftRunner } from './nft-runner.ts';
import { NftSetProgram } from './nft-set.ts';
import { nftables } from './nftables.ts';
import type { FirewallProgram } from './program.ts';

/** What `[spad]` says about the firewall, under the same names. */
export interface FirewallSettings {
  readonly firewall: BackendName;
  readonly nft_set: readonly SetPlace[];
  /** `open_command` and `close_command`; undefined: what is open can be closed, and nothing opened. */
  readonly commands: CommandPair | undefined;
  readonly command_user: string | undefined;
  readonly command_timeout: Seconds;
  readonly state_dir: string;
}

/** Throws FirewallError where what it takes is not on this machine. */
export const openFirewall = (settings: FirewallSettings, now: () => Moment, logger: Logger): FirewallBackend => {
  const steady = (): Moment['steady'] => now().steady;
  const keep = (program: FirewallProgram, generation: () => number | undefined = () => undefined): FirewallBackend =>
    new KeptFirewall(program, {
      ...{ now, generation, sweeps: false, endsAtStop: settings.firewall === 'command' },
      onTrouble: (message) => logger.error(message),
    });
  switch (settings.firewall) {
    case 'nftables':
      return nftables(findNftRunner(), steady);
    case 'nft-set': {
      const runner = findNftRunner();
      return keep(new NftSetProgram(runner, settings.nft_set, steady), () => runner.generation());
    }
    case 'command':
      return keep(openCommand(settings, now, logger));
    case 'dry-run':
      return new DryRunFirewall(steady, logger);
    case 'iptables':
    case 'ipset':
    case 'firewalld':
    case 'ufw':
      throw new FirewallError(`firewall = ${settings.firewall} is not there yet`);
  }
};

/** Where what is open by commands is remembered. */
export const commandLog = (stateDir: string): string => join(stateDir, 'command-opens.log');

const openCommand = (settings: FirewallSettings, now: () => Moment, logger: Logger): FirewallProgram => {
  const log = commandLog(settings.state_dir);
  return new CommandProgram({
    ...{ now, commands: settings.commands, user: settings.command_user, timeout: settings.command_timeout * 1000 },
    journal: new PendingStore(log, OPENED, 'what commands have opened', (text) => logger.warn(text)),
    boot: bootId(),
    onTrouble: (message) => logger.error(message),
  });
};

/** Tells this start of the machine from others; where it cannot, all count as one. */
const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
};
