/** The text of a datagram whose content GnuPG seals: the same letters and HMAC around an OpenPGP message. */
import { err, ok, type Result } from '../../base/result.ts';
import { decodeBareBase64, encodeBareBase64 } from '../../bytes/bare-base64.ts';
import { type MacFactory, macKeyOf } from '../../crypto/hmac.ts';
import type { FwknopGateRejection, FwknopUnsealRejection } from '../rejection.ts';
import type { FwknopHmacKey } from './key.ts';
import { GPG_PREFIX, withPrefix } from './layout.ts';
import { FwknopMac } from './mac.ts';
import { openPgpPrefix } from './open-pgp.ts';
import { finishText } from './seal.ts';
import { checkShape } from './shape.ts';

/** How the text of every message for an RSA key begins: two octets, of which the first is whole and the second half. */
const RSA_FIRST = 0x85;

/**
 * Whether servers of fwknop's up to 2.6 can read `openPgp`: they put `hQ` in front of whatever comes, which is right for
 * RSA keys and wrong for elliptic curves.
 */
export const oldServersRead = (openPgp: Uint8Array): boolean => openPgp[0] === RSA_FIRST && (openPgp[1] ?? 0xff) < 0x10;

/**
 * The text of one datagram from a binary OpenPGP message. Throws RangeError where it is none that is sealed for a key, or
 * the text has no length of a packet (`finishText`).
 */
export const gpgTextOf = (openPgp: Uint8Array, hmac: FwknopHmacKey | undefined): string => {
  const sealed = encodeBareBase64(openPgp);
  const found = openPgpPrefix(sealed.subarray(GPG_PREFIX.length));
  // What a reader finds must be what is taken off here.
  if (found === undefined || !found.every((code, index) => sealed[index] === code)) {
    throw new RangeError('this is no OpenPGP message that GnuPG has sealed for a recipient');
  }
  return finishText(sealed, GPG_PREFIX.length, hmac);
};

/**
 * The OpenPGP message in a text, after shape and HMAC. `bad-encoding` where there is none, which includes an HMAC where
 * none is expected.
 */
export const gpgMessageIn = (
  text: Uint8Array,
  hmac: FwknopHmacKey | undefined,
  makeMac: MacFactory = macKeyOf,
): Result<Uint8Array, FwknopGateRejection | FwknopUnsealRejection> => {
  const fault = checkShape(text);
  if (fault !== undefined) return err(fault);
  const mac = hmac === undefined ? undefined : new FwknopMac(hmac, makeMac);
  if (mac?.matchesAs(text, 'gpg') === false) return err('bad-mac');
  const sealed = mac === undefined ? text : mac.sealedOf(text);
  const prefix = openPgpPrefix(sealed);
  const openPgp = prefix === undefined ? undefined : decodeBareBase64(withPrefix(prefix, sealed));
  return openPgp === undefined ? err('bad-encoding') : ok(openPgp);
};
