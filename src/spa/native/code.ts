/**
 * Emergency codes (docs/native-packet.md, "Emergency codes"): packets made beforehand that open once, whatever the clocks
 * say. A code is told by two things together, so that no ordinary packet is taken for one, not even that of a client whose
 * clock stands in 1970: its time is its number, and its nonce follows from its body.
 */
import { type UnixMs, unixMs } from '../../base/units.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { NONCE_LENGTH } from '../../crypto/aead.ts';
import { HmacKey, type MacKey } from '../../crypto/hmac.ts';
import { equalBytes, type Secret } from '../../crypto/secret.ts';
import type { SpaRequest } from '../request.ts';
import { encodeBody } from './body.ts';
import { deriveNativeKey } from './keys.ts';
import { BODY_SIZES, MAX_CODE } from './layout.ts';
import { sealNative } from './seal.ts';

/** Numbers of codes, both ends included; 1 ≤ first ≤ last ≤ {@link MAX_CODE}. */
export interface CodeRange {
  readonly first: number;
  readonly last: number;
}

/** `8`, `1-8` */
export const formatCodeRange = ({ first, last }: CodeRange): string =>
  first === last ? String(first) : `${String(first)}-${String(last)}`;

const CODE_BODY = BODY_SIZES[0];

const nonceOf = (codeKey: MacKey, body: Uint8Array): Uint8Array => codeKey.mac(body).subarray(0, NONCE_LENGTH);

/**
 * The datagram of code number `number`: 176 bytes, the same for the same number and wish. Throws RangeError for another
 * number, and where the wish cannot be written or does not fit.
 */
export const sealCode = (
  number: number,
  wish: Omit<SpaRequest, 'time'>,
  secret: Secret,
  server: string,
): Uint8Array => {
  if (!isCodeNumber(number)) throw new RangeError(`${String(number)} is no number of a code`);
  const request = { ...wish, time: unixMs(number) };
  const body = encodeBody(request);
  if (body.length !== CODE_BODY) throw new RangeError('a code has room for a body of 96 bytes');
  const codeKey = new HmacKey(deriveNativeKey(secret, server, 'code'));
  return sealNative(request, secret, server, nonceOf(codeKey, body));
};

const isCodeNumber = (number: number): boolean => Number.isInteger(number) && number >= 1 && number <= MAX_CODE;

/** The number of the code that a packet with this body, time and nonce is; undefined for an ordinary packet. */
export const codeNumberOf = (
  time: UnixMs,
  body: Uint8Array,
  nonce: Uint8Array,
  codeKey: MacKey,
): number | undefined => {
  if (!isCodeNumber(time) || body.length !== CODE_BODY) return undefined;
  return equalBytes(nonceOf(codeKey, body), nonce) ? time : undefined;
};

/** 16 bytes under which used codes are remembered: the same as long as secret and server are, whatever the stanza is called. */
export const codeOwnerOf = (codeKey: MacKey): Uint8Array => codeKey.mac(encodeUtf8('owner')).slice(0, 16);
