/**
 * Sequences that follow from a secret and the minute (docs/knock-sequences.md): whoever overhears one cannot use it
 * two minutes later, and any program that can send packets can knock it.
 */
import { encodeUtf8 } from '../bytes/encoding.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { UnixMs } from '../base/units.ts';
import { HmacKey } from '../crypto/hmac.ts';
import { deriveKey } from '../crypto/kdf.ts';
import type { Secret } from '../crypto/secret.ts';
import { type KnockStep, MAX_STEPS } from './door.ts';

/** Ports from `low` to `high`, both included. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

export const DEFAULT_TIMED_COUNT = 4;
/** Above nearly every service; how much of it systems use for their own outgoing connections does not matter. */
export const DEFAULT_TIMED_RANGE: PortRange = { low: 10_000, high: 59_999 };

const TIMED_WINDOW_MS = 60_000;
const KEY_LENGTH = 32;
const WORDS_PER_BLOCK = 8;

/** The number of the minute that `now` is in. */
export const timedWindowOf = (now: UnixMs): number => Math.floor(now / TIMED_WINDOW_MS);

/** The windows whose sequences a server takes at `now`, likeliest first: the current one, the previous, the next. */
export const acceptedTimedWindows = (now: UnixMs): readonly number[] => {
  const window = timedWindowOf(now);
  return [window, window - 1, window + 1].filter((each) => each >= 0);
};

/** Whether `name` can be the name of a timed sequence: 1 to 64 bytes of UTF-8, no control characters. */
export const isTimedName = (name: string): boolean => {
  const { length } = encodeUtf8(name);
  return length >= 1 && length <= 64 && !/\p{Cc}/u.test(name) && name.isWellFormed();
};

/** What is wrong with `count` steps on the ports of `range`, if anything; for the edge that reads them. */
export const timedShapeProblem = (count: number, { low, high }: PortRange): string | undefined => {
  if (!Number.isInteger(count) || count < 1 || count > MAX_STEPS)
    return `a sequence has 1 to ${String(MAX_STEPS)} knocks`;
  const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;
  if (!isPort(low) || !isPort(high) || low > high) return 'a range of ports is LOW-HIGH, from 1 to 65535';
  if (high - low + 1 < count) return `${String(count)} knocks need as many ports, and the range has fewer`;
  return undefined;
};

/** The 32 bytes of docs/knock-sequences.md, "Key": bound to the secret, the name and this use. */
export const deriveTimedKey = (secret: Secret, name: string): Uint8Array =>
  deriveKey(secret.reveal(), encodeUtf8(`spad knock1\0${name}`), KEY_LENGTH);

/**
 * The sequence `name` of one minute: `count` knocks to distinct ports of `range`, TCP or UDP each. For many minutes of
 * one door, make the key once with {@link deriveTimedKey} and call {@link timedSteps}.
 * @throws RangeError where {@link timedShapeProblem} finds something.
 */
export const timedSequence = (
  secret: Secret,
  name: string,
  window: number,
  count: number = DEFAULT_TIMED_COUNT,
  range: PortRange = DEFAULT_TIMED_RANGE,
): readonly KnockStep[] => timedSteps(new HmacKey(deriveTimedKey(secret, name)), window, count, range);

/**
 * As {@link timedSequence}, under a key that is there already.
 * @throws RangeError where {@link timedShapeProblem} finds something.
 */
export const timedSteps = (key: HmacKey, window: number, count: number, range: PortRange): readonly KnockStep[] => {
  const problem = timedShapeProblem(count, range);
  if (problem !== undefined) throw new RangeError(problem);
  const size = range.high - range.low + 1;
  // Above the last whole multiple of `size`, the remainder would favour the low ports.
  const limit = 0x8000_0000 - (0x8000_0000 % size);
  const steps: KnockStep[] = [];
  for (let block = 0; steps.length < count; block += 1) {
    for (const word of wordsOf(key, window, block)) {
      const value = word & 0x7fff_ffff;
      const port = range.low + (value % size);
      // Distinct even across protocols, so that no firewall in between that treats both alike can merge two knocks.
      if (value >= limit || steps.some((step) => step.port === port)) continue;
      steps.push({ protocol: word >= 0x8000_0000 ? 'udp' : 'tcp', port });
      if (steps.length === count) break;
    }
  }
  return steps;
};

/** Eight numbers of 32 bits. */
const wordsOf = (key: HmacKey, window: number, block: number): readonly number[] => {
  const message = new ByteWriter(12);
  message.u64(window);
  message.u32(block);
  const mac = key.mac(message.bytes);
  const view = new DataView(mac.buffer, mac.byteOffset, mac.byteLength);
  return Array.from({ length: WORDS_PER_BLOCK }, (_, index) => view.getUint32(4 * index));
};
