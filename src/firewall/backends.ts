/** The firewalls that grants can be made in, and what each of them can. docs/firewalls.md has the same as a table. */

export interface BackendTraits {
  /** Closes the ports of `guard` itself; elsewhere the operator's own rules must. */
  readonly guards: boolean;
  /** Can send granted ports elsewhere (docs/forwarding.md). */
  readonly forwards: boolean;
  /** Can cut the connections of a grant that has ended (docs/grants.md). */
  readonly cuts: boolean;
  /** Can open for the /64 of an IPv6 address (docs/addresses.md). */
  readonly widens: boolean;
  /**
   * What ends a grant on time when spad is dead: the kernel, whatever becomes of all programs; the firewall's own daemon; a
   * process that spad leaves behind, until the machine is started anew; or nobody, before spad is started again.
   */
  readonly endedBy: 'kernel' | 'firewall' | 'companion' | 'spad';
}

export const BACKENDS = {
  nftables: { guards: true, forwards: true, cuts: true, widens: true, endedBy: 'kernel' },
  /** A set of the operator's own ruleset. */
  'nft-set': { guards: false, forwards: false, cuts: false, widens: false, endedBy: 'kernel' },
  iptables: { guards: true, forwards: true, cuts: false, widens: true, endedBy: 'kernel' },
  ipset: { guards: true, forwards: true, cuts: false, widens: true, endedBy: 'kernel' },
  firewalld: { guards: true, forwards: false, cuts: false, widens: true, endedBy: 'firewall' },
  ufw: { guards: true, forwards: false, cuts: false, widens: true, endedBy: 'companion' },
  /** Commands of the operator's. */
  command: { guards: false, forwards: false, cuts: false, widens: false, endedBy: 'spad' },
  /** Says of everything that it would be done. */
  'dry-run': { guards: true, forwards: true, cuts: true, widens: true, endedBy: 'spad' },
} as const satisfies Readonly<Record<string, BackendTraits>>;

export type BackendName = keyof typeof BACKENDS;

export const BACKEND_NAMES = Object.keys(BACKENDS) as BackendName[];

/** Whether the programs behind it take nobody's word but root's, whatever capabilities others have. */
export const needsRoot = (name: BackendName): boolean => name === 'ufw' || name === 'firewalld';

/** Whether a guard of ours really closes ports there, and does not only say that it would. */
export const closesPorts = (name: BackendName): boolean => BACKENDS[name].guards && name !== 'dry-run';
