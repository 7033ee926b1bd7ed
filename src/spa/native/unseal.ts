import { err, ok, type Result } from '../../base/result.ts';
import { NONCE_LENGTH, openBox } from '../../crypto/aead.ts';
import { HmacKey, MAC_LENGTH } from '../../crypto/hmac.ts';
import { equalBytes, type Secret } from '../../crypto/secret.ts';
import type { GateRejection, UnsealRejection } from '../rejection.ts';
import type { SpaRequest } from '../request.ts';
import { decodeBody } from './decode.ts';
import { codeNumberOf } from './code.ts';
import { nativeDeriverOf } from './keys.ts';
import { BOX_OFFSET, DATAGRAM_SIZES, HINT_LENGTH, REPLAY_KEY_LENGTH } from './layout.ts';
import { associatedData } from './seal.ts';

/** What the authorizer needs to read one client's packets. */
export interface UnsealKeys {
  readonly mac: HmacKey;
  /** 32 bytes. */
  readonly seal: Uint8Array;
  readonly code: HmacKey;
}

export interface Unsealed {
  readonly request: SpaRequest;
  /** 16 bytes, the same for every copy of the packet: what the replay cache holds. */
  readonly digest: Uint8Array;
  /** Its number, where the packet is an emergency code. */
  readonly code: number | undefined;
}

/** The keys of the client with this secret, at the server of this name. */
export const deriveUnsealKeys = (secret: Secret, server: string): UnsealKeys => {
  const derive = nativeDeriverOf(secret, server);
  return { mac: new HmacKey(derive('mac')), seal: derive('seal'), code: new HmacKey(derive('code')) };
};

/** Whether the last 32 bytes are the MAC of those before them; takes the same time whichever bytes differ. */
export const macMatches = (macKey: HmacKey, datagram: Uint8Array): boolean => {
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
  const body = openBox(keys.seal, nonce, associatedData(hint), datagram.subarray(BOX_OFFSET, macOffset));
  if (body === undefined) return err('unsealing-failed');
  const request = decodeBody(body);
  if (!request.ok) return request;
  return ok({
    request: request.value,
    digest: datagram.slice(macOffset, macOffset + REPLAY_KEY_LENGTH),
    code: codeNumberOf(request.value.time, body, nonce, keys.code),
  });
};
