/** What the question "firewall" finds out. */
import type { Mode } from '../question.ts';

/** How much is asked. */
export interface FirewallSize {
  /** Live grants beside which one more is opened. */
  readonly grants: readonly number[];
  /** Live grants past which connections are let in. */
  readonly crowds: readonly number[];
  /** How often one grant is opened, extended and closed in a round. */
  readonly times: number;
  /** Turns of a tenth of a second, with a firewall and without, in a round. */
  readonly turns: number;
  /** Whether those back-ends are asked too that take a tenth of a second and more for a grant. */
  readonly slow: boolean;
}

export const SIZES: Readonly<Record<Mode, FirewallSize>> = {
  short: { grants: [10, 1000], crowds: [10], times: 10, turns: 5, slow: false },
  full: { grants: [10, 1000, 10_000, 100_000], crowds: [10, 10_000], times: 60, turns: 20, slow: true },
};

/** Milliseconds; undefined where it was left out. */
export interface OneGrant {
  readonly open: number;
  readonly extend: number;
  readonly close: number;
}

export interface BackendLine {
  readonly name: string;
  /** By {@link FirewallSize.grants}. */
  readonly grants: readonly (OneGrant | undefined)[];
  /** New connections, as a share of those without any firewall, by {@link FirewallSize.crowds}. */
  readonly connections: readonly (number | undefined)[];
}

export interface FirewallReport {
  readonly size: FirewallSize;
  readonly lines: readonly BackendLine[];
  /** Those that could not be measured here, and why. */
  readonly missing: readonly { readonly name: string; readonly why: string }[];
  /** New connections a second without any firewall. */
  readonly bare: number;
}
