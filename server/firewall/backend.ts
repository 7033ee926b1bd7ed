/** What the daemon asks of a firewall. Each back-end keeps what it was told, so that it can repair what others undo. */
import type { Wanted } from '../../src/firewall/desired.ts';
import type { FirewallChange, Opening } from '../../src/firewall/opening.ts';
import { formatPortSpec } from '../../src/base/port-spec.ts';

/** The firewall, or the program that speaks to it, has refused. The message is for the operator. */
export class FirewallError extends Error {
  override readonly name = 'FirewallError';
}

/** Throws where an opening leads elsewhere: for firewalls that cannot forward, where another one has left such a grant. */
export const refuseForwarding = (openings: readonly Opening[]): void => {
  const forwarded = openings.find(({ forwarding }) => forwarding !== undefined);
  if (forwarded !== undefined)
    throw new FirewallError(`${formatPortSpec(forwarded)} was to be forwarded, which this firewall cannot do`);
};

export interface FirewallBackend {
  /** For people: what it is and how it is spoken to. */
  readonly description: string;
  /** Carries out openings that cut; others are never given any. */
  readonly cuts?: true;
  /** Shows just this. Throws FirewallError; the firewall is then as it was, or {@link FirewallBackend.repair} makes it right. */
  synchronize(wanted: Wanted): Promise<void>;
  /** Carries out changes in their order, all or none. Throws FirewallError where even a repair has not helped. */
  apply(changes: readonly FirewallChange[]): Promise<void>;
  /**
   * Looks whether the firewall still shows what it was told, and repairs it: true where it had to. It may spare itself a look
   * that would cost much; `closely`: not now, somebody is asking. Throws FirewallError.
   */
  repair(closely?: boolean): Promise<boolean>;
  /** The daemon ends in order: what nobody would end in its absence is closed. Throws FirewallError. */
  stop(): Promise<void>;
  /** Takes everything away that spad has put into the firewall. Throws FirewallError. */
  flush(): Promise<void>;
}
