/**
 * The order in which inputs are decided and decisions are done. Inputs that come in while a batch is being done are the
 * next batch. What has to do with the firewall is done apart from the rest, one batch after another, so that a firewall
 * that takes its time holds up grants alone: packets are judged and told meanwhile.
 */
import type { Decision, Effect } from '../src/engine/effect.ts';
import type { Input } from '../src/engine/input.ts';

/** Packets that wait while a batch is being done; the oldest go first when there are more. */
const MAX_WAITING = 8192;
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
        this.#change(decisions.filter(isAboutGrants));
        const others = decisions.filter((decision) => !isAboutGrants(decision));
        if (others.length > 0) await this.#parts.perform(others);
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
