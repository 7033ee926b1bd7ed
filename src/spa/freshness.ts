import type { UnixMs } from '../base/units.ts';
import type { FreshnessRejection } from './rejection.ts';

/** Why a packet of `time` is not fresh at `now`: fresh is |now - time| <= maxAge (milliseconds), on both sides. */
export const judgeFreshness = (time: UnixMs, now: UnixMs, maxAge: number): FreshnessRejection | undefined => {
  if (now - time > maxAge) return 'stale';
  if (time - now > maxAge) return 'future';
  return undefined;
};
