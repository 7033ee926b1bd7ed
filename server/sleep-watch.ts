/**
 * Tells that the machine has slept. The timeouts of the kernel stand still then, as CLOCK_MONOTONIC does, and grants do not:
 * whatever the kernel was told to end must be told anew.
 */
import { bootMilliseconds } from './process/boot-clock.ts';

/** Less than this is two clocks that were not read at once. Short sleeps add up until they are more. */
const NOTICED_MS = 200;

export class SleepWatch {
  readonly #asleep: () => number;
  /** The time asleep that has been told. */
  #told: number;

  /** `asleep`: milliseconds that this machine has slept since some moment, not exactly. */
  constructor(asleep = (): number => bootMilliseconds() - performance.now()) {
    this.#asleep = asleep;
    this.#told = asleep();
  }

  /** Whether the machine has slept since this was last answered with yes. */
  hasSlept(): boolean {
    const asleep = this.#asleep();
    if (asleep - this.#told > NOTICED_MS) {
      this.#told = asleep;
      return true;
    }
    // A reading that came out too long must not hide a sleep that follows.
    this.#told = Math.min(this.#told, asleep);
    return false;
  }
}
