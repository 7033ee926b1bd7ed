/** One datagram, as a file holds it or as people paste it. */
import { decodeBase64, decodeHex } from '../../src/bytes/encoding.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';

/**
 * The datagram in a file, or in `text` where there is none. Text is taken for hexadecimal digits where it is nothing else, for the
 * base64 of a native packet where it has the length of one, and else for a packet that is text itself, as fwknop's are. Throws a
 * sentence where it is neither.
 */
export const packetIn = (file: Uint8Array | undefined, text: string): Uint8Array => {
  if (file !== undefined && DATAGRAM_SIZES.includes(file.length) && !isText(file)) return file;
  const letters = (file === undefined ? text : Buffer.from(file).toString('latin1')).replace(/\s+/g, '');
  const bytes = decodeHex(letters.toLowerCase()) ?? nativeIn(letters);
  if (bytes !== undefined && bytes.length > 0) return bytes;
  if (file !== undefined) return isText(file) ? Buffer.from(letters, 'latin1') : file;
  if (/^[A-Za-z0-9+/]{100,}$/.test(letters)) return Buffer.from(letters, 'latin1');
  throw new Error('there is no such file, and it is no packet in base64 or hexadecimal digits either');
};

const nativeIn = (letters: string): Uint8Array | undefined => {
  const bytes = decodeBase64(letters);
  return bytes !== undefined && DATAGRAM_SIZES.includes(bytes.length) ? bytes : undefined;
};

const isText = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
