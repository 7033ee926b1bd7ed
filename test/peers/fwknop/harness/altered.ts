/** Packets that somebody has changed on their way; the same ones in every run. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Numbers from 0 up to and not including `limit`, always the same for the same seed (Marsaglia's xorshift32). */
export function seededNumbers(seed: number): (limit: number) => number {
  let state = seed | 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** The packet with one bit the other way round, which may leave it no base64 at all. */
function flipBit(packet: Buffer, number: (limit: number) => number): Buffer {
  const copy = Buffer.from(packet);
  const at = number(copy.length);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << number(8)), at);
  return copy;
}

/** The packet with another letter of base64 at one place. */
function changeLetter(packet: Buffer, at: number, number: (limit: number) => number): Buffer {
  const copy = Buffer.from(packet);
  const old = ALPHABET.indexOf(String.fromCharCode(copy.readUInt8(at)));
  copy.write(ALPHABET.charAt((old + 1 + number(63)) % 64), at, 'latin1');
  return copy;
}

/** Four changed packets: a bit, a letter somewhere in the first and in the second half, and the last letter. */
export function altered(packet: string, number: (limit: number) => number): readonly Buffer[] {
  const bytes = Buffer.from(packet, 'latin1');
  const half = bytes.length >> 1;
  return [
    flipBit(bytes, number),
    changeLetter(bytes, number(half), number),
    changeLetter(bytes, half + number(half - 1), number),
    changeLetter(bytes, bytes.length - 1, number),
  ];
}
