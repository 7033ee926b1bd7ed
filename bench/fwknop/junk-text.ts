/** What looks like a packet of fwknop's with an HMAC of SHA-256 to whoever has no key, and is none (docs/fwknop-packet.md). */
import { randomBytes } from 'node:crypto';

export function junkText(): string {
  const bare = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  const sealed = Buffer.concat([Buffer.from('Salted__'), randomBytes(8 + 112)]);
  return bare(sealed).slice('U2FsdGVkX1'.length) + bare(randomBytes(32));
}
