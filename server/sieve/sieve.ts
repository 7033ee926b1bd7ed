/** One lane of the sieve in the kernel (src/firewall/sieve-script.ts): filled, armed, kept up to date, put right, taken away. */
import { type Moment, type UnixMs, unixMs } from '../../src/base/units.ts';
import { encodeHex } from '../../src/bytes/encoding.ts';
import {
  armSieveScript,
  openSieveScript,
  removeSieveScript,
  SIEVE_COUNTERS,
  sieveElementsScript,
  type SieveLane,
  type SievePlan,
  sieveShape,
  sieveTable,
  sieveTableName,
} from '../../src/firewall/sieve-script.ts';
import { clientsOf, type GateKeys } from '../../src/spa/native/gate-keys.ts';
import { HintMaker } from '../../src/spa/native/hint-maker.ts';
import { HintSchedule, type TimedHint } from '../../src/spa/native/hint-schedule.ts';
import type { OwnSteps } from '../firewall/generation.ts';
import type { ReadCounter } from '../firewall/kernel-counter.ts';
import type { NftRunner } from '../firewall/nft-runner.ts';

export interface SieveParts {
  readonly plan: SievePlan;
  readonly clients: GateKeys;
  /** How far from now hints are kept, in milliseconds. */
  readonly reach: number;
  readonly nft: NftRunner;
  readonly readCounter: ReadCounter;
  /** Is told of each transaction, which others would take for a stranger's. */
  readonly steps: OwnSteps;
  readonly now: () => Moment;
}

/** Hints in one transaction: some 3 ms, in which the daemon does nothing else. */
const SLICE = 400;
/** The next window is filled in this many calls of {@link Sieve.tend}: 30 s of calls twice a second. */
const CALLS_A_WINDOW = 60;
/** By so much (ms) the wall clock may step back until elements, which end by another clock, would end too soon. */
const STEP_BACK_MS = 30_000;

