/**
 * Base64 of RFC 4648 section 4 without padding, as ASCII bytes: the form in which fwknop writes all that is not plain text.
 * Exactly one text for each run of bytes.
 */
const ALPHABET = Uint8Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  (char) => char.codePointAt(0) ?? 0,
);

const NO_DIGIT = 0xff;
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (const [digit, code] of ALPHABET.entries()) DIGITS[code] = digit;

/** How many characters `length` bytes take. */
export const bareBase64Length = (length: number): number => Math.ceil((length * 4) / 3);

/** Whether every byte is a letter of base64; `=` is none. */
export const isBareBase64Alphabet = (text: Uint8Array): boolean => {
  // Not for…of: this is done for each byte of each datagram of junk, and takes a third of the time so.
  for (let index = 0; index < text.length; index += 1) {
    if (DIGITS[text[index] ?? 0] === NO_DIGIT) return false;
  }
  return true;
};

/** {@link bareBase64Length} characters as ASCII bytes. */
export const encodeBareBase64 = (bytes: Uint8Array): Uint8Array => {
  const text = new Uint8Array(bareBase64Length(bytes.length));
  let held = 0;
  let bits = 0;
  let offset = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 6; offset += 1) {
      bits -= 6;
      text[offset] = ALPHABET[(held >> bits) & 63] ?? 0;
    }
  }
  if (bits > 0) text[offset] = ALPHABET[(held << (6 - bits)) & 63] ?? 0;
  return text;
};

/** Undefined unless `text` is exactly what {@link encodeBareBase64} writes: no padding, no other character, unused bits zero. */
export const decodeBareBase64 = (text: Uint8Array): Uint8Array | undefined => {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let held = 0;
  let bits = 0;
  let offset = 0;
  for (const code of text) {
    const digit = DIGITS[code] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return undefined;
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[offset] = (held >> bits) & 0xff;
    offset += 1;
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
};
