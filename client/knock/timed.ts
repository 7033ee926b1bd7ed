/** From a secret and the clock to the knocks of this minute. */
import type { Environment } from '../../keys/places.ts';
import { readKeyFile, resolveKeyPath } from '../../keys/key-file.ts';
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import { parsePort, type UnixMs } from '../../src/base/units.ts';
import type { Profile } from '../../src/config/profile.ts';
import type { Secret } from '../../src/crypto/secret.ts';
import {
  DEFAULT_TIMED_COUNT,
  DEFAULT_TIMED_RANGE,
  isTimedName,
  type PortRange,
  timedSequence,
  timedShapeProblem,
  timedWindowOf,
} from '../../src/knock/timed-sequence.ts';
import { loadProfile } from '../profile-file.ts';
import type { KnockOptions, TimedWords } from './command-line.ts';
import type { PlannedHit } from './io.ts';

export interface TimedPlan {
  readonly host: string;
  readonly hits: readonly PlannedHit[];
}

/**
 * The knocks of the minute that `now` is in.
 * @throws Trouble (exit code 2) for what is missing, wrong or too much; FileRefused.
 */
export const planTimed = (options: KnockOptions, env: Environment, now: UnixMs): TimedPlan => {
  const words = options.timed;
  if (words === undefined) throw new Error('a time-based sequence without its options');
  refuseContradictions(options, words);
  const profile = readProfile(words, env);
  const host = options.operands[0] ?? profile?.host;
  const name = words.name ?? profile?.server;
  if (host === undefined) throw new Trouble('name the HOST to knock at');
  if (name === undefined) throw new Trouble('give the name of the door, with --name DOOR');
  if (!isTimedName(name)) {
    throw new Trouble(`--name ${printable(name, 60)}: a door's name is 1 to 64 bytes without control characters`);
  }
  const { count, range } = readShape(words);
  const steps = timedSequence(readSecret(words, profile, env), name, timedWindowOf(now), count, range);
  return { host, hits: steps.map(({ protocol, port }) => ({ portText: String(port), isUdp: protocol === 'udp' })) };
};

const refuseContradictions = ({ operands, udp }: KnockOptions, words: TimedWords): void => {
  const { profile, profiles, secretFile } = words;
  if (profile === undefined && secretFile === undefined) {
    throw new Trouble('a time-based sequence needs its secret: give --profile NAME or --secret-file FILE');
  }
  if (profile !== undefined && secretFile !== undefined) {
    throw new Trouble('--profile and --secret-file exclude each other: give one of them');
  }
  if (profiles !== undefined && profile === undefined) throw new Trouble('--profiles needs --profile NAME');
  if (udp) throw new Trouble('a time-based sequence says itself which knocks are UDP: leave -u out');
  if (operands.length > 1) {
    throw new Trouble(`a time-based sequence has its own ports: leave ${printable(operands[1] ?? '', 60)} out`);
  }
};

const readProfile = ({ profile, profiles }: TimedWords, env: Environment): Profile | undefined => {
  if (profile === undefined) return undefined;
  const wanted = { profile, profilesFile: profiles, host: undefined, server: undefined, key: undefined };
  return loadProfile(wanted, env);
};

const readSecret = ({ secretFile }: TimedWords, profile: Profile | undefined, env: Environment): Secret => {
  if (profile === undefined) return readKeyFile(secretFile ?? '');
  return 'secret' in profile.key ? profile.key.secret : readKeyFile(resolveKeyPath(profile.key.file, env));
};

const readShape = (words: TimedWords): { readonly count: number; readonly range: PortRange } => {
  const count = words.count === undefined ? DEFAULT_TIMED_COUNT : readCount(words.count);
  const range = words.range === undefined ? DEFAULT_TIMED_RANGE : readRange(words.range);
  const problem = timedShapeProblem(count, range);
  if (problem !== undefined) throw new Trouble(`--count and --range: ${problem}`);
  return { count, range };
};

const readCount = (text: string): number => {
  if (/^[1-9][0-9]?$/.test(text)) return Number(text);
  throw new Trouble(`--count ${printable(text, 60)}: a sequence has 1 to 32 knocks`);
};

const readRange = (text: string): PortRange => {
  const [, lowText = '', highText = ''] = /^([0-9]+)-([0-9]+)$/.exec(text) ?? [];
  const [low, high] = [parsePort(lowText), parsePort(highText)];
  if (low !== undefined && high !== undefined) return { low, high };
  throw new Trouble(`--range ${printable(text, 60)}: give the ports as LOW-HIGH, such as 10000-59999`);
};
