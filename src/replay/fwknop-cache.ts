/**
 * `digest.cache`, in which fwknopd remembers packets: what it has let in, the daemon that takes its place must not let in
 * again. One line a packet, `DIGEST PROTOCOL SOURCE PORT DESTINATION PORT TIME`, the digest being SHA-256 of the
 * datagram's text in base64 without padding; lines that begin with `#` are comments.
 */
import { bytesKey, decodeBase64 } from '../bytes/encoding.ts';

/** Length in bytes of what is kept of a digest: as much as our own cache has of one. */
const KEPT = 16;
/** More lines than these are not looked at, the oldest first: some 100 bytes of memory each. */
const MAX_DIGESTS = 1_000_000;

export interface FwknopCache {
  /** The first 16 bytes of each digest, as `bytesKey` writes them. */
  readonly digests: ReadonlySet<string>;
  /** Lines that are none of fwknopd's. */
  readonly unreadable: number;
  /** Lines beyond the most that are held. */
  readonly dropped: number;
}

/** Reads a cache file, which another program has written, whatever state it is in. */
export const parseFwknopCache = (text: string): FwknopCache => {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const kept = lines.slice(-MAX_DIGESTS);
  const keys = kept.map(digestKey);
  const digests = new Set(keys.filter((key) => key !== undefined));
  const unreadable = keys.filter((key) => key === undefined).length;
  return { digests, unreadable, dropped: lines.length - kept.length };
};

const digestKey = (line: string): string | undefined => {
  const word = /^([A-Za-z0-9+/]{43})=?(?:\s|$)/.exec(line)?.[1];
  const bytes = word === undefined ? undefined : decodeBase64(`${word}=`);
  return bytes === undefined ? undefined : bytesKey(bytes.subarray(0, KEPT));
};
