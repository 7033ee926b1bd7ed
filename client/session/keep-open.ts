/** Asking again, in time before what was opened ends. */
import type { Seconds } from '../../src/base/units.ts';

/** What came of asking: for how many ms it is open from now, undefined where the server has not said; or why it is not. */
export type Renewal =
  { readonly leftMs: number | undefined } | { readonly problem: string; readonly isRefused: boolean };

export interface KeepOpen {
  /** Asks once, until `ended`: a packet that goes out after that would open again. Rejects only with a bug. */
  readonly renew: (ended: AbortSignal) => Promise<Renewal>;
  /** What was asked for, 0 for the server's choice. */
  readonly openFor: Seconds;
  /** Called when it begins to fail, with the sentence, and with undefined when it works again. */
  readonly tell: (problem: string | undefined) => void;
  /** This host's clock in ms: unlike a timer it counts the time that the machine sleeps. */
  readonly now: () => number;
}

/** In ms: no more than that before the end, which leaves time for five packets. */
const MOST_LEAD_MS = 30_000;
/** In ms: the end of the stanza itself comes nearer, however often it is asked. */
const LEAST_DELAY_MS = 500;
/** In ms, where neither server nor user has said how long: two thirds of what a server grants unless told otherwise. */
const UNKNOWN_MS = 20_000;
/** In ms, after silence and after a refusal. */
const [RETRY_MS, RETRY_REFUSED_MS] = [5000, 60_000];
/** In ms: how often the clock is looked at, as a timer stands still while the machine sleeps. */
const LOOK_MS = 5000;

/** In ms from now: when to ask again. A third of the time is left then, and at most half a minute. */
export const renewalDelay = (leftMs: number | undefined, openFor: Seconds): number => {
  if (leftMs === undefined) return openFor === 0 ? UNKNOWN_MS : (openFor * 1000 * 2) / 3;
  return Math.max(LEAST_DELAY_MS, leftMs - Math.min(leftMs / 3, MOST_LEAD_MS));
};

/** Keeps open what was opened `leftMs` before its end, until `stop` is called, which ends what is under way. */
export const startKeepingOpen = (leftMs: number | undefined, keep: KeepOpen): { readonly stop: () => void } => {
  let timer: NodeJS.Timeout | undefined;
  const ending = new AbortController();
  let isFailing = false;
  const schedule = (delayMs: number): void => lookAgain(keep.now() + delayMs);
  const lookAgain = (due: number): void => {
    if (ending.signal.aborted) return;
    const rest = due - keep.now();
    timer = setTimeout(() => (keep.now() >= due ? void renew() : lookAgain(due)), Math.min(Math.max(rest, 0), LOOK_MS));
  };
  const renew = async (): Promise<void> => {
    const renewal = await keep.renew(ending.signal);
    if (ending.signal.aborted) return;
    const problem = 'problem' in renewal ? renewal.problem : undefined;
    if (isFailing !== (problem !== undefined)) keep.tell(problem);
    isFailing = problem !== undefined;
    if ('leftMs' in renewal) schedule(renewalDelay(renewal.leftMs, keep.openFor));
    else schedule(renewal.isRefused ? RETRY_REFUSED_MS : RETRY_MS);
  };
  schedule(renewalDelay(leftMs, keep.openFor));
  return {
    stop: () => {
      clearTimeout(timer);
      ending.abort();
    },
  };
};
