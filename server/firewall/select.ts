/** The back-end that the configuration names. */
import type { BackendName } from '../../src/firewall/backends.ts';
import type { Moment } from '../../src/base/units.ts';
import type { Logger } from '../log/logger.ts';
import { type FirewallBackend, FirewallError } from './backend.ts';
import { DryRunFirewall } from './dry-run.ts';
import { ipsetProgram, TimedSets } from './ipset.ts';
import { iptablesTools } from './iptables-tools.ts';
import { IptablesFirewall } from './iptables.ts';
import { KeptFirewall } from './kept.ts';
import { findNftRunner, generationOrNot } from './nft-runner.ts';
import { nftables } from './nftables.ts';
import type { FirewallProgram } from './program.ts';

/** What `[spad]` says about the firewall, under the same names. */
export interface FirewallSettings {
  readonly firewall: BackendName;
}

/** Throws FirewallError where what it takes is not on this machine. */
export const openFirewall = (settings: FirewallSettings, now: () => Moment, logger: Logger): FirewallBackend => {
  const steady = (): Moment['steady'] => now().steady;
  switch (settings.firewall) {
    case 'nftables':
      return nftables(findNftRunner(), steady);
    case 'dry-run':
      return new DryRunFirewall(steady, logger);
    case 'iptables':
      return kept(new IptablesFirewall({ tools: iptablesTools, now, logger }), now, logger);
    case 'ipset': {
      const sets = new TimedSets(ipsetProgram, steady);
      return kept(new IptablesFirewall({ tools: iptablesTools, sets, now, logger }), now, logger);
    }
    case 'nft-set':
    case 'firewalld':
    case 'ufw':
    case 'command':
      throw new FirewallError(`firewall = ${settings.firewall} is not there yet`);
  }
};

/** What has ended is taken out, be it dead already. */
const kept = (program: FirewallProgram, now: () => Moment, logger: Logger): FirewallBackend =>
  new KeptFirewall(program, {
    now,
    sweeps: true,
    generation: generationOrNot(),
    onTrouble: (text) => logger.warn(text),
  });
