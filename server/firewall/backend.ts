/** What the daemon asks of a firewall. Each back-end keeps what it was told, so that it can repair what others undo. */
import type { PortSpec } from '../../src/base/port-spec.ts';
import type { FirewallChange, Opening } from '../../src/firewall/opening.ts';

/** The firewall, or the program that speaks to it, has refused. The message is for the operator. */
export class FirewallError extends Error {
  override readonly name = 'FirewallError';
}

export interface FirewallBackend {
  /** For people: what it is and how it is spoken to. */
  readonly description: string;
  /**
   * Guards these ports and opens just this; `forwards`: openings that forward may come. Throws FirewallError; the firewall is
   * then as it was.
   */
  synchronize(guard: readonly PortSpec[], openings: readonly Opening[], forwards: boolean): Promise<void>;
  /** Carries out changes in their order, all or none. Throws FirewallError where even a repair has not helped. */
  apply(changes: readonly FirewallChange[]): Promise<void>;
  /** Looks whether the firewall still shows what it was told, and repairs it: true where it had to. Throws FirewallError. */
  repair(): Promise<boolean>;
  /** Takes everything away that spad has put into the firewall. Throws FirewallError. */
  flush(): Promise<void>;
}
