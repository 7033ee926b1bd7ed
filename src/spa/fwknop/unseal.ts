import { err, ok, type Result } from '../../base/result.ts';
import { decodeBareBase64 } from '../../bytes/bare-base64.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { sha256 } from '../../crypto/digest.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import type { FwknopGateRejection, FwknopUnsealRejection } from '../rejection.ts';
import { openSalted, splitSalted } from './cipher.ts';
import { decodeFields } from './fields.ts';
import type { FwknopCipherKey, FwknopHmacKey } from './key.ts';
import { SALT_PREFIX, withPrefix } from './layout.ts';
import { FwknopMac } from './mac.ts';
import type { FwknopMessage } from './message.ts';
import { checkShape } from './shape.ts';

export interface UnsealedFwknop {
  readonly message: FwknopMessage;
  /** The text that was sealed, digest included. */
  readonly plain: Uint8Array;
}

const SALT = encodeUtf8(SALT_PREFIX);

/** Length in bytes of {@link replayKeyOf}. */
const REPLAY_KEY_LENGTH = 16;

/**
 * What the replay cache holds of a packet: the same for every text that opens to this plain text, for what is sealed
 * without an HMAC may have more than one.
 */
export const replayKeyOf = (plain: Uint8Array): Uint8Array => sha256(plain).slice(0, REPLAY_KEY_LENGTH);

/**
 * Opens the text of a datagram with the keys of one client: shape, HMAC, base64, AES, then the fields. Texts of GPG's are
 * not for this (`bad-mac` or `bad-encoding`).
 */
export const unsealFwknop = (
  text: Uint8Array,
  cipher: FwknopCipherKey,
  hmac: FwknopHmacKey | undefined,
  suite: CryptoSuite = NOBLE,
): Result<UnsealedFwknop, FwknopGateRejection | FwknopUnsealRejection> => {
  const fault = checkShape(text);
  if (fault !== undefined) return err(fault);
  const mac = hmac === undefined ? undefined : new FwknopMac(hmac, suite.macKey);
  if (mac?.matchesAs(text, 'rijndael') === false) return err('bad-mac');
  const bytes = decodeBareBase64(withPrefix(SALT, mac === undefined ? text : mac.sealedOf(text)));
  const salted = bytes === undefined ? undefined : splitSalted(bytes);
  if (salted === undefined) return err('bad-encoding');
  const plain = openSalted(salted, cipher, suite);
  if (plain === undefined) return err('unsealing-failed');
  const message = decodeFields(plain, suite.digest);
  return message.ok ? ok({ message: message.value, plain }) : message;
};
