/** The keys by which a gate recognises packets: of all clients in one array, for ten thousand objects would take ten times as much. */
import type { UnixMs } from '../../base/units.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { BulkMac, firstBlockOf } from '../../crypto/bulk-mac.ts';
import { type Secret, SECRET_LENGTH } from '../../crypto/secret.ts';
import { keyInfo } from './keys.ts';

/** Bytes of one client. */
export const GATE_KEYS_LENGTH = 2 * SECRET_LENGTH;

/** A client's place is its number. */
export interface GateKeys {
  /** Of each client the hint key and the MAC key, 32 bytes each. */
  readonly bytes: Uint8Array;
  /** The clients that have emergency codes, so that window 0 is looked out for at any time. */
  readonly withCodes: readonly number[];
  /** Until when (exclusive) the keys hold that end; the others hold for good. */
  readonly ends: ReadonlyMap<number, UnixMs>;
}

/** What is said of some of the clients beside their keys. */
export type GateKeyTerms = Omit<GateKeys, 'bytes'>;

/** How many clients there are. */
export const clientsOf = ({ bytes }: GateKeys): number => bytes.length / GATE_KEYS_LENGTH;

/** Where a client's hint key begins. */
export const hintKeyAt = (client: number): number => client * GATE_KEYS_LENGTH;

/** A view of a client's MAC key, 32 bytes; of none where there is no such client. */
export const macKeyAt = ({ bytes }: GateKeys, client: number): Uint8Array =>
  bytes.subarray(hintKeyAt(client) + SECRET_LENGTH, hintKeyAt(client + 1));

/** Those of the clients with these secrets, at the server of this name. */
export const deriveGateKeys = (secrets: readonly Secret[], server: string, terms: GateKeyTerms): GateKeys => {
  const [hint, mac] = (['hint', 'mac'] as const).map((label) => firstBlockOf(encodeUtf8(keyInfo(server, label))));
  const bytes = new Uint8Array(secrets.length * GATE_KEYS_LENGTH);
  const macs = new BulkMac();
  for (const [client, secret] of secrets.entries()) {
    macs.extract(secret.reveal());
    for (const [place, block] of [hint, mac].entries()) {
      if (block === undefined) continue;
      macs.expand(block);
      bytes.set(macs.mac, hintKeyAt(client) + place * SECRET_LENGTH);
    }
  }
  return { bytes, ...terms };
};
