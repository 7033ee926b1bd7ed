/** Keys of a few clients as a gate takes them, and hints of any keys. */
import type { MacKey } from '../../src/crypto/hmac.ts';
import type { GateKeys } from '../../src/spa/native/gate-keys.ts';
import type { HintSource } from '../../src/spa/native/hint-maker.ts';
import { hintMessage } from '../../src/spa/native/keys.ts';

export interface ClientKeys {
  /** 32 bytes each. */
  readonly hint: Uint8Array;
  readonly mac: Uint8Array;
  readonly codes?: boolean;
}

export const gateKeysOf = (clients: readonly ClientKeys[]): GateKeys => ({
  bytes: Uint8Array.from(clients.flatMap(({ hint, mac }) => [...hint, ...mac])),
  withCodes: clients.flatMap(({ codes }, client) => (codes === true ? [client] : [])),
});

/** The hints that clients with these hint keys have, worked out one by one. */
export const hintsOf = (keys: readonly MacKey[], withCodes: readonly number[] = []): HintSource => ({
  clients: keys.length,
  withCodes,
  make: (client, window) => keys[client]?.mac(hintMessage(window)) ?? new Uint8Array(32),
});
