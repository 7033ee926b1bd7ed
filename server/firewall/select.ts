/** The back-end that the configuration names. */
import type { BackendName } from '../../src/firewall/backends.ts';
import type { Moment } from '../../src/base/units.ts';
import type { Logger } from '../log/logger.ts';
import { Seldom } from '../log/seldom.ts';
import { type FirewallBackend, FirewallError } from './backend.ts';
import { DryRunFirewall } from './dry-run.ts';
import { firewalld } from './firewalld.ts';
import { findGeneration } from './generation.ts';
import { ipsetProgram, TimedSets } from './ipset.ts';
import { iptablesTools } from './iptables-tools.ts';
import { IptablesFirewall } from './iptables.ts';
import { KeptFirewall } from './kept.ts';
import { findNftRunner } from './nft-runner.ts';
import { nftables } from './nftables.ts';
import type { FirewallProgram } from './program.ts';
import { ufw } from './ufw.ts';

/** What `[spad]` says about the firewall, under the same names. */
export interface FirewallSettings {
  readonly firewall: BackendName;
}

/** Throws FirewallError where what it takes is not on this machine. */
export const openFirewall = (settings: FirewallSettings, now: () => Moment, logger: Logger): FirewallBackend => {
  const steady = (): Moment['steady'] => now().steady;
  const troubles = new Seldom((text) => logger.error(text));
  const onTrouble = (message: string): void => troubles.tell(message);
  const sweptByUs = (program: FirewallProgram): FirewallBackend =>
    new KeptFirewall(program, {
      ...{ now, sweeps: true, generation: findGeneration() },
      onTrouble: (message) => onTrouble(`what has ended could not be closed: ${message}; trying again`),
    });
  switch (settings.firewall) {
    case 'nftables':
      return nftables(findNftRunner(), steady);
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
    case 'nft-set':
    case 'command':
      throw new FirewallError(`firewall = ${settings.firewall} is not there yet`);
  }
};
