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
    return this.#unsigned(1);
  }

  u16(): number {
    return this.#unsigned(2);
  }

  u32(): number {
    return this.#unsigned(4);
  }

  /** 64 bits as a number, or undefined where it is above 2^53 - 1 and would not be exact. */
  u64(): number | undefined {
    const high = this.#unsigned(4);
    const low = this.#unsigned(4);
    return high <= 0x1f_ffff ? high * 0x1_0000_0000 + low : undefined;
  }

  /** A copy of the next `length` bytes; all zero after an overrun. */
  take(length: number): Uint8Array {
    if (!this.#claim(length)) return new Uint8Array(length);
    return this.#bytes.slice(this.#offset - length, this.#offset);
  }

  #unsigned(length: number): number {
    if (!this.#claim(length)) return 0;
    let value = 0;
    for (let index = this.#offset - length; index < this.#offset; index += 1) {
      value = value * 256 + (this.#bytes[index] ?? 0);
    }
    return value;
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
