/** Changes to an input, as AFL and libFuzzer make them, and some that suit lines of text. */
import { type Chance, oneOf } from './chance.ts';

/** What changes are made of. */
export interface Material {
  /** What the decoder looks for, in the ways it may be written. */
  readonly tokens: readonly Uint8Array[];
  /** Another input of the corpus. */
  readonly other: () => Uint8Array;
  /** The longest input, in bytes. */
  readonly longest: number;
}

type Mutator = (input: Uint8Array, material: Material, chance: Chance) => Uint8Array;

/** Values at which decoders go wrong, as bytes and as what people write. */
const EDGES = [0, 1, 4, 6, 17, 0x09, 0x0a, 0x0d, 0x22, 0x3b, 0x5b, 0x5c, 0x7f, 0x80, 0xc0, 0xed, 0xfe, 0xff] as const;
const WIDE_EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
const NUMERALS = '0 1 -1 00 255 256 65535 65536 2147483648 4294967296 9007199254740993 1e999 0x10 1.5'.split(' ');
const MOST_ARITHMETIC = 35;

const byte = (chance: Chance): number => {
  const draw = chance();
  return (draw & 1) === 0 ? (draw >>> 8) & 0xff : (EDGES[(draw >>> 8) % EDGES.length] ?? 0);
};

const bytes = (length: number, chance: Chance): Uint8Array => Uint8Array.from({ length }, () => byte(chance));

/** `gone` bytes from `from` are replaced by `insert`. */
export const splice = (input: Uint8Array, from: number, gone: number, insert: Uint8Array): Uint8Array => {
  const out = new Uint8Array(input.length - gone + insert.length);
  out.set(input.subarray(0, from));
  out.set(insert, from);
  out.set(input.subarray(from + gone), from + insert.length);
  return out;
};

const place = (input: Uint8Array, chance: Chance): number => (input.length === 0 ? 0 : chance() % input.length);

/** Mostly short, now and then as long as it goes. */
const block = (input: Uint8Array, chance: Chance): { at: number; length: number } => {
  const at = place(input, chance);
  const most = (chance() & 7) === 0 ? input.length : 16;
  return { at, length: Math.min(input.length - at, 1 + (chance() % Math.max(1, most))) };
};

const withByte = (input: Uint8Array, at: number, change: (value: number) => number): Uint8Array => {
  const out = input.slice();
  const value = out[at];
  if (value !== undefined) out[at] = change(value);
  return out;
};

/** A number of one, two or four bytes, in either order, through `change`. */
const withNumber = (input: Uint8Array, chance: Chance, change: (value: number) => number): Uint8Array => {
  const width = oneOf([1, 2, 4] as const, chance);
  if (input.length < width) return input;
  const out = input.slice();
  const view = new DataView(out.buffer);
  const at = chance() % (input.length - width + 1);
  const little = (chance() & 1) === 0;
  if (width === 1) view.setUint8(at, change(view.getUint8(at)));
  else if (width === 2) view.setUint16(at, change(view.getUint16(at, little)), little);
  else view.setUint32(at, change(view.getUint32(at, little)), little);
  return out;
};

const isDigit = (value: number | undefined): boolean => value !== undefined && value >= 0x30 && value <= 0x39;

/** Decimal digits, the ones nearest behind some place, written anew. */
const numeral: Mutator = (input, _material, chance) => {
  let from = place(input, chance);
  while (from < input.length && !isDigit(input[from])) from += 1;
  if (from === input.length) return input;
  let to = from;
  while (isDigit(input[to])) to += 1;
  const value = Number(Buffer.from(input.subarray(from, to)).toString('latin1'));
  const text = (chance() & 1) === 0 ? oneOf(NUMERALS, chance) : String(value + (chance() % 9) - 4);
  return splice(input, from, to - from, Buffer.from(text));
};

