import { type Cidr, cidrContains, type IpAddress } from '../../base/address.ts';
import { bytesKey } from '../../bytes/encoding.ts';

/** The members whose lists of sources have a network of one length, by that network's masked bytes. */
interface Length {
  readonly family: 4 | 6;
  readonly prefix: number;
  readonly members: Map<string, number[]>;
}

/**
 * Which of many lists of networks hold an address: one look-up for each prefix length that occurs, however many lists
 * there are.
 */
export class SourceIndex {
  readonly #lengths: Length[] = [];

  /** Adds the list of `member`, a number of the caller's. */
  add(member: number, sources: readonly Cidr[]): void {
    // A network inside another of the same list would name the member twice.
    const outer = sources.filter((one, index) => !sources.some((other, at) => covers(other, one, at < index)));
    for (const { address, prefix } of outer) {
      const { members } = this.#lengthOf(address.family, prefix);
      const key = maskedKey(address, prefix);
      const known = members.get(key);
      if (known === undefined) members.set(key, [member]);
      else known.push(member);
    }
  }

  /** The members whose list holds `source`, each once, as lists that are not to be changed. */
  find(source: IpAddress): readonly (readonly number[])[] {
    const found: (readonly number[])[] = [];
    for (const { family, prefix, members } of this.#lengths) {
      if (family !== source.family) continue;
      const list = members.get(maskedKey(source, prefix));
      if (list !== undefined) found.push(list);
    }
    return found;
  }

  #lengthOf(family: 4 | 6, prefix: number): Length {
    const known = this.#lengths.find((length) => length.family === family && length.prefix === prefix);
    if (known !== undefined) return known;
    const length = { family, prefix, members: new Map<string, number[]>() };
    this.#lengths.push(length);
    return length;
  }
}

/** Whether `inner` adds nothing to `outer`; of two equal ones that holds where `isEarlier`. */
const covers = (outer: Cidr, inner: Cidr, isEarlier: boolean): boolean =>
  (outer.prefix < inner.prefix || (outer.prefix === inner.prefix && isEarlier)) && cidrContains(outer, inner.address);

const maskedKey = ({ bytes }: IpAddress, prefix: number): string => {
  if (prefix === 0) return '';
  // Not `slice`: of a Buffer, which captured packets are, that is no copy.
  const masked = Uint8Array.from(bytes.subarray(0, Math.ceil(prefix / 8)));
  const spare = masked.length * 8 - prefix;
  const last = masked.length - 1;
  masked[last] = (masked[last] ?? 0) & (0xff << spare);
  return bytesKey(masked);
};
