/** Random and mutated bytes from a seed that repeats them. */

/** Numbers from 0 to 2^32 - 1, the same for the same seed (mulberry32, public domain). */
export type Chance = () => number;

export const chanceFrom = (seed: number): Chance => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
};

/** Values at which decoders go wrong. */
const EDGES = [0, 1, 4, 6, 17, 0x0a, 0x22, 0x3b, 0x5b, 0x5c, 0x7f, 0x80, 0xc0, 0xed, 0xfe, 0xff] as const;

const byte = (chance: Chance): number => {
  const draw = chance();
  return (draw & 1) === 0 ? (draw >> 8) & 0xff : (EDGES[(draw >>> 8) % EDGES.length] ?? 0);
};

const random = (chance: Chance): Uint8Array =>
  Uint8Array.from({ length: chance() % ((chance() & 7) === 0 ? 2000 : 64) }, () => byte(chance));

const splice = (a: Uint8Array, from: number, gone: number, insert: Uint8Array): Uint8Array => {
  const out = new Uint8Array(a.length - gone + insert.length);
  out.set(a.subarray(0, from));
  out.set(insert, from);
  out.set(a.subarray(from + gone), from + insert.length);
  return out;
};

/** One change: a bit, a byte, a cut, a hole, a repetition, or a piece of another seed. */
const change = (input: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array => {
  const at = input.length === 0 ? 0 : chance() % input.length;
  const some = Math.min(input.length - at, 1 + (chance() % 16));
  switch (chance() % 7) {
    case 0:
      return input.map((value, index) => (index === at ? value ^ (1 << (chance() & 7)) : value));
    case 1:
      return input.map((value, index) => (index === at ? byte(chance) : value));
    case 2:
      return input.slice(0, at);
    case 3:
      return splice(input, at, some, new Uint8Array(0));
    case 4:
      return splice(input, at, 0, input.subarray(at, at + some));
    case 5:
      return splice(
        input,
        at,
        0,
        Uint8Array.from({ length: 1 + (chance() % 8) }, () => byte(chance)),
      );
    default: {
      const from = other.length === 0 ? 0 : chance() % other.length;
      return splice(input, at, some, other.subarray(from, from + (chance() % 64)));
    }
  }
};

/** One input in eight is random; the others are seeds with one to eight changes. */
export const nextInput = (seeds: readonly Uint8Array[], chance: Chance): Uint8Array => {
  const pick = (): Uint8Array => seeds[chance() % seeds.length] ?? new Uint8Array(0);
  if (seeds.length === 0 || (chance() & 7) === 0) return random(chance);
  let input = pick();
  for (let changes = 1 + (chance() & 7); changes > 0; changes -= 1) input = change(input, pick(), chance);
  return input;
};