/** Lets everything else that waits have its turn. */
const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export class Sieve {
  readonly lane: SieveLane;
  readonly #parts: SieveParts;
  #schedule: HintSchedule;
  #stage: 'missing' | 'open' | 'armed' = 'missing';
  /** What the lane looked like when it was armed. */
  #shown: string | undefined;
  /** The generation of the ruleset up to which nobody has touched the lane. */
  #known: number | undefined;
  /** How far the wall clock was ahead of the other when the elements were made. */
  #lead = 0;
  /** What {@link Sieve.count} has told since the lane was made. */
  #counted = 0;
  #isClosed = false;

  constructor(parts: SieveParts) {
    this.#parts = parts;
    this.lane = parts.plan.lane;
    this.#schedule = this.#newSchedule();
  }

  /**
   * Makes the lane, whatever was there: from then on the receiver's group gets what it has to get, and until {@link Sieve.tend}
   * has filled and armed it, everything else of the right length. Throws FirewallError where the kernel or nft cannot do it.
   */
  async open(): Promise<void> {
    const { plan, now } = this.#parts;
    this.#stage = 'missing';
    this.#counted = 0;
    this.#schedule = this.#newSchedule();
    const { wall, steady } = now();
    this.#lead = wall - steady;
    await this.#remove();
    await this.#make(plan);
    this.#stage = 'open';
  }

  /** Owned where that can be: the kernel then keeps it through a flush of the ruleset, and ends it with this process. */
  async #make(plan: SievePlan): Promise<void> {
    if (this.#parts.nft.lasts)
      try {
        await this.#run(openSieveScript(plan, true));
        return;
      } catch {
        // An older kernel, or rules that it does not know at all: the next try tells.
      }
    await this.#run(openSieveScript(plan, false));
  }

  async #remove(): Promise<void> {
    if ((await this.#look()) !== undefined) await this.#run(removeSieveScript(this.lane));
  }

  /**
   * Keeps the hints right, and puts the lane right where somebody has changed it: true where that was so. To be called
   * once it is open, and twice a second. Throws FirewallError.
   */
  async tend(): Promise<boolean> {
    try {
      return await this.#tend();
    } catch (error) {
      // Some hints may have been lost on the way.
      this.#stage = 'missing';
      if (this.#isClosed) return false;
      throw error;
    }
  }

  async #tend(): Promise<boolean> {
    const isDisturbed = this.#stage === 'armed' && (await this.#isChanged());
    if (this.#isClosed) return false;
    if (isDisturbed || this.#stage === 'missing' || this.#hasSteppedBack()) await this.open();
    await this.#fill();
    if (this.#stage === 'open') await this.#arm();
    const { wall } = this.#parts.now();
    await this.#add(this.#schedule.ahead(wall, Math.ceil(clientsOf(this.#parts.clients) / CALLS_A_WINDOW)));
    return isDisturbed;
  }

  async #arm(): Promise<void> {
    const { nft, plan } = this.#parts;
    if (this.#isClosed) return;
    await this.#run(armSieveScript(plan));
    this.#known = nft.generation();
    this.#shown = await this.#look();
    this.#stage = 'armed';
  }

  #hasSteppedBack(): boolean {
    const { wall, steady } = this.#parts.now();
    return wall - steady < this.#lead - STEP_BACK_MS;
  }

  /** How many packets the kernel has dropped, since the last call, because they had no hint or no right length. */
  count(): number {
    const read = (name: string): number | undefined => this.#parts.readCounter(sieveTableName(this.lane), name);
    const [dropped, hinted] = [read(SIEVE_COUNTERS.dropped), read(SIEVE_COUNTERS.hinted)];
    if (this.#isClosed || hinted === undefined || dropped === undefined) return 0;
    const fresh = Math.max(0, dropped - hinted - this.#counted);
    this.#counted += fresh;
    return fresh;
  }

  /** Takes the lane away. Throws FirewallError. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#remove();
  }

  async #fill(): Promise<void> {
    for (;;) {
      const due = this.#schedule.due(this.#parts.now().wall, SLICE);
      if (due.length === 0 || this.#isClosed) return;
      await this.#add(due);
      await breathe();
    }
  }

  async #add(hints: readonly TimedHint[]): Promise<void> {
    const { now } = this.#parts;
    for (let at = 0; at < hints.length && !this.#isClosed; at += SLICE) {
      if (at > 0) await breathe();
      const { wall } = now();
      const elements = hints.slice(at, at + SLICE).map(({ hint, until }) => elementOf(hint, until, wall));
      await this.#run(sieveElementsScript(this.lane, elements));
    }
  }

  /** One transaction is one generation; what is more was somebody else, and is looked at the next time. */
  async #run(script: string): Promise<void> {
    const { nft, steps } = this.#parts;
    const before = nft.generation();
    await nft.run(script);
    const after = nft.generation();
    if (before === undefined || after === undefined || after === before) return;
    steps.note();
    if (before === this.#known && after === before + 1) this.#known = after;
  }

  /** The kernel's generation number tells for next to nothing that nobody has changed anything. */
  async #isChanged(): Promise<boolean> {
    const generation = this.#parts.nft.generation();
    if (generation !== undefined && generation === this.#known) return false;
    if ((await this.#look()) !== this.#shown) return true;
    this.#known = generation;
    return false;
  }

  async #look(): Promise<string | undefined> {
    const listing = await this.#parts.nft.list(sieveTable(this.lane));
    return listing === undefined ? undefined : sieveShape(listing);
  }

  #newSchedule(): HintSchedule {
    const { clients, reach } = this.#parts;
    return new HintSchedule(new HintMaker(clients), reach);
  }
}

const elementOf = (
  hint: Uint8Array,
  until: UnixMs | undefined,
  now: UnixMs,
): { hint: string; left: number | undefined } => ({
  hint: encodeHex(hint),
  left: until === undefined ? undefined : unixMs(until - now),
});
