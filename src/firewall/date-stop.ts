/**
 * Ends of iptables rules (iptables-extensions(8), "time"): the kernel judges them by its wall clock in whole seconds, so
 * that a rule is dead on time whatever has become of all programs. Ours are steady; the distance of the two clocks, once
 * taken, makes of each end one text, and rules are written anew where the distance has changed.
 */
import type { Moment, SteadyMs } from '../base/units.ts';

/** The wall clock may be so far from where it was when rules were written, in milliseconds; no end is early by that. */
export const CLOCK_TOLERANCE_MS = 250;

/** The latest end that iptables reads, in seconds since 1970: 2038-01-19T03:14:07. What ends later ends then. */
const LATEST = 0x7fff_ffff;

/** Added to a steady time it gives the wall clock's, in milliseconds. */
export const clockDistance = ({ wall, steady }: Moment): number => wall - steady;

/** Whether rules that were written at this distance no longer end on time. */
export const clockWasSet = (distance: number, now: Moment): boolean =>
  Math.abs(clockDistance(now) - distance) > CLOCK_TOLERANCE_MS;

/**
 * The last second in which a rule is alive, so that it is for all of the time up to `ends`: never less, and at most
 * 1.25 seconds more. `later` are seconds that it lives on.
 */
export const dateStop = (ends: SteadyMs, distance: number, later = 0): string => {
  const last = Math.ceil((ends + distance + CLOCK_TOLERANCE_MS) / 1000) - 1 + later;
  return new Date(Math.min(Math.max(last, 0), LATEST) * 1000).toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
};
