/** The operator's side of the running daemon: its control socket, who waits for an answer there, the trial of its guard. */
import type { ReloadOutcome } from '../../src/control/status.ts';
import type { AuditEntry } from '../../src/engine/audit.ts';
import type { AnswerEffect } from '../../src/engine/effect.ts';
import type { Input } from '../../src/engine/input.ts';
import { AuditFeed } from './audit-feed.ts';
import { answerLine, type DeskParts } from './desk.ts';
import { Questions } from './questions.ts';
import { ControlServer } from './server.ts';
import { TrialKeeper } from './trial-keeper.ts';

export interface OperatorParts extends Omit<DeskParts, 'decide' | 'feed' | 'reload' | 'trialFacts'> {
  readonly onInput: (input: Input) => void;
  /** Settles when the configuration has been read; the effect `answer` with this id tells when what it says holds. */
  readonly reload: (id: string) => Promise<ReloadOutcome>;
  readonly onTrouble: (message: string) => void;
}

interface Trial {
  /** The connections that there are now are older than the guard. Throws the system's error. */
  readonly note: () => void;
  readonly answer: (effect: AnswerEffect) => void;
  readonly giveUp: () => void;
}

interface AuditLog {
  readonly append: (entries: readonly AuditEntry[]) => void;
}

export class Operator {
  readonly #feed = new AuditFeed();
  readonly #trial = new TrialKeeper();
  readonly #questions = new Questions();
  readonly #control: ControlServer;

  /** `path`: of the socket. */
  constructor(path: string, { onInput, onTrouble, reload, ...parts }: OperatorParts) {
    const desk: DeskParts = {
      ...parts,
      feed: this.#feed,
      trialFacts: () => this.#trial.facts(),
      decide: (inputOf) => this.#questions.ask((id) => onInput(inputOf(id))),
      reload: async () => {
        const outcomes: Promise<ReloadOutcome>[] = [];
        const { refusal } = await this.#questions.ask((id) => outcomes.push(reload(id)));
        const [outcome] = await Promise.all(outcomes);
        return { outcome, refusal };
      },
    };
    this.#control = new ControlServer(path, { answer: (line) => answerLine(line, desk), onTrouble });
  }

  /** Listens. Where it is not `needed`, what goes wrong is told, and the daemon does without; else it is thrown. */
  open(needed: boolean): Promise<void> {
    return this.#control.open(needed);
  }

  close(): void {
    this.#control.close();
  }

  /** The same log, heard by those who follow it: also what a full disk does not take. */
  overheard(log: AuditLog): AuditLog {
    return {
      append: (entries) => {
        this.#feed.publish(entries.map(({ text }) => text));
        log.append(entries);
      },
    };
  }

  /** What the engine wants done here. `giveUp`: the daemon ends soon after. */
  trial(giveUp: () => void): Trial {
    return {
      note: () => this.#trial.note(),
      answer: (effect) => this.#questions.answer(effect),
      giveUp,
    };
  }
}
