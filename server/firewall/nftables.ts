/** The nftables back-end: scripts of src/firewall/nft-script.ts, run as transactions, held against what the kernel shows. */
import { type SteadyMs, steadyMs } from '../../src/base/units.ts';
import { DesiredState, NOTHING_WANTED, type Wanted } from '../../src/firewall/desired.ts';
import { changeBatch } from '../../src/firewall/nft-batch.ts';
import {
  changeScript,
  fillScript,
  flushScript,
  guardScript,
  probeScript,
  probeTrialScript,
  TABLE,
} from '../../src/firewall/nft-script.ts';
import type { FirewallChange } from '../../src/firewall/opening.ts';
import type { FirewallBackend } from './backend.ts';
import type { NftRunner } from './nft-runner.ts';

/** An element this close to its end may be gone already: the kernel's clock is coarser than ours. */
const NEAR_END_MS = 1000;
/** Looking for elements takes at most a part of the time: the next look waits so many times as long as the last one took. */
const REST_FACTOR = 20;

/** `now` reads the steady clock: timeouts are worked out at the last instant. */
export const nftables = (runner: NftRunner, now: () => SteadyMs): FirewallBackend => new NftablesFirewall(runner, now);

class NftablesFirewall implements FirewallBackend {
  readonly description: string;
  readonly cuts = true;
  readonly #runner: NftRunner;
  readonly #now: () => SteadyMs;
  readonly #desired = new DesiredState();
  /** What the table has besides the guard. */
  #parts = { forwards: false, cuts: false, widens: false };
  /** What the table looked like when it was last known to be right; undefined until it is. */
  #shown: string | undefined;
  /** The generation of the ruleset up to which it is known that nobody but us has changed our table. */
  #known: number | undefined;
  /** Counts our own changes: one that comes in while the kernel is being looked at makes the look worthless. */
  #changes = 0;
  #nextProbe = steadyMs(Number.NEGATIVE_INFINITY);

  constructor(runner: NftRunner, now: () => SteadyMs) {
    this.description = `nftables through ${runner.description}`;
    this.#runner = runner;
    this.#now = now;
  }

  async synchronize(wanted: Wanted): Promise<void> {
    this.#desired.replace(wanted);
    this.#parts = { forwards: wanted.forwards, cuts: wanted.cuts === true, widens: wanted.widens === true };
    await this.#install();
  }

  async apply(changes: readonly FirewallChange[]): Promise<void> {
    const undo = this.#desired.apply(changes);
    this.#desired.prune(this.#now());
    try {
      if (!this.#handOver(changes)) await this.#run(this.#scriptOf(changes));
    } catch {
      // Most likely somebody has flushed the ruleset: all of it is made anew, the changes included.
      try {
        await this.#install();
      } catch (error) {
        undo();
        throw error;
      }
    }
  }

  async repair(closely = false): Promise<boolean> {
    const generation = this.#runner.generation();
    const isRight = this.#shown !== undefined;
    if (isRight && generation !== undefined && generation === this.#known) return false;
    const changes = this.#changes;
    if (isRight && (await this.#list()) === this.#shown) {
      // Until the next look at the elements it stays open whether they are all there.
      if (!closely && this.#now() < this.#nextProbe) return false;
      const holds = await this.#holdsElements();
      if (this.#changes !== changes) return false;
      if (holds) {
        this.#known = generation;
        return false;
      }
    }
    await this.#install();
    return true;
  }

  /** The kernel ends what is open. */
  stop(): Promise<void> {
    return Promise.resolve();
  }

  async flush(): Promise<void> {
    this.#desired.replace(NOTHING_WANTED);
    await this.#run(flushScript());
    this.#shown = undefined;
  }

  async #install(): Promise<void> {
    const wanted = this.#desired.wanted(this.#now());
    const { openings: open } = wanted;
    // What was granted while grants could still forward or cut goes on.
    this.#parts.forwards ||= open.some(({ forwarding }) => forwarding !== undefined);
    this.#parts.cuts ||= open.some(({ cuts }) => cuts === true);
    this.#parts.widens ||= open.some(({ address }) => address.prefix !== undefined);
    this.#shown = undefined;
    this.#known = this.#runner.generation();
    const now = this.#now();
    const script = guardScript({ ...wanted, ...this.#parts }, now);
    await this.#run(script + fillScript(open, now));
    this.#shown = await this.#list();
  }

  #scriptOf(changes: readonly FirewallChange[]): string {
    return changes.map((change) => changeScript(change, this.#now())).join('');
  }

  /** Whether the kernel itself has carried changes out; what is too much for it, or refused, is a script's matter. */
  #handOver(changes: readonly FirewallChange[]): boolean {
    if (this.#runner.batch === undefined) return false;
    const batch = changeBatch(changes, this.#now());
    if (batch === undefined) return false;
    this.#changes += 1;
    const taken = this.#runner.batch(batch);
    if (taken) this.#noteOwnStep();
    this.#changes += 1;
    return taken;
  }

  async #run(script: string): Promise<void> {
    this.#changes += 1;
    await this.#runner.run(script);
    this.#noteOwnStep();
    this.#changes += 1;
  }

  /** A transaction is one generation; what is more was somebody else, and is looked at in the next repair. */
  #noteOwnStep(): void {
    const generation = this.#runner.generation();
    const isOurs = this.#known !== undefined && generation !== undefined && generation - this.#known <= 1;
    if (isOurs) this.#known = generation;
  }

  async #list(): Promise<string | undefined> {
    const listing = await this.#runner.list(TABLE);
    // Packet counts change of themselves.
    return listing?.replace(/counter packets \d+ bytes \d+/g, 'counter');
  }

  /** Whether every live element is there. */
  async #holdsElements(): Promise<boolean> {
    const begin = this.#now();
    const { guard, guardEnds, openings } = this.#desired.wanted(begin);
    const lasting = openings.filter(({ ends }) => ends - begin > NEAR_END_MS);
    const isTimed = guardEnds !== undefined && guardEnds - begin > NEAR_END_MS && guard.length > 0;
    const probes = [probeScript(lasting), ...(isTimed ? [probeTrialScript(guard)] : [])].filter(
      (probe) => probe !== '',
    );
    const holds = probes.length === 0 || (await this.#runner.wouldRun(probes.join('\n')));
    const end = this.#now();
    this.#nextProbe = steadyMs(end + REST_FACTOR * (end - begin));
    return holds;
  }
}
