import { InvalidArgumentError } from 'commander';
import { INSTANT_WORDS, parseInstant } from '../src/base/instant.ts';
import type { UnixMs } from '../src/base/units.ts';
import { readClock } from './clock.ts';

/** A time on the command line, as commander reads it. @throws InvalidArgumentError. */
export const instantWord = (text: string): UnixMs => {
  const time = parseInstant(text, readClock().wall);
  if (time === undefined) throw new InvalidArgumentError(`It is ${INSTANT_WORDS}.`);
  return time;
};
