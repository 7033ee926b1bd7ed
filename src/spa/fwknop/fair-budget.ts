/**
 * How much work may be spent on packets that may be anybody's: a token bucket for all, and in it a share for each network,
 * so that a loud one cannot eat what is there for the others.
 *
 * While more than half of the burst is left, whoever comes is served. What is below belongs to the shares: each network
 * (/24 or /64), told by a salted mix into a fixed number of places, may spend its own share and no more. Shares fill up
 * again at half of the whole rate, divided by the networks that were seen in the last second; what is over is there for
 * quiet ones. So loud networks, be they dozens, may spend what they find at first, and a moment later leave a quiet one its
 * whole share. A flood from as many forged networks as there are places leaves each packet the same chance, and no
 * bookkeeping by source can do better.
 *
 * Nothing grows. Two networks in one place share it; the quiet one then suffers from the loud one until the process is
 * replaced. With k loud networks that happens to k in {@link PLACES} of the others.
 */
import type { IpAddress } from '../../base/address.ts';
import type { UnixMs } from '../../base/units.ts';

export interface BudgetLimits {
  /** Units of work a second in the long run. */
  readonly perSecond: number;
  /** Units that may be spent at once; more than twice `share`, or shares are never whole. */
  readonly burst: number;
  /** Units that one network may spend at once, whatever the others do. */
  readonly share: number;
}

const PLACES = 4096;
/** Shares never fill faster than if this many networks were there. */
const LEAST_NETWORKS = 8;
const COUNTING_MS = 1000;

export class FairBudget {
  readonly #limits: BudgetLimits;
  readonly #salt: number;
  #tokens: number;
  #filled = 0;
  readonly #shares: Float64Array;
  readonly #sharesFilled = new Float64Array(PLACES);
  /** The counting period in which a place was last seen; how many were in the last whole one, and are in this one. */
  readonly #seen = new Float64Array(PLACES);
  #period = 0;
  #networks = 0;
  #networksNow = 0;

  /** `salt`: 32 random bits, so that nobody outside can choose networks that share a place. */
  constructor(limits: BudgetLimits, salt: number) {
    this.#limits = limits;
    this.#salt = salt;
    this.#tokens = limits.burst;
    this.#shares = new Float64Array(PLACES).fill(limits.share);
  }

  /** How many units may be spent on a packet from `source` now, in whole units. */
  allowance(source: IpAddress, now: UnixMs): number {
    const place = this.#placeOf(source);
    this.#count(place, now);
    this.#fill(place, now);
    const spare = this.#tokens - this.#limits.burst / 2;
    const own = Math.min(this.#shares[place] ?? 0, this.#tokens);
    return Math.max(0, Math.floor(Math.max(spare, own)));
  }

  /** Notes that `units` were spent on a packet from `source`. */
  spend(source: IpAddress, units: number): void {
    const place = this.#placeOf(source);
    this.#tokens -= units;
    this.#shares[place] = Math.max(0, (this.#shares[place] ?? 0) - units);
  }

  /** A clock that steps back adds nothing; one that steps ahead fills up, once. */
  #fill(place: number, now: UnixMs): void {
    const { perSecond, burst, share } = this.#limits;
    const elapsed = Math.max(0, now - this.#filled);
    this.#filled = now;
    this.#tokens = Math.min(burst, this.#tokens + (elapsed * perSecond) / 1000);
    const rate = perSecond / 2 / Math.max(LEAST_NETWORKS, this.#networks, this.#networksNow);
    const gone = Math.max(0, now - (this.#sharesFilled[place] ?? 0));
    this.#sharesFilled[place] = now;
    this.#shares[place] = Math.min(share, (this.#shares[place] ?? 0) + (gone * rate) / 1000);
  }

  #count(place: number, now: UnixMs): void {
    const period = Math.floor(now / COUNTING_MS);
    if (period !== this.#period) {
      this.#networks = period === this.#period + 1 ? this.#networksNow : 0;
      this.#networksNow = 0;
      this.#period = period;
    }
    if (this.#seen[place] === period) return;
    this.#seen[place] = period;
    this.#networksNow += 1;
  }

  /** A keyed mix (the rounds and the end of MurmurHash3), which need not withstand more than guessing. */
  #placeOf({ family, bytes }: IpAddress): number {
    let mixed = this.#salt;
    for (let index = 0; index < (family === 4 ? 3 : 8); index += 1) {
      mixed = Math.imul(mixed ^ (bytes[index] ?? 0), 0xcc9e2d51);
      mixed = Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0x1b873593 + this.#salt;
    }
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % PLACES;
  }
}
