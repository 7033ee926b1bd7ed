/** Text forms of bytes, each with exactly one accepted spelling (RFC 4648), so that no two texts mean the same bytes. */

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** What each letter stands for, by its code. */
const SEXTETS = Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, BASE64.indexOf(String.fromCharCode(code))));

/** RFC 4648 section 4, with padding. */
export const encodeBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let place = 0; place < 4; place += 1) {
      text += place <= left ? BASE64.charAt((group >> (18 - 6 * place)) & 63) : '=';
    }
  }
  return text;
};

/** Undefined unless `text` is exactly what {@link encodeBase64} writes: padded, no white space, unused bits zero. */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  const body = text.replace(/={1,2}$/, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*$/.test(body)) return undefined;
  const bytes = new Uint8Array(Math.floor((body.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let offset = 0;
  for (let index = 0; index < body.length; index += 1) {
    held = ((held << 6) | (SEXTETS[body.charCodeAt(index)] ?? 0)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset] = (held >> bits) & 0xff;
      offset += 1;
    }
  }
  // What is over is less than a byte, and nothing; that the padding is right follows from the length.
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
};

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower case. */
export const encodeHex = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += HEX[byte] ?? '';
  return text;
};

/** Undefined unless `text` is an even number of lower-case hexadecimal digits. */
export const decodeHex = (text: string): Uint8Array | undefined => {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
};

export const encodeUtf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Undefined where the bytes are not well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). A byte order mark is kept. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** ISO 8859-1, one character a byte: bytes as a key of a Map, at no loss. */
export const bytesKey = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
