import type { Stanza } from '../access/stanza.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { DoorRule } from '../knock/door-rule.ts';
import type { UnsealKeys } from '../spa/native/unseal.ts';

/** One client: who it is, what it may, and the keys that its packets are read with. */
export interface PolicyClient {
  readonly stanza: Stanza;
  readonly keys: UnsealKeys;
}

/** All that the configuration decides. A reload replaces it whole. */
export interface Policy {
  /** The place in the list is the number by which the receiver names a client. */
  readonly clients: readonly PolicyClient[];
  /** Those of spad.conf, then those of knockd.conf; in this order they are tried. */
  readonly doors: readonly DoorRule[];
  readonly guard: readonly PortSpec[];
  /** Milliseconds. */
  readonly maxAge: number;
}
