/**
 * Reads big-endian fields from hostile bytes. A read past the end gives zero and sets {@link ByteReader.overrun};
 * callers decode straight on and look at that once, so that no length can make them throw or read outside.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #overrun = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether a read has gone past the end; every value since then is made up. */
  get overrun(): boolean {
    return this.#overrun;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#claim(1) ? this.#back(1) : 0;
  }

  u16(): number {
    return this.#claim(2) ? (this.#back(2) << 8) | this.#back(1) : 0;
  }

  u32(): number {
    if (!this.#claim(4)) return 0;
    return ((this.#back(4) << 24) | (this.#back(3) << 16) | (this.#back(2) << 8) | this.#back(1)) >>> 0;
  }

  /** 64 bits as a number, or undefined where it is above 2^53 - 1 and would not be exact. */
  u64(): number | undefined {
    const high = this.u32();
    const low = this.u32();
    return high <= 0x1f_ffff ? high * 0x1_0000_0000 + low : undefined;
  }

  /** A copy of the next `length` bytes; all zero after an overrun. */
  take(length: number): Uint8Array {
    if (!this.#claim(length)) return new Uint8Array(length);
    return this.#bytes.slice(this.#offset - length, this.#offset);
  }

  /** The byte that many places before the next. */
  #back(places: number): number {
    return this.#bytes[this.#offset - places] ?? 0;
  }

  #claim(length: number): boolean {
    if (this.#overrun || length > this.remaining) {
      this.#overrun = true;
      return false;
    }
    this.#offset += length;
    return true;
  }
}
