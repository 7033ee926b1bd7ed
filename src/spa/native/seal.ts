import { encodeUtf8 } from '../../bytes/encoding.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { Secret } from '../../crypto/secret.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import type { SpaRequest } from '../request.ts';
import { encodeBody } from './body.ts';
import { deriveNativeKey, type KeyLabel, hintOf, windowOf } from './keys.ts';
import { AAD_LABEL, OVERHEAD } from './layout.ts';

/** What the AEAD binds beside the body: the format's label and the hint. */
export const associatedData = (hint: Uint8Array): Uint8Array => {
  const label = encodeUtf8(AAD_LABEL);
  const aad = new Uint8Array(label.length + hint.length);
  aad.set(label);
  aad.set(hint, label.length);
  return aad;
};

/**
 * One datagram of 176, 432 or 1200 bytes for the server named `server`. `nonce` is 24 random bytes, never used twice.
 * Throws RangeError where the request cannot be written ({@link encodeBody}).
 */
export const sealNative = (
  request: SpaRequest,
  secret: Secret,
  server: string,
  nonce: Uint8Array,
  suite: CryptoSuite = NOBLE,
): Uint8Array => {
  const keyOf = (label: KeyLabel): Uint8Array => deriveNativeKey(secret, server, label, suite);
  const body = encodeBody(request);
  const hint = hintOf(suite.macKey('sha256', keyOf('hint')), windowOf(request.time));
  const writer = new ByteWriter(body.length + OVERHEAD);
  writer.put(hint);
  writer.put(nonce);
  writer.put(suite.sealBox(keyOf('seal'), nonce, associatedData(hint), body));
  const macKey = suite.macKey('sha256', keyOf('mac'));
  writer.put(macKey.mac(writer.bytes.subarray(0, writer.offset)));
  return writer.bytes;
};
