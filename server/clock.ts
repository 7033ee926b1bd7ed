import { type Moment, steadyMs, unixMs } from '../src/base/units.ts';
import { bootMilliseconds } from './process/boot-clock.ts';

/** Reads both clocks. The steady one is CLOCK_BOOTTIME: it does not step, and goes on while the machine sleeps. */
export const readClock = (): Moment => ({ wall: unixMs(Date.now()), steady: steadyMs(bootMilliseconds()) });
