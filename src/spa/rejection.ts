/**
 * The closed list of reasons for which a packet opens nothing (docs/native-packet.md and docs/fwknop-packet.md, "Rejections"). Each is one word in
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

/** The same two steps for a text in fwknop's format. Words that both formats have mean the same in both. */
export const FWKNOP_GATE_REJECTIONS = [
  'wrong-size',
  'refused-prefix',
  'bad-alphabet',
  'bad-mac',
  'no-key-matched',
] as const;

export const FWKNOP_UNSEAL_REJECTIONS = [
  'bad-encoding',
  'unsealing-failed',
  'bad-digest',
  'bad-fields',
  'bad-user',
  'bad-time',
  'bad-version',
  'unknown-type',
  'bad-message',
  'bad-address',
  'bad-ports',
  'bad-command',
  'bad-forward',
  'bad-timeout',
] as const;

/** The key was the stanza's old one, and has ended while the packet was on its way from the gate. */
export const KEY_REJECTIONS = ['key-ended'] as const;

export const FRESHNESS_REJECTIONS = ['stale', 'future'] as const;

export const REPLAY_REJECTIONS = ['replayed', 'below-floor'] as const;

/** An emergency code whose number the stanza does not have, or that was used before. */
export const CODE_REJECTIONS = ['code-unknown', 'code-used'] as const;

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

/** What gpg says of a text: it could not be asked, or nobody whom the stanza wants has signed. */
export const FWKNOP_SIGNATURE_REJECTIONS = ['gpg-failed', 'unsigned', 'bad-signature', 'signer-not-allowed'] as const;

/** The same as {@link POLICY_REJECTIONS} for a message of fwknop's, in the order in which a stanza is asked. */
export const FWKNOP_POLICY_REJECTIONS = [
  'source-not-allowed',
  'destination-not-allowed',
  'stanza-expired',
  'address-required',
  'address-not-allowed',
  'username-mismatch',
  'nat-not-allowed',
  'command-not-allowed',
  'bad-command',
  'port-restricted',
  'port-not-allowed',
  'nat-target-not-allowed',
  'nat-target-unknown',
] as const;

export type GateRejection = (typeof GATE_REJECTIONS)[number];
export type UnsealRejection = (typeof UNSEAL_REJECTIONS)[number];
export type FwknopGateRejection = (typeof FWKNOP_GATE_REJECTIONS)[number];
export type FwknopUnsealRejection = (typeof FWKNOP_UNSEAL_REJECTIONS)[number];
export type FwknopSignatureRejection = (typeof FWKNOP_SIGNATURE_REJECTIONS)[number];
export type FwknopPolicyRejection = (typeof FWKNOP_POLICY_REJECTIONS)[number];
export type KeyRejection = (typeof KEY_REJECTIONS)[number];
export type FreshnessRejection = (typeof FRESHNESS_REJECTIONS)[number];
export type ReplayRejection = (typeof REPLAY_REJECTIONS)[number];
export type CodeRejection = (typeof CODE_REJECTIONS)[number];
export type PolicyRejection = (typeof POLICY_REJECTIONS)[number];
export type Rejection =
  | GateRejection
  | UnsealRejection
  | FwknopGateRejection
  | FwknopUnsealRejection
  | FwknopSignatureRejection
  | FwknopPolicyRejection
  | KeyRejection
  | FreshnessRejection
  | ReplayRejection
  | CodeRejection
  | PolicyRejection;
