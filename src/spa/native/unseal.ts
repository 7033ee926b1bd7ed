import { err, ok, type Result } from '../../base/result.ts';
import { NONCE_LENGTH } from '../../crypto/aead.ts';
import { type MacKey, MAC_LENGTH } from '../../crypto/hmac.ts';
import { equalBytes, type Secret } from '../../crypto/secret.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import type { GateRejection, UnsealRejection } from '../rejection.ts';
import type { SpaRequest } from '../request.ts';
import { decodeBody } from './decode.ts';
import { codeNumberOf } from './code.ts';
import { deriveNativeKey } from './keys.ts';
import { BOX_OFFSET, DATAGRAM_SIZES, HINT_LENGTH, REPLAY_KEY_LENGTH } from './layout.ts';
import { associatedData } from './seal.ts';

/** What the authorizer needs to read one client's packets, and to answer them. */
export interface UnsealKeys {
  readonly mac: MacKey;
  /** 32 bytes. */
  readonly seal: Uint8Array;
  readonly code: MacKey;
  /** What opens boxes under `seal`. */
  readonly openBox: CryptoSuite['openBox'];
  /** 32 bytes. */
  readonly reply: Uint8Array;
  /** What seals boxes under `reply`. */
  readonly sealBox: CryptoSuite['sealBox'];
}

export interface Unsealed {
  readonly request: SpaRequest;
  /** 16 bytes, the same for every copy of the packet: what the replay cache holds. */
  readonly digest: Uint8Array;
  /** Its number, where the packet is an emergency code. */
  readonly code: number | undefined;
}

/** The keys of the client with this secret, at the server of this name. */
export const deriveUnsealKeys = (secret: Secret, server: string, suite: CryptoSuite = NOBLE): UnsealKeys => ({
  mac: suite.macKey('sha256', deriveNativeKey(secret, server, 'mac', suite)),
  seal: deriveNativeKey(secret, server, 'seal', suite),
  code: suite.macKey('sha256', deriveNativeKey(secret, server, 'code', suite)),
  openBox: suite.openBox,
  reply: deriveNativeKey(secret, server, 'reply', suite),
  sealBox: suite.sealBox,
});

/** Whether the last 32 bytes are the MAC of those before them; takes the same time whichever bytes differ. */
export const macMatches = (macKey: MacKey, datagram: Uint8Array): boolean => {
  const macOffset = datagram.length - MAC_LENGTH;
  return equalBytes(macKey.mac(datagram.subarray(0, macOffset)), datagram.subarray(macOffset));
};

/**
 * Opens a datagram: size, MAC, AEAD, body, in this order. The MAC is checked here too, although the receiver has done so:
 * the replay key is taken from it, and a receiver that was taken over must not be able to vary it.
 */
export const unsealNative = (
  datagram: Uint8Array,
  keys: UnsealKeys,
): Result<Unsealed, GateRejection | UnsealRejection> => {
  if (!DATAGRAM_SIZES.includes(datagram.length)) return err('wrong-size');
  if (!macMatches(keys.mac, datagram)) return err('bad-mac');
  const macOffset = datagram.length - MAC_LENGTH;
  const hint = datagram.subarray(0, HINT_LENGTH);
  const nonce = datagram.subarray(HINT_LENGTH, HINT_LENGTH + NONCE_LENGTH);
  const body = keys.openBox(keys.seal, nonce, associatedData(hint), datagram.subarray(BOX_OFFSET, macOffset));
  if (body === undefined) return err('unsealing-failed');
  const request = decodeBody(body);
  if (!request.ok) return request;
  return ok({
    request: request.value,
    digest: datagram.slice(macOffset, macOffset + REPLAY_KEY_LENGTH),
    code: codeNumberOf(request.value.time, body, nonce, keys.code),
  });
};
