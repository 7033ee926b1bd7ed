import { encodeBareBase64 } from '../../bytes/bare-base64.ts';
import { bytesKey, encodeUtf8 } from '../../bytes/encoding.ts';
import { type MacFactory, macKeyOf } from '../../crypto/hmac.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import { sealSalted } from './cipher.ts';
import type { FwknopCipherKey, FwknopHmacKey } from './key.ts';
import { MAX_HMAC_KEY, MAX_PASSPHRASE, MAX_TEXT, MIN_TEXT, SALT_LENGTH, SALT_PREFIX } from './layout.ts';
import { FwknopMac } from './mac.ts';

const assertKeys = ({ passphrase }: FwknopCipherKey, salt: Uint8Array): void => {
  if (passphrase.length < 1 || passphrase.length > MAX_PASSPHRASE) {
    throw new RangeError(`the key has ${String(passphrase.length)} bytes; fwknop takes 1 to ${String(MAX_PASSPHRASE)}`);
  }
  if (salt.length !== SALT_LENGTH) throw new RangeError(`the salt has ${String(salt.length)} bytes and not 8`);
};

/**
 * What is sent of a sealed message in base64, whose first `prefix` letters every receiver knows. Throws RangeError where
 * no receiver would look at it: 140 to 1500 letters make a packet, the key of an HMAC has 1 to 128 bytes.
 */
export const finishText = (
  sealed: Uint8Array,
  prefix: number,
  hmac: FwknopHmacKey | undefined,
  makeMac: MacFactory = macKeyOf,
): string => {
  const keyLength = hmac?.key.length ?? 1;
  if (keyLength < 1 || keyLength > MAX_HMAC_KEY) {
    throw new RangeError(`the HMAC key has ${String(keyLength)} bytes; fwknop takes 1 to ${String(MAX_HMAC_KEY)}`);
  }
  const mac = hmac === undefined ? '' : bytesKey(new FwknopMac(hmac, makeMac).of(sealed));
  const text = `${bytesKey(sealed.subarray(prefix))}${mac}`;
  if (text.length < MIN_TEXT) {
    throw new RangeError(
      `the packet has ${String(text.length)} letters, and servers look at none below ${String(MIN_TEXT)}; a longer digest or an HMAC makes it longer`,
    );
  }
  if (text.length > MAX_TEXT) {
    throw new RangeError(`the packet has ${String(text.length)} letters; it can have ${String(MAX_TEXT)}`);
  }
  return text;
};

/**
 * The text of one datagram: `plain` (see `encodeFields`) under AES, in base64, with its HMAC. `salt` is 8 random bytes,
 * never used twice under a key. Throws RangeError where a key has no length of fwknop's, or see {@link finishText}.
 */
export const sealFwknop = (
  plain: string,
  cipher: FwknopCipherKey,
  hmac: FwknopHmacKey | undefined,
  salt: Uint8Array,
  suite: CryptoSuite = NOBLE,
): string => {
  assertKeys(cipher, salt);
  return finishText(
    encodeBareBase64(sealSalted(encodeUtf8(plain), cipher, salt, suite)),
    SALT_PREFIX.length,
    hmac,
    suite.macKey,
  );
};
