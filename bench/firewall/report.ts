/** What the question "firewall" finds out. */
import type { StreamResult } from './stream.ts';

/** Live grants beside which one more is opened. */
export const SIZES = [10, 1000, 10_000, 100_000] as const;
/** Live grants past which connections are let in. */
export const CROWDS = [10, 10_000] as const;

/** Milliseconds; undefined where it was left out. */
export interface OneGrant {
  readonly open: number;
  readonly extend: number;
  readonly close: number;
}

export interface BackendLine {
  readonly name: string;
  /** By {@link SIZES}. */
  readonly grants: readonly (OneGrant | undefined)[];
  /** New connections, as a share of those without any firewall, by {@link CROWDS}. */
  readonly connections: readonly (number | undefined)[];
}

export interface FirewallReport {
  readonly rounds: number;
  readonly lines: readonly BackendLine[];
  /** Those that could not be measured here, and why. */
  readonly missing: readonly { readonly name: string; readonly why: string }[];
  /** New connections a second without any firewall. */
  readonly bare: number;
  readonly streams: readonly StreamResult[];
}
