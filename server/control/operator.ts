/** The operator's side of the running daemon: its control socket, who waits for an answer there, the trial of its guard. */
import type { AnswerEffect } from '../../src/engine/effect.ts';
import type { Input } from '../../src/engine/input.ts';
import { answerLine, type DeskParts } from './desk.ts';
import { ControlServer } from './server.ts';
import { TrialKeeper } from './trial-keeper.ts';

export interface OperatorParts extends Omit<DeskParts, 'confirm'> {
  readonly onInput: (input: Input) => void;
  readonly onTrouble: (message: string) => void;
}

export class Operator {
  readonly #trial: TrialKeeper;
  readonly #control: ControlServer;

  /** `path`: of the socket. */
  constructor(path: string, { onInput, onTrouble, ...parts }: OperatorParts) {
    this.#trial = new TrialKeeper(onInput);
    const desk: DeskParts = { ...parts, confirm: (proof) => this.#trial.confirm(proof) };
    this.#control = new ControlServer(path, { answer: (line) => answerLine(line, desk), onTrouble });
  }

  /** Listens. Where it is not `needed`, what goes wrong is told, and the daemon does without; else it is thrown. */
  open(needed: boolean): Promise<void> {
    return this.#control.open(needed);
  }

  close(): void {
    this.#control.close();
  }

  /** The connections that there are now are older than the guard. Throws the system's error. */
  note(): void {
    this.#trial.note();
  }

  answer(effect: AnswerEffect): void {
    this.#trial.answer(effect);
  }
}
