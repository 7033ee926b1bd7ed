/** Makes a failing input small and plain. */
import { splice } from './mutate.ts';

const NOTHING = new Uint8Array(0);

/** The plainest byte there is: what stays different matters. */
const PLAIN = [0x00, 0x30, 0x61, 0x20];

/** Takes pieces away, of half the input first and of one byte last, while the rest still fails. */
const shorter = (input: Uint8Array, fails: (input: Uint8Array) => boolean): Uint8Array => {
  let best = input;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length;) {
      const candidate = splice(best, at, Math.min(size, best.length - at), NOTHING);
      if (fails(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
};

const plainer = (input: Uint8Array, fails: (input: Uint8Array) => boolean): Uint8Array => {
  let best = input;
  for (let at = 0; at < input.length; at += 1) {
    for (const value of PLAIN) {
      if (best[at] === value) break;
      const candidate = best.slice();
      candidate[at] = value;
      if (!fails(candidate)) continue;
      best = candidate;
      break;
    }
  }
  return best;
};

/** An input of which `fails` is true as it is of `input`, found in at most `most` tries. */
export const minimise = (input: Uint8Array, fails: (input: Uint8Array) => boolean, most: number): Uint8Array => {
  let tries = 0;
  const limited = (candidate: Uint8Array): boolean => {
    tries += 1;
    return tries <= most && fails(candidate);
  };
  let best = input;
  for (let before = -1; best.length !== before;) {
    before = best.length;
    best = shorter(best, limited);
  }
  return plainer(best, limited);
};
