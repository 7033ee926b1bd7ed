/**
 * The order in which inputs are decided and decisions are done. Inputs that come in while a batch is being done are the
 * next batch. A batch is done whole, and so told in the order in which it was decided. Only where the firewall takes its time
 * is what has to do with it done apart from the rest: it holds up grants alone, and packets are judged and told meanwhile.
 */
import type { Decision, Effect } from '../src/engine/effect.ts';
import type { Input } from '../src/engine/input.ts';

/** Packets that wait while a batch is being done; the oldest go first when there are more. */
const MAX_WAITING = 8192;
/** A firewall that takes longer is not waited for. */
const PATIENCE_MS = 100;
/** Decisions that wait for the firewall; while there are more, nothing else is decided. */
const MAX_CHANGES = 1024;

export interface WorkParts {
  readonly decide: (input: Input) => readonly Decision[];
  /** Does not fail: what a machine says is an input. */
  readonly perform: (decisions: readonly Decision[]) => Promise<void>;
}

export class Work {
  readonly #parts: WorkParts;
  #waiting: Input[] = [];
  #changes: Decision[] = [];
  #deciding: Promise<void> | undefined;
  #changing: Promise<void> | undefined;

  constructor(parts: WorkParts) {
    this.#parts = parts;
  }

  add(input: Input): void {
    this.#waiting.push(input);
    if (this.#waiting.length > MAX_WAITING) this.#shed();
    if (this.#deciding === undefined) this.#deciding = this.#decide();
  }

  /** Settles when all that has come in has been decided and done. */
  async settle(): Promise<void> {
    while (this.#deciding !== undefined || this.#changing !== undefined) {
      await this.#deciding;
      await this.#changing;
    }
  }

  /** Settles when the firewall is not being changed. */
  async changed(): Promise<void> {
    await this.#changing;
  }

  /** Lets go of the oldest packets; whatever else waits is rare and stays. */
  #shed(): void {
    const oldest = this.#waiting.findIndex(
      ({ kind }) => kind === 'candidate' || kind === 'fwknop-candidate' || kind === 'knock',
    );
    if (oldest < 0) return;
    this.#waiting.splice(oldest, 1);
    this.#waiting.push({ kind: 'counted', counts: { shed: 1 } });
  }

  async #decide(): Promise<void> {
    try {
      // What comes in one go is one batch.
      await Promise.resolve();
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        const decisions = batch.flatMap((input) => this.#parts.decide(input));
        if (this.#changing === undefined && decisions.some(isAboutGrants)) {
          this.#change(decisions);
          await this.#changedSoon();
        } else {
          this.#change(decisions.filter(isAboutGrants));
          const others = decisions.filter((decision) => !isAboutGrants(decision));
          if (others.length > 0) await this.#parts.perform(others);
        }
        if (this.#changes.length > MAX_CHANGES) await this.#changing;
      }
    } finally {
      // In the same breath as the last look at what waits, so that nothing is left waiting for the next one.
      this.#deciding = undefined;
    }
  }

  #change(decisions: readonly Decision[]): void {
    if (decisions.length === 0) return;
    this.#changes.push(...decisions);
    if (this.#changing === undefined) this.#changing = this.#doChanges();
  }

  async #changedSoon(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([this.#changing, late]);
    clearTimeout(timer);
  }

  async #doChanges(): Promise<void> {
    try {
      while (this.#changes.length > 0) {
        const batch = this.#changes;
        this.#changes = [];
        await this.#parts.perform(batch);
      }
    } finally {
      this.#changing = undefined;
    }
  }
}

const GRANT_KINDS: readonly Effect['kind'][] = [
  'change-firewall',
  'synchronize-firewall',
  'flush-firewall',
  'note-connections',
  'record-grants',
];

/** The grant log tells what the firewall shows, and so it is written in the same order. */
const isAboutGrants = (decision: Decision): boolean => decision.some(({ kind }) => GRANT_KINDS.includes(kind));
