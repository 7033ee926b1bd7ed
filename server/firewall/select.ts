/** The back-end that the configuration names. */
import type { BackendName } from '../../src/firewall/backends.ts';
import type { Moment } from '../../src/base/units.ts';
import type { Logger } from '../log/logger.ts';
import { type FirewallBackend, FirewallError } from './backend.ts';
import { DryRunFirewall } from './dry-run.ts';
import { findNftRunner } from './nft-runner.ts';
import { nftables } from './nftables.ts';

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
    case 'nft-set':
    case 'iptables':
    case 'ipset':
    case 'firewalld':
    case 'ufw':
    case 'command':
      throw new FirewallError(`firewall = ${settings.firewall} is not there yet`);
  }
};
