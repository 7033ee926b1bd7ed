/**
 * The log of stop commands that are still to be run, JSON, one event a line; `docs/state-files.md` has the format. A line
 * is written before the start command runs, so that whatever was opened is closed again, whoever dies in between.
 */
import { decodePendingLog, encodePendingEvent, type PendingEvent, type PendingFormat } from '../base/pending-log.ts';
import { type UnixMs, unixMs } from '../base/units.ts';

/** A stop command and when it is due. */
export interface PendingStop {
  /** Never used twice in a file. */
  readonly id: string;
  readonly door: string;
  readonly source: string;
  /** Expanded; one character a byte. */
  readonly command: string;
  /** Milliseconds between start and stop; no stop waits longer, whatever the clock has been set to meanwhile. */
  readonly wait: number;
  /** While the start command runs: the earliest it can be. */
  readonly due: UnixMs;
}

export type StopEvent = PendingEvent<PendingStop>;

/** How a stop stands in the log; it is written before the start command runs and once more when that has ended. */
export const STOPS: PendingFormat<PendingStop> = {
  encode: (stop) => stop,
  decode: (value) => (isPendingStop(value) ? value : undefined),
};

export const encodeStopEvent = (event: StopEvent): string => encodePendingEvent(event, STOPS);

/** What is still to be run, in the order in which it became due to be; and how many lines could not be read. */
export const decodeStopLog = (
  text: string,
): { readonly pending: readonly PendingStop[]; readonly unreadable: number } => decodePendingLog(text, STOPS);

const isPendingStop = (value: unknown): value is PendingStop => {
  if (typeof value !== 'object' || value === null) return false;
  const text = (key: string): boolean => typeof (value as Record<string, unknown>)[key] === 'string';
  const time = (key: string): boolean => Number.isFinite((value as Record<string, unknown>)[key]);
  return text('id') && text('door') && text('source') && text('command') && time('wait') && time('due');
};

/** Milliseconds from `now` until a stop that an earlier run has left is due. */
export const remainingWait = (stop: PendingStop, now: UnixMs): number =>
  Math.min(Math.max(stop.due - now, 0), stop.wait);

/** The same stop, due a full wait from `now`. */
export const dueFrom = (stop: PendingStop, now: UnixMs): PendingStop => ({ ...stop, due: unixMs(now + stop.wait) });
