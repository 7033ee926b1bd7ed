/**
 * The check of an invite (docs/invite.md, section 3): a Reed-Solomon code over GF(1024) with four check symbols. It notices up
 * to four wrong symbols, and tells where one is.
 */

/** GF(2)[x] modulo x^10 + x^3 + 1, in which x has the order 1023. */
const MODULUS = 0b100_0000_1001;
const ORDER = 1023;

const POWERS = new Uint16Array(ORDER);
const LOGS = new Uint16Array(ORDER + 1);
let next = 1;
for (let exponent = 0; exponent < ORDER; exponent += 1) {
  POWERS[exponent] = next;
  LOGS[next] = exponent;
  next <<= 1;
  if (next > ORDER) next ^= MODULUS;
}

const powerOf = (exponent: number): number => POWERS[exponent % ORDER] ?? 0;
const logOf = (value: number): number => LOGS[value] ?? 0;
const multiply = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : powerOf(logOf(a) + logOf(b)));

/** How many there are behind the symbols of the payload. */
export const CHECK_SYMBOLS = 4;

/** The product of x - α^j for j = 1 to 4, the highest power first. */
const GENERATOR = Array.from({ length: CHECK_SYMBOLS }, (_, index) => powerOf(index + 1)).reduce<number[]>(
  (product, root) => [...product, 0].map((value, index) => value ^ multiply(product[index - 1] ?? 0, root)),
  [1],
);

/** The check symbols of these symbols of 10 bits, of which there are at most 1019. */
export const checkSymbols = (symbols: readonly number[]): readonly number[] => {
  const rest = [...symbols, ...new Array<number>(CHECK_SYMBOLS).fill(0)];
  for (let index = 0; index < symbols.length; index += 1) {
    const factor = rest[index] ?? 0;
    for (const [offset, value] of GENERATOR.entries()) {
      rest[index + offset] = (rest[index + offset] ?? 0) ^ multiply(factor, value);
    }
  }
  return rest.slice(-CHECK_SYMBOLS);
};

/** `error`: how the symbol at `index` differs from what it should be. */
export type SymbolCheck =
  { readonly kind: 'right' | 'wrong' } | { readonly kind: 'one-wrong'; readonly index: number; readonly error: number };

/** Whether symbols with their check symbols fit; where changing one of them makes them fit, which. */
export const judgeSymbols = (symbols: readonly number[]): SymbolCheck => {
  const values = Array.from({ length: CHECK_SYMBOLS }, (_, index) => {
    const point = powerOf(index + 1);
    return symbols.reduce((total, symbol) => multiply(total, point) ^ symbol, 0);
  });
  if (values.every((value) => value === 0)) return { kind: 'right' };
  if (values.includes(0)) return { kind: 'wrong' };
  // With one error e at the power p they are e·α^p, e·α^2p and so on: each is the one before it times α^p.
  const [first = 0, second = 0, third = 0, fourth = 0] = values.map(logOf);
  const power = (second - first + ORDER) % ORDER;
  const isOne = [third - second, fourth - third].every((step) => (step + ORDER) % ORDER === power);
  const index = symbols.length - 1 - power;
  return isOne && index >= 0 ? { kind: 'one-wrong', index, error: powerOf(first - power + ORDER) } : { kind: 'wrong' };
};
