/** What `spad watch` asks for again and again: the status, and as much of the rest as a screen shows, however much there is. */
import type { SteadyMs } from '../base/units.ts';
import type { Grant } from '../grant/grant.ts';
import { isShownGrant, type ShownGrant } from './response.ts';
import { isNumber, listOf, objectOf, recordOf } from './shape.ts';
import { isStatus, type Status } from './status.ts';

export interface WatchAnswer {
  /** `firewall` is what the last look at it came to, which is no older than a second. */
  readonly status: Status;
  /** Those that end soonest, `MAX_WATCHED` at most; `status.grants` says how many there are. */
  readonly grants: readonly ShownGrant[];
  /** How many there were of each counter in each of the last 60 seconds, the oldest first; those without any are left out. */
  readonly rates: Readonly<Record<string, readonly number[]>>;
}

/** More rows than terminals have. */
export const MAX_WATCHED = 200;

/** The live grants that end soonest, at most `count`, in no order, in one pass. */
export const soonest = (grants: readonly Grant[], count: number, now: SteadyMs): readonly Grant[] => {
  const live = grants.filter(({ ends }) => ends > now);
  if (live.length <= count) return live;
  const ends = Float64Array.from(live, (grant) => grant.ends).sort();
  const limit = ends[count - 1] ?? 0;
  return live.filter((grant) => grant.ends <= limit).slice(0, count);
};

const isWatchAnswer = objectOf<WatchAnswer>({
  ...{ status: isStatus, grants: listOf(isShownGrant), rates: recordOf(listOf(isNumber)) },
});

/** Undefined where it is none. */
export const readWatchAnswer = (value: unknown): WatchAnswer | undefined => (isWatchAnswer(value) ? value : undefined);
