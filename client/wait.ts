/** Trying a TCP port until it accepts a connection. */

/** How one try ended: `refused` by a reset, `silent` for all that leaves no answer (time-out, unreachable). */
export type Outcome = 'open' | 'refused' | 'silent';

/** One TCP connection on its way. */
export interface Attempt {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Gives the try up, or ends the connection. May be called at any time, and again. */
  destroy(): void;
}

export type WaitResult =
  | { readonly open: true; readonly afterMs: number }
  /** `refused`: the last answer was a reset, so packets get through and nothing listens. */
  | { readonly open: false; readonly refused: boolean };

/** Milliseconds after sending; the first tries catch a near server, which opens within a few. */
const FIRST_TRIES = [20, 50, 100] as const;
const TRY_EVERY_MS = 250;
/** A SYN that was dropped is not worth more: the kernel would repeat it after a second, and the next try comes sooner. */
const TRY_TIMEOUT_MS = 1000;

/**
 * Tries at 20, 50 and 100 ms and then every 250 ms until one connection is accepted or `limitMs` have passed. Every try has
 * a socket of its own; all are gone at the end. `onTick` is called at every try with the milliseconds so far.
 */
export const waitForPort = (
  connect: (timeoutMs: number) => Attempt,
  limitMs: number,
  onTick: (elapsedMs: number) => void,
): Promise<WaitResult> =>
  new Promise((resolve) => {
    const started = performance.now();
    const attempts = new Set<Attempt>();
    const timers = new Set<NodeJS.Timeout>();
    let lastOutcome: Outcome = 'silent';
    const finish = (result: WaitResult): void => {
      for (const timer of timers) clearTimeout(timer);
      for (const attempt of attempts) attempt.destroy();
      resolve(result);
    };
    const tryOnce = (): void => {
      onTick(performance.now() - started);
      const attempt = connect(TRY_TIMEOUT_MS);
      attempts.add(attempt);
      void attempt.outcome.then((outcome) => {
        lastOutcome = outcome;
        if (outcome === 'open') finish({ open: true, afterMs: performance.now() - started });
        attempt.destroy();
        attempts.delete(attempt);
      });
    };
    for (const delay of FIRST_TRIES) timers.add(setTimeout(tryOnce, delay));
    const repeat = (): void => {
      tryOnce();
      timers.add(setTimeout(repeat, TRY_EVERY_MS));
    };
    timers.add(setTimeout(repeat, FIRST_TRIES[2] + TRY_EVERY_MS));
    timers.add(setTimeout(() => finish({ open: false, refused: lastOutcome === 'refused' }), limitMs));
  });
