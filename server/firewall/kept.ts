/** Makes a back-end of a {@link FirewallProgram}: it is told one thing at a time, what ends is taken out, drift is repaired. */
import { type Moment, type SteadyMs, steadyMs } from '../../src/base/units.ts';
import { DesiredState, NOTHING_WANTED, type Wanted } from '../../src/firewall/desired.ts';
import type { FirewallChange, Opening } from '../../src/firewall/opening.ts';
import type { FirewallBackend } from './backend.ts';
import type { FirewallProgram } from './program.ts';

export interface KeptOptions {
  readonly now: () => Moment;
  /** Whether what has ended must be taken out; else it goes by itself. */
  readonly sweeps: boolean;
  /** Whether nobody ends what is open once the daemon has stopped: it is closed then. */
  readonly endsAtStop?: boolean;
  /** A number that changes whenever somebody changes the kernel's rules; undefined where it cannot be told. */
  readonly generation: () => number | undefined;
  /** Is told what a sweep, which nobody waits for, has failed by. */
  readonly onTrouble: (message: string) => void;
}

/** Without a sign that something has changed the firewall is looked at this seldom, and never for more than a part of the time. */
const LOOK_EVERY_MS = 5000;
const REST_FACTOR = 50;
/** A sweep that has failed is tried again after this long. */
const SWEEP_AGAIN_MS = 1000;
/** The longest that a timer can be (Node.js); a later end waits for the next one. */
const MAX_TIMER_MS = 0x7fff_ffff;

export class KeptFirewall implements FirewallBackend {
  readonly #program: FirewallProgram;
  readonly #options: KeptOptions;
  readonly #desired = new DesiredState();
  /** The last of the steps, which are taken one after another. */
  #last: Promise<unknown> = Promise.resolve();
  /** The generation at which the firewall was known to be right; undefined where it is not known to be. */
  #known: number | undefined;
  #isRight = false;
  /** Whether somebody has been seen to change it since it was right; what a failure of ours has left is nobody's doing. */
  #isDisturbed = false;
  #nextLook = steadyMs(Number.NEGATIVE_INFINITY);
  #sweep: NodeJS.Timeout | undefined;

  constructor(program: FirewallProgram, options: KeptOptions) {
    this.#program = program;
    this.#options = options;
  }

  get description(): string {
    return this.#program.description;
  }

  synchronize(wanted: Wanted): Promise<void> {
    return this.#inTurn(async () => {
      this.#desired.replace(wanted);
      await this.#install(true);
    });
  }

  apply(changes: readonly FirewallChange[]): Promise<void> {
    return this.#inTurn(async () => {
      // Whoever has just changed the rules may have taken away what a change takes for granted.
      const generation = this.#options.generation();
      if (generation !== undefined && generation !== this.#known) await this.#look();
      const touched = changes.flatMap(({ close, open }) => [...close, ...open]);
      const before = this.#desired.held(touched);
      const undo = this.#desired.apply(changes);
      const now = this.#steady();
      const after = this.#desired.held(touched);
      const change = {
        close: before.filter((opening) => !after.includes(opening)),
        open: after.filter((opening) => !before.includes(opening) && opening.ends > now),
      };
      try {
        await this.#change(change);
      } catch {
        // Most likely somebody has flushed the firewall: all of it is made anew, the change included.
        try {
          await this.#install();
        } catch (error) {
          undo();
          throw error;
        }
      }
      this.#prune();
    });
  }

  async repair(closely = false): Promise<boolean> {
    const generation = this.#options.generation();
    const isQuiet = generation === undefined || generation === this.#known;
    if (!closely && this.#isRight && isQuiet && this.#steady() < this.#nextLook) return false;
    return this.#inTurn(() => this.#look());
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      clearTimeout(this.#sweep);
      if (this.#options.endsAtStop !== true) return;
      this.#desired.replace({ ...this.#wanted(), openings: [] });
      await this.#program.install(this.#wanted(), false);
    });
  }

  flush(): Promise<void> {
    return this.#inTurn(async () => {
      clearTimeout(this.#sweep);
      this.#desired.replace(NOTHING_WANTED);
      this.#isRight = false;
      await this.#program.remove();
    });
  }

  /** Looks whether all is right, and makes it so: true where somebody had changed it. */
  async #look(): Promise<boolean> {
    const before = this.#options.generation();
    const begin = this.#steady();
    if (this.#isRight) {
      if (await this.#isShown()) {
        this.#known = before;
        this.#looked(begin);
        return false;
      }
      this.#isDisturbed = true;
    }
    await this.#install();
    const wasDisturbed = this.#isDisturbed;
    this.#isDisturbed = false;
    return wasDisturbed;
  }

  async #install(isAsked = false): Promise<void> {
    this.#isRight = false;
    this.#desired.prune(this.#steady());
    await this.#program.install(this.#wanted(), isAsked);
    this.#known = this.#options.generation();
    this.#isRight = true;
    this.#nextLook = steadyMs(this.#steady() + LOOK_EVERY_MS);
    this.#sweepLater();
  }

  async #change(change: { readonly close: readonly Opening[]; readonly open: readonly Opening[] }): Promise<void> {
    if (change.close.length + change.open.length === 0) return;
    const wasKnown = this.#options.generation() === this.#known;
    await this.#program.change(change, this.#wanted());
    // What somebody else did before must still be noticed.
    if (wasKnown) this.#known = this.#options.generation();
    this.#sweepLater();
  }

  /** Where nothing has to be taken out, what has ended is only forgotten. */
  #prune(): void {
    if (!this.#options.sweeps) this.#desired.prune(this.#steady());
  }

  #sweepLater(): void {
    clearTimeout(this.#sweep);
    const next = this.#desired.nextEnd;
    if (!this.#options.sweeps || next === undefined) return;
    const wait = Math.min(Math.max(0, Math.ceil(next - this.#steady())), MAX_TIMER_MS);
    this.#sweep = setTimeout(() => this.#sweepNow(), wait).unref();
  }

  #sweepNow(): void {
    const done = this.#inTurn(async () => {
      await this.#takeOut();
      this.#sweepLater();
    });
    done.catch((error: unknown) => {
      this.#options.onTrouble(error instanceof Error ? error.message : String(error));
      this.#isRight = false;
      this.#sweep = setTimeout(() => this.#sweepNow(), SWEEP_AGAIN_MS).unref();
    });
  }

  async #takeOut(): Promise<void> {
    if (this.#desired.isGuardOver(this.#steady())) {
      await this.#install();
      this.#desired.forgetGuard();
    }
    const ended = this.#desired.ended(this.#steady());
    await this.#change({ close: ended, open: [] });
    this.#desired.apply([{ close: ended, open: [] }]);
  }

  /** What has ended and only waits for the sweep is nobody's change. */
  async #isShown(): Promise<boolean> {
    try {
      if (this.#options.sweeps) await this.#takeOut();
    } catch {
      return false;
    }
    return this.#program.shows(this.#wanted());
  }

  #looked(begin: SteadyMs): void {
    const end = this.#steady();
    this.#nextLook = steadyMs(end + Math.max(LOOK_EVERY_MS, REST_FACTOR * (end - begin)));
  }

  #wanted(): Wanted {
    return this.#desired.wanted(this.#steady());
  }

  #steady(): SteadyMs {
    return this.#options.now().steady;
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(step);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
