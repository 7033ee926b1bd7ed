/** What the contract has to know of a firewall. */
import type { BackendName } from '../../../src/firewall/backends.ts';
import type { Host } from '../../support/host.ts';
import type { Lab } from '../../support/lab.ts';

/**
 * The ports of the server that must be shut without a grant, as `guard =` has them. A back-end that guards closes them
 * itself; else `prepare` must, established connections excepted.
 */
export const GUARDED = ['tcp/22', 'udp/22', 'tcp/2222', 'udp/2222', 'tcp/8000-8020', 'udp/8000-8020'] as const;
/** A port, TCP and UDP, that is not guarded and that `prepare` leaves open (8022, to which grants are forwarded, need not be). */
export const UNGUARDED = 9000;

/** What the programs of the server run in. */
export interface Surroundings {
  /** Words before each command: `nsenter --mount=… --`, which become it by exec. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Subject {
  /** The row in docs/firewalls.md. */
  readonly name: string;
  readonly firewall: BackendName;
  /** More keys of [spad]; `firewall` and, where the back-end guards, `guard` are added. */
  readonly daemon?: Readonly<Record<string, string | number>>;
  /** Readies the server before spad starts: the firewall's own daemon, rules that close, the operator's set. */
  readonly prepare?: (server: Host, lab: Lab) => Promise<Surroundings | undefined>;
  /** Somebody takes away what the firewall holds of spad's: `nft flush ruleset`, `iptables -F`, a firewalld reload. */
  readonly flush: (server: Host, lab: Lab) => Promise<void>;
  /** Somebody takes one grant out by hand; undefined where nobody can. */
  readonly removeOne?: (server: Host, address: string, port: number) => Promise<void>;
  /** All that the firewall holds, as text without counters: after `spad flush` it must be as before the start. */
  readonly listing: (server: Host) => Promise<string>;
  /** Whether what others take away is noticed; else a reload of spad's must put it back. True unless told. */
  readonly notices?: boolean;
  /**
   * By what the times of brief grants are multiplied, where one change takes so long that of many at once the last would open
   * when its time is over. 1 unless told.
   */
  readonly stretch?: number;
}

/**
 * How much later than it was promised a grant may end, in ms, on a machine that is busy: kernels and firewalls that
 * count whole seconds round up, and firewalld's timers fire up to a second late; programs that spad starts take their time.
 */
export const LATE_MS = { kernel: 1200, firewall: 3400, companion: 3500, spad: 3500 } as const;
/**
 * How much earlier: a forwarded port goes two ticks of the slowest kernel clock before its forwarding does, and on a busy
 * machine a question is asked a good deal later than it was meant to be.
 */
export const EARLY_MS = 400;
