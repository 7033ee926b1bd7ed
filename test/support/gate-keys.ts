/** Keys of a few clients as a gate takes them, and hints of any keys. */
import { unixMs } from '../../src/base/units.ts';
import type { MacKey } from '../../src/crypto/hmac.ts';
import type { GateKeys } from '../../src/spa/native/gate-keys.ts';
import type { HintSource } from '../../src/spa/native/hint-maker.ts';
import { hintMessage } from '../../src/spa/native/keys.ts';

export interface ClientKeys {
  /** 32 bytes each. */
  readonly hint: Uint8Array;
  readonly mac: Uint8Array;
  readonly codes?: boolean;
  /** When the key ends, as Unix time in ms. */
  readonly ends?: number;
}

export const gateKeysOf = (clients: readonly ClientKeys[]): GateKeys => ({
  bytes: Uint8Array.from(clients.flatMap(({ hint, mac }) => [...hint, ...mac])),
  ends: new Map(clients.flatMap(({ ends }, client) => (ends === undefined ? [] : [[client, unixMs(ends)] as const]))),
  withCodes: clients.flatMap(({ codes }, client) => (codes === true ? [client] : [])),
});

/** The hints that clients with these hint keys have, worked out one by one. */
export const hintsOf = (
  keys: readonly MacKey[],
  withCodes: readonly number[] = [],
  ends: HintSource['ends'] = new Map(),
): HintSource => ({
  clients: keys.length,
  withCodes,
  ends,
  make: (client, window) => keys[client]?.mac(hintMessage(window)) ?? new Uint8Array(32),
});