/** A whole line, taken away, doubled, or put elsewhere. */
const line: Mutator = (input, _material, chance) => {
  const somewhere = place(input, chance);
  const from = input.lastIndexOf(0x0a, somewhere) + 1;
  const end = input.indexOf(0x0a, from);
  const to = end < 0 ? input.length : end + 1;
  const text = input.slice(from, to);
  const without = splice(input, from, to - from, new Uint8Array(0));
  const way = chance() % 3;
  if (way === 0) return without;
  return way === 1 ? splice(input, from, 0, text) : splice(without, without.indexOf(0x0a) + 1, 0, text);
};

const token: Mutator = (input, { tokens }, chance) => {
  if (tokens.length === 0) return input;
  const word = oneOf(tokens, chance);
  const at = chance() % (input.length + 1);
  const over = (chance() & 1) === 0 ? 0 : Math.min(word.length, input.length - at);
  return splice(input, at, over, word);
};

const isLetter = (value: number | undefined): boolean =>
  value !== undefined && (value > 0x7f || /[\w-]/.test(String.fromCharCode(value)));

/** A whole word, for another one that is looked for. */
const exchange: Mutator = (input, { tokens }, chance) => {
  if (tokens.length === 0) return input;
  let from = place(input, chance);
  while (from < input.length && !isLetter(input[from])) from += 1;
  while (from > 0 && isLetter(input[from - 1])) from -= 1;
  let to = from;
  while (isLetter(input[to])) to += 1;
  return splice(input, from, to - from, oneOf(tokens, chance));
};

const MUTATORS: readonly Mutator[] = [
  (input, _material, chance) => withByte(input, place(input, chance), (value) => value ^ (1 << (chance() & 7))),
  (input, _material, chance) => withByte(input, place(input, chance), () => byte(chance)),
  (input, _material, chance) => {
    const step = (1 + (chance() % MOST_ARITHMETIC)) * ((chance() & 1) === 0 ? 1 : -1);
    return withNumber(input, chance, (value) => value + step);
  },
  (input, _material, chance) => withNumber(input, chance, () => oneOf(WIDE_EDGES, chance)),
  (input, _material, chance) => input.slice(0, place(input, chance)),
  (input, _material, chance) => {
    const { at, length } = block(input, chance);
    return splice(input, at, length, new Uint8Array(0));
  },
  (input, _material, chance) => {
    const { at, length } = block(input, chance);
    return splice(input, place(input, chance), 0, input.subarray(at, at + length));
  },
  (input, _material, chance) => {
    const { at, length } = block(input, chance);
    const to = place(input, chance);
    return splice(input, to, Math.min(length, input.length - to), input.subarray(at, at + length));
  },
  (input, _material, chance) => splice(input, place(input, chance), 0, bytes(1 + (chance() % 8), chance)),
  (input, _material, chance) => {
    const count = (chance() & 15) === 0 ? 1 + (chance() % 512) : 1 + (chance() % 16);
    return splice(input, place(input, chance), 0, new Uint8Array(count).fill(input[place(input, chance)] ?? 0));
  },
  (input, { other }, chance) => {
    const from = other();
    const { at, length } = block(from, chance);
    const to = place(input, chance);
    const gone = (chance() & 1) === 0 ? 0 : Math.min(length, input.length - to);
    return splice(input, to, gone, from.subarray(at, at + length));
  },
  (input, { other }, chance) => {
    const from = other();
    return Uint8Array.of(...input.subarray(0, place(input, chance)), ...from.subarray(place(from, chance)));
  },
  ...[token, token, exchange, exchange, numeral, line],
];

/** One to sixteen changes, rather few than many. */
export const mutate: Mutator = (input, material, chance) => {
  let out = input;
  for (let changes = 1 << (chance() % 5); changes > 0; changes -= 1)
    out = oneOf(MUTATORS, chance)(out, material, chance);
  return out.length > material.longest ? out.subarray(0, material.longest) : out;
};
