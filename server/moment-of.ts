/** When an input is judged to have come. */
import type { Moment } from '../src/base/units.ts';
import type { Input } from '../src/engine/input.ts';
import { readClock } from './clock.ts';

/** Now; only what comes out of a capture file is judged as of the time at which it was captured. */
export const momentOf = (input: Input, fromFile: boolean): Moment => {
  const now = readClock();
  const isReplayed = fromFile && (input.kind === 'candidate' || input.kind === 'fwknop-candidate');
  return isReplayed ? { ...now, wall: input.candidate.captured } : now;
};
