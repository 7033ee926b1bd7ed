/**
 * The order in which inputs are decided and decisions are done. Inputs that come in while a batch is being done are the
 * next batch. A batch is done whole, and so told in the order in which it was decided. Only where the firewall takes its time
 * is what has to do with it done apart from the rest: it holds up grants alone, and packets are judged and told meanwhile.
 *
 * A batch is bounded, by number and by the time that deciding it takes, and between two of them the event loop comes round:
 * however many packets wait, ticks, signals and the control socket wait for one batch at most. What packets do not bear
 * upon goes before them; the rest keeps its order.
 */
import type { Decision, Effect } from '../src/engine/effect.ts';
import type { Input } from '../src/engine/input.ts';
import { Backlog } from './backlog.ts';

/** Packets that wait while a batch is being done; the oldest go first when there are more. */
const MAX_WAITING = 8192;
/** Inputs of one batch. */
const MAX_BATCH = 1024;
/**
 * Deciding ends a batch after so long, in milliseconds: some fifty packets, so that one sync and one transaction cost each of
 * them little. What it takes to do what was decided comes on top. Where that took longer the last time, as it does on a slow
 * disk, the next batch may decide as long, for many small ones would take for ever.
 */
const BATCH_MS = { least: 8, most: 100 };
/** A firewall that takes longer is not waited for. */
const PATIENCE_MS = 100;
/** Decisions that wait for the firewall; while there are more, nothing else is decided. */
const MAX_CHANGES = 1024;

export interface WorkParts {
  readonly decide: (input: Input) => readonly Decision[];
  /** Does not fail: what a machine says is an input. */
  readonly perform: (decisions: readonly Decision[]) => Promise<void>;
  /** Is told after each batch how long (ms) nothing else could be done because of it. */
  readonly onHeld?: (ms: number) => void;
  /** Packets that can wait; unless told, 8192. */
  readonly room?: number;
}

export class Work {
  readonly #parts: WorkParts;
  readonly #waiting: Backlog;
  #urgent: Input[] = [];
  /** What is to be done between two batches. */
  #steps: (() => void)[] = [];
  #changes: Decision[] = [];
  #deciding: Promise<void> | undefined;
  #changing: Promise<void> | undefined;
  /** How long what was decided last took to do, in milliseconds. */
  #doing = 0;
  /** Settles when the event loop has come round since the last batch; undefined where it has. */
  #turn: Promise<void> | undefined;

  constructor(parts: WorkParts) {
    this.#parts = parts;
    this.#waiting = new Backlog(parts.room ?? MAX_WAITING);
  }

  add(input: Input): void {
    if (URGENT.includes(input.kind)) this.#urgent.push(input);
    else this.#waiting.push(input);
    this.#begin();
  }

  /** Does `step` when what is under way has been decided and done, whatever waits behind it. */
  between(step: () => void): void {
    this.#steps.push(step);
    this.#begin();
  }

  /** Whether something that has come in is not decided or not done yet. */
  get isBusy(): boolean {
    return this.#deciding !== undefined || this.#changing !== undefined;
  }

  /** Settles when all that has come in has been decided and done. */
  async settle(): Promise<void> {
    while (this.isBusy) {
      await this.#deciding;
      await this.#changing;
    }
  }

  /** Settles when the firewall is not being changed. */
  async changed(): Promise<void> {
    await this.#changing;
  }

  get #isIdle(): boolean {
    return this.#waiting.length + this.#urgent.length + this.#steps.length === 0;
  }

  #begin(): void {
    if (this.#deciding === undefined) this.#deciding = this.#decide();
  }

  async #decide(): Promise<void> {
    try {
      // What comes in one go is one batch.
      await Promise.resolve();
      while (!this.#isIdle) {
        if (this.#turn !== undefined) await this.#turn;
        if (this.#steps.length > 0) await this.#takeSteps();
        this.#turn = this.#nextTurn();
        const decisions = this.#decideBatch();
        const begin = performance.now();
        await this.#do(decisions);
        this.#doing = performance.now() - begin;
        if (this.#changes.length > MAX_CHANGES) await this.#changing;
      }
    } finally {
      // In the same breath as the last look at what waits, so that nothing is left waiting for the next one.
      this.#deciding = undefined;
    }
  }

  /** Comes round when nothing holds the event loop any more; until then whatever else there is to do has waited. */
  #nextTurn(): Promise<void> {
    const begin = performance.now();
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#parts.onHeld?.(performance.now() - begin);
        resolve();
      });
    });
  }

  async #takeSteps(): Promise<void> {
    await this.#changing;
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) step();
  }

  #decideBatch(): readonly Decision[] {
    const urgent = this.#urgent;
    this.#urgent = [];
    const shed = this.#waiting.takeShed();
    if (shed > 0) urgent.push({ kind: 'counted', counts: { shed } });
    const decisions = urgent.flatMap((input) => this.#parts.decide(input));
    const end = performance.now() + Math.min(Math.max(BATCH_MS.least, this.#doing), BATCH_MS.most);
    for (let count = 0; count < MAX_BATCH && performance.now() < end; count += 1) {
      const input = this.#waiting.take();
      if (input === undefined) break;
      decisions.push(...this.#parts.decide(input));
    }
    return decisions;
  }

  async #do(decisions: readonly Decision[]): Promise<void> {
    if (decisions.length === 0) return;
    if (this.#changing === undefined && decisions.some(isAboutGrants)) {
      this.#change(decisions);
      await this.#changedSoon();
      return;
    }
    this.#change(decisions.filter(isAboutGrants));
    const others = decisions.filter((decision) => !isAboutGrants(decision));
    if (others.length > 0) await this.#parts.perform(others);
  }

  #change(decisions: readonly Decision[]): void {
    if (decisions.length === 0) return;
    this.#changes.push(...decisions);
    if (this.#changing === undefined) this.#changing = this.#doChanges();
  }

  async #changedSoon(): Promise<void> {
    // A firewall within this process is done before the event loop comes round; no timer is made for it.
    await Promise.race([this.#changing, this.#turn]);
    if (this.#changing === undefined) return;
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

/** What no packet bears upon, and what must not wait for packets. */
const URGENT: readonly Input['kind'][] = [
  'tick',
  'woke',
  'report',
  'counted',
  'confirm',
  'revoke',
  'open-by-hand',
  'firewall-repaired',
];

const GRANT_KINDS: readonly Effect['kind'][] = [
  'change-firewall',
  'synchronize-firewall',
  'flush-firewall',
  'note-connections',
  'record-grants',
];

/** The grant log tells what the firewall shows, and so it is written in the same order. */
const isAboutGrants = (decision: Decision): boolean => decision.some(({ kind }) => GRANT_KINDS.includes(kind));
