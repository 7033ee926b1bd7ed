import type { Attempt, Outcome } from '../wait.ts';

/** A SYN that was dropped is not worth more: the kernel would repeat it after a second, and the next try comes sooner. */
const TRY_TIMEOUT_MS = 1000;
const TRY_EVERY_MS = 250;

/** Tries to connect, again and again, until one try is open. */
export interface Dialer {
  /** Tries now, and from then on every 250 ms. */
  start(): void;
  /** Gives up every try but the open one. */
  stop(): void;
  /** How the last try ended. */
  lastOutcome(): Outcome;
}

/** `onOpen` is called once, with the try that it is; `onRefused` whenever one that began at `startedAt` (ms) was refused. */
export const makeDialer = <T extends Attempt>(
  dial: (timeoutMs: number) => T,
  onOpen: (attempt: T) => void,
  onRefused: (startedAt: number) => void,
): Dialer => {
  const attempts = new Set<Attempt>();
  let timer: NodeJS.Timeout | undefined;
  let last: Outcome = 'silent';
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
    for (const attempt of attempts) attempt.destroy();
  };
  const tryOnce = (): void => {
    const startedAt = performance.now();
    const attempt = dial(TRY_TIMEOUT_MS);
    attempts.add(attempt);
    void attempt.outcome.then((outcome) => {
      attempts.delete(attempt);
      if (isOver || outcome !== 'open') attempt.destroy();
      if (isOver) return;
      last = outcome;
      if (outcome === 'open') {
        stop();
        onOpen(attempt);
      } else if (outcome === 'refused') onRefused(startedAt);
    });
  };
  const repeat = (): void => {
    clearTimeout(timer);
    if (isOver) return;
    timer = setTimeout(repeat, TRY_EVERY_MS);
    tryOnce();
  };
  return { start: repeat, stop, lastOutcome: () => last };
};
