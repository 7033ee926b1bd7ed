/** Instants as people read them, and write them on a command line. */
import { parseDuration, type UnixMs, unixMs } from './units.ts';

/** `2026-11-20 14:13:28`, of an instant in ISO 8601. */
export const plainTime = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

/** `2026-11-20 14:13:28 UTC` */
export const formatUtc = (time: UnixMs): string => `${plainTime(new Date(time).toISOString())} UTC`;

/** What {@link parseInstant} reads, in words. */
export const INSTANT_WORDS = 'a time such as 2026-11-20, 2026-11-20T14:00:00Z, or 24h (so long ago)';

/** The last one of the year 9999: what is beyond has no place in {@link formatUtc}. */
const LAST_SECOND = 253_402_300_799;

/**
 * Reads a day (`2026-11-20`, its beginning), an instant (`2026-11-20T14:00Z`, seconds and their fraction may follow, a space may
 * stand for the T), both in UTC whether or not a Z says so, `@` and Unix seconds as far as the year 9999, or a duration: so
 * long before `now`. Undefined where it is none of these.
 */
export const parseInstant = (text: string, now: UnixMs): UnixMs | undefined => {
  if (/^@\d{1,12}$/.test(text)) {
    const seconds = Number(text.slice(1));
    return seconds > LAST_SECOND ? undefined : unixMs(seconds * 1000);
  }
  if (/^\d+[smhd]/.test(text)) {
    const ago = parseDuration(text);
    return ago === undefined ? undefined : unixMs(now - ago * 1000);
  }
  const [, day, hours, rest = ':00'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?Z?)?$/.exec(text) ?? [];
  if (day === undefined) return undefined;
  const time = Date.parse(`${day}T${hours ?? '00:00'}${rest}Z`);
  // What runs over, as the 30th of February does, is read as a day of the next month.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day ? undefined : unixMs(time);
};
