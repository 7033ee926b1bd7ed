/** Holds the firewall against what it ought to show, again and again, and when somebody asks. */
import type { FirewallState } from '../src/control/response.ts';
import type { FirewallBackend } from './firewall/backend.ts';
import type { Logger } from './log/logger.ts';

export interface RepairerParts {
  readonly firewall: FirewallBackend;
  readonly logger: Logger;
  /** Settles between two batches, so that a change under way is not taken for somebody else's. */
  readonly settled: () => Promise<void>;
  readonly onRepaired: () => void;
}

export class Repairer {
  readonly #parts: RepairerParts;
  #fault = '';
  /** The last of the looks, which are taken one after another, and how many there are. */
  #last: Promise<unknown> = Promise.resolve();
  #looks = 0;
  #stopped = false;

  constructor(parts: RepairerParts) {
    this.#parts = parts;
  }

  /** Why the firewall is not as it ought to be; empty where it is. */
  get fault(): string {
    return this.#fault;
  }

  /** What the last look has come to; a repair is history by then. */
  get known(): FirewallState {
    return this.#fault === '' ? { kind: 'agrees' } : { kind: 'fault', detail: this.#fault };
  }

  /** The firewall has refused to be set right. */
  note(fault: string): void {
    this.#fault = fault;
  }

  /** To be called again and again: looks, unless a look is under way. */
  glance(): void {
    if (this.#looks === 0) void this.#inTurn(false);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Looks now, however lately that was done. */
  look(): Promise<FirewallState> {
    return this.#inTurn(true);
  }

  #inTurn(closely: boolean): Promise<FirewallState> {
    this.#looks += 1;
    const turn = this.#last.then(async () => {
      await this.#parts.settled();
      const state = await this.#repair(closely);
      this.#looks -= 1;
      return state;
    });
    this.#last = turn;
    return turn;
  }

  /** A fault is told once, and again only when it has changed. */
  async #repair(closely: boolean): Promise<FirewallState> {
    if (this.#stopped) return { kind: 'fault', detail: 'spad is about to end' };
    const { firewall, logger, onRepaired } = this.#parts;
    try {
      const repaired = await firewall.repair(closely);
      this.#fault = '';
      if (!repaired) return { kind: 'agrees' };
      logger.warn('somebody changed what spad has in the firewall; it is right again');
      onRepaired();
      return { kind: 'repaired' };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (detail !== this.#fault)
        logger.error(`the firewall cannot be repaired: ${detail}; trying again until it works`);
      this.#fault = detail;
      return { kind: 'fault', detail };
    }
  }
}
