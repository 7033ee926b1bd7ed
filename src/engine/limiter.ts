import type { SteadyMs } from '../base/units.ts';

/** A token bucket: lets `burst` pass at once and `perSecond` in the long run. Limits work, never addresses. */
export class Limiter {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #last: SteadyMs | undefined;

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Whether one more may pass at `now`. */
  take(now: SteadyMs): boolean {
    const elapsed = this.#last === undefined ? 0 : Math.max(0, now - this.#last);
    this.#last = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed * this.#perSecond) / 1000);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
