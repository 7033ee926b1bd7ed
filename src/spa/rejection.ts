/**
 * The closed list of reasons for which a packet opens nothing (docs/native-packet.md, "Rejections"). Each is one word in
 * the audit line, in the counters and in the documentation.
 */

/** Before any key has matched: counted, never logged one by one. */
export const GATE_REJECTIONS = ['wrong-size', 'unknown-hint', 'bad-mac'] as const;

/** The packet carries a client's MAC and yet is not what a client writes. */
export const UNSEAL_REJECTIONS = [
  'unsealing-failed',
  'bad-version',
  'unknown-type',
  'bad-time',
  'unknown-flags',
  'bad-address',
  'bad-ports',
  'bad-forward',
  'bad-command',
  'truncated-body',
  'nonzero-padding',
  'oversized-body',
] as const;

export const FRESHNESS_REJECTIONS = ['stale', 'future'] as const;

export const REPLAY_REJECTIONS = ['replayed', 'below-floor'] as const;

/** A genuine, fresh, first-time request that the stanza does not grant. */
export const POLICY_REJECTIONS = [
  'stanza-expired',
  'source-not-allowed',
  'address-required',
  'address-not-allowed',
  'port-not-allowed',
  'no-port-named',
  'forward-not-allowed',
  'forward-of-range',
  'forward-family',
  'command-not-allowed',
  'too-many-grants',
  'nothing-to-close',
] as const;

export type GateRejection = (typeof GATE_REJECTIONS)[number];
export type UnsealRejection = (typeof UNSEAL_REJECTIONS)[number];
export type FreshnessRejection = (typeof FRESHNESS_REJECTIONS)[number];
export type ReplayRejection = (typeof REPLAY_REJECTIONS)[number];
export type PolicyRejection = (typeof POLICY_REJECTIONS)[number];
export type Rejection = GateRejection | UnsealRejection | FreshnessRejection | ReplayRejection | PolicyRejection;
