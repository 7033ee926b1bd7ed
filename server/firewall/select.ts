/** The back-end that the configuration names. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackendName } from '../../src/firewall/backends.ts';
import { OPENED } from '../../src/firewall/command-journal.ts';
import type { CommandPair } from '../../src/firewall/command-template.ts';
import type { SetPlace } from '../../src/firewall/nft-set.ts';
import type { Moment, Seconds } from '../../src/base/units.ts';
import type { Logger } from '../log/logger.ts';
import { Seldom } from '../log/seldom.ts';
import { PendingStore } from '../store/pending-store.ts';
import type { FirewallBackend } from './backend.ts';
import { CommandProgram } from './command.ts';
import { DryRunFirewall } from './dry-run.ts';
import { firewalld } from './firewalld.ts';
import { findGeneration, OwnSteps } from './generation.ts';
import { ipsetProgram, TimedSets } from './ipset.ts';
import { iptablesTools } from './iptables-tools.ts';
import { IptablesFirewall } from './iptables.ts';
import { KeptFirewall } from './kept.ts';
import { findNftRunner } from './nft-runner.ts';
import { NftSetProgram } from './nft-set.ts';
import { nftables } from './nftables.ts';
import type { FirewallProgram } from './program.ts';
import { ufw } from './ufw.ts';

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

/**
 * `steps` are the transactions that others in this process make in the kernel's rules. Throws FirewallError where what it
 * takes is not on this machine.
 */
export const openFirewall = (
  settings: FirewallSettings,
  now: () => Moment,
  logger: Logger,
  steps = new OwnSteps(),
): FirewallBackend => {
  const generation = steps.without(findGeneration());
  const steady = (): Moment['steady'] => now().steady;
  const troubles = new Seldom((text) => logger.error(text));
  const onTrouble = (message: string): void => troubles.tell(message);
  const sweptByUs = (program: FirewallProgram): FirewallBackend =>
    new KeptFirewall(program, {
      ...{ now, sweeps: true, generation },
      onTrouble: (message) => onTrouble(`what has ended could not be closed: ${message}; trying again`),
    });
  switch (settings.firewall) {
    case 'nftables':
      return nftables(findNftRunner(steps), steady);
    case 'nft-set': {
      const program = new NftSetProgram(findNftRunner(), settings.nft_set, steady);
      return new KeptFirewall(program, { now, sweeps: false, generation, onTrouble });
    }
    case 'command': {
      const program = openCommand(settings, now, logger);
      // Nothing in the kernel says what commands have done, and the program closes in time by itself.
      const untold = { generation: (): undefined => undefined };
      return new KeptFirewall(program, { now, sweeps: false, endsAtStop: true, ...untold, onTrouble });
    }
    case 'dry-run':
      return new DryRunFirewall(steady, logger);
    case 'iptables':
      return sweptByUs(new IptablesFirewall({ tools: iptablesTools, now, logger }));
    case 'ipset':
      return sweptByUs(
        new IptablesFirewall({ tools: iptablesTools, sets: new TimedSets(ipsetProgram, steady), now, logger }),
      );
    case 'firewalld':
      return sweptByUs(firewalld(steady));
    case 'ufw':
      return sweptByUs(ufw(now, onTrouble));
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
