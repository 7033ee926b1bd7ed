/** Bugs to try out the fuzzer itself: what it must find by looking at what its inputs do. No decoder of the product. */
import type { Target } from './targets.ts';

/** Not in the text as a number or a word, so that no dictionary of the text holds it. */
const MAGIC = Array.from('spad', (letter) => letter.charCodeAt(0) ^ 0x90).reduce((word, next) => word * 256 + next, 0);
const LETTERS = Array.from('knock?', (letter) => letter.charCodeAt(0) ^ 0x55);

/** One branch within the other: each byte found is a step forward. */
const nested = (input: Uint8Array): string | undefined => {
  if (input[0] !== LETTERS[0]) return undefined;
  if (input[1] !== LETTERS[1]) return undefined;
  if (input[2] !== LETTERS[2]) return undefined;
  if (input[3] !== LETTERS[3]) return undefined;
  if (input[4] !== LETTERS[4]) return undefined;
  return input[5] === LETTERS[5] ? 'it is behind six conditions' : undefined;
};

/** Four bytes at once: there is no step in between. */
const magic = (input: Uint8Array): string | undefined => {
  if (input.length < 8) return undefined;
  const word = new DataView(input.buffer, input.byteOffset).getUint32(2);
  return word === MAGIC ? 'it is behind a comparison of four bytes' : undefined;
};

const endless = (input: Uint8Array): string | undefined => {
  for (let turns = 1; input[0] === 0x68 && input[1] === 0x21;) turns += 1;
  return undefined;
};

const SEED = new Uint8Array(12);

/** Never among "all": by name only. */
export const plantedTargets: readonly Target[] = [
  { name: 'planted-nested', seeds: [SEED], run: nested },
  { name: 'planted-magic', seeds: [SEED], run: magic },
  { name: 'planted-hang', seeds: [SEED], run: endless },
];
