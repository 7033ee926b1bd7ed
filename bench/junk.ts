/** Junk for spad: packets of the right size that are nobody's. */
import { randomBytes } from 'node:crypto';
import { DATAGRAM_SIZES } from '../src/spa/native/layout.ts';

/** A source that is nobody's address (RFC 2544's range). */
export const LOUD = '198.18.7.7';
const TEXTS = 512;

/** Texts of the least size of a packet of our own; each begins with another hint. */
export function rightSizeJunk(): readonly string[] {
  const size = DATAGRAM_SIZES[0] ?? 0;
  return Array.from({ length: TEXTS }, () => randomBytes(size).toString('base64').slice(0, size));
}
