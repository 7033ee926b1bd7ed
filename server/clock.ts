import { type Moment, steadyMs, unixMs } from '../src/base/units.ts';

/** Reads both clocks. The steady one is CLOCK_MONOTONIC: it does not step, and stands still while the machine sleeps. */
export const readClock = (): Moment => ({ wall: unixMs(Date.now()), steady: steadyMs(performance.now()) });
