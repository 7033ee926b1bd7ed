/** What `spad check` says of stanzas with two keys (docs/rotation.md). */
import { formatUtc } from '../base/instant.ts';
import type { UnixMs } from '../base/units.ts';
import type { Finding } from './finding.ts';

/** A stanza with two keys. */
export interface KeyFacts {
  readonly stanza: string;
  /** The first instant at which the old key no longer holds. */
  readonly until: UnixMs;
  /** When each has let a packet in last, ISO 8601 in UTC, as the running daemon tells; absent: not yet, or nobody knows. */
  readonly oldUsed?: string | undefined;
  readonly newUsed?: string | undefined;
}

/** How long before the end of an old key its client has to be reminded. */
const SOON_MS = 7 * 86_400_000;

export const judgeKeys = (keys: readonly KeyFacts[], now: UnixMs): readonly Finding[] =>
  keys.flatMap((facts) => judgeKey(facts, now) ?? []);

const judgeKey = ({ stanza, until, oldUsed, newUsed }: KeyFacts, now: UnixMs): Finding | undefined => {
  const end = formatUtc(until);
  const subject = `the old key of [access ${stanza}]`;
  const finish = `spa-keys rotate --finish ${stanza}, and reload`;
  const join = 'have its client join: spa-keys invite prints the line again';
  if (now >= until)
    return {
      ...{ tag: 'old-key-over', severity: 'note', message: `${subject} has ended (${end})` },
      cure: `nothing needs it: ${finish}`,
    };
  if (newUsed !== undefined && (oldUsed === undefined || oldUsed < newUsed))
    return {
      ...{ tag: 'old-key-unneeded', severity: 'note' },
      message: `${subject} holds until ${end}, and its client uses the new one`,
      cure: finish,
    };
  const used = oldUsed === undefined ? 'has not been seen to use the new one' : 'still uses it';
  const message = `${subject} ends at ${end}, and its client ${used}`;
  if (until - now <= SOON_MS) return { tag: 'old-key-ends', severity: 'warning', message, cure: join };
  return oldUsed === undefined ? undefined : { tag: 'old-key-used', severity: 'note', message, cure: join };
};
