/**
 * Runs the programs of fwknop's stanzas: so many at once, none for ever, and those of one lane one after another, in their
 * order, so that nothing is closed before it has been opened. None is waited for by the rest of the daemon.
 */
import type { RunProgramEffect } from '../../src/engine/effect.ts';
import { identityOf } from '../process/accounts.ts';
import { type StartedProgram, startProgram } from '../process/run.ts';

const MAX_RUNNING = 32;
/** Closes excepted, whose number the pending ones bound. */
const MAX_WAITING = 1024;
/** fwknop has none, and stands still meanwhile. */
const TIME_LIMIT_MS = 300_000;

export interface ProgramEvents {
  /** It runs now. */
  readonly onStarted: (effect: RunProgramEffect) => void;
  /** `failed`: not with status 0. */
  readonly onEnded: (effect: RunProgramEffect, failed: boolean, how: string) => void;
}

export class Programs {
  readonly #events: ProgramEvents;
  readonly #timeLimit: number;
  #waiting: RunProgramEffect[] = [];
  readonly #running = new Map<RunProgramEffect, StartedProgram>();
  #onClosed: (() => void) | undefined;

  /** `timeLimit`: milliseconds. */
  constructor(events: ProgramEvents, timeLimit = TIME_LIMIT_MS) {
    this.#events = events;
    this.#timeLimit = timeLimit;
  }

  /** Throws a sentence where too many wait for their turn. */
  run(effect: RunProgramEffect): void {
    const others = this.#waiting.filter(({ purpose }) => purpose.kind !== 'close').length;
    if (effect.purpose.kind !== 'close' && others >= MAX_WAITING) throw new Error('too many commands are waiting');
    this.#waiting.push(effect);
    this.#fill();
  }

  /** Ends in order: only what closes is still begun. Settles when it has ended, or after `patience` (milliseconds). */
  async finish(patience: number): Promise<void> {
    this.#waiting = this.#waiting.filter(({ purpose }) => purpose.kind === 'close');
    if (this.#isClosing()) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, patience);
        this.#onClosed = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    // What goes on may outlive us, and must not keep us; nobody ends it then.
    for (const child of this.#running.values()) child.unref();
  }

  #isClosing(): boolean {
    return [...this.#waiting, ...this.#running.keys()].some(({ purpose }) => purpose.kind === 'close');
  }

  #fill(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#start(next);
    if (!this.#isClosing()) this.#onClosed?.();
  }

  /** The first whose lane is free: in each lane that is the one that has waited longest. */
  #next(): RunProgramEffect | undefined {
    if (this.#running.size >= MAX_RUNNING) return undefined;
    const busy = new Set([...this.#running.keys()].map(laneOf));
    const isFree = (lane: string | undefined): boolean => lane === undefined || !busy.has(lane);
    const index = this.#waiting.findIndex((effect) => isFree(laneOf(effect)));
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #start(effect: RunProgramEffect): void {
    const { argv, user, group } = effect.run;
    let child: StartedProgram;
    try {
      child = startProgram(argv, identityOf(user, group));
    } catch (error) {
      this.#fail(effect, error);
      return;
    }
    this.#running.set(effect, child);
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      killGroup(child);
    }, this.#timeLimit).unref();
    const end = (tell: () => void): void => {
      clearTimeout(late);
      if (!this.#running.delete(effect)) return;
      tell();
      this.#fill();
    };
    child.on('error', (error) => end(() => this.#fail(effect, error)));
    child.on('exit', (code, signal) =>
      end(() => {
        const how = isLate ? 'took too long' : signal === null ? `status ${String(code)}` : `ended by ${signal}`;
        this.#events.onEnded(effect, code !== 0, how);
      }),
    );
    if (child.pid !== undefined) this.#events.onStarted(effect);
  }

  #fail(effect: RunProgramEffect, error: unknown): void {
    this.#events.onEnded(effect, true, error instanceof Error ? error.message : String(error));
  }
}

const laneOf = ({ purpose }: RunProgramEffect): string | undefined =>
  purpose.kind === 'command' ? undefined : purpose.lane;

/** It leads a group of its own, which has whatever it started. */
const killGroup = ({ pid }: StartedProgram): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
};
