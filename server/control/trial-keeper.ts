/** The daemon's part in the trial of the guard: which connections are older, who waits for an answer. */
import { randomBytes } from 'node:crypto';
import { connectionKey } from '../../src/control/connection.ts';
import type { Proof } from '../../src/control/request.ts';
import type { AnswerEffect } from '../../src/engine/effect.ts';
import type { Input } from '../../src/engine/input.ts';
import type { TrialFacts } from '../../src/engine/trial.ts';
import { readSockets } from './sockets.ts';

export class TrialKeeper {
  readonly #onInput: (input: Input) => void;
  readonly #waiting = new Map<string, (refusal: string | undefined) => void>();
  #older: TrialFacts['older'];

  constructor(onInput: (input: Input) => void) {
    this.#onInput = onInput;
  }

  /** Throws the system's error; it is not known then. */
  note(): void {
    this.#older = undefined;
    const { established, passing } = readSockets();
    this.#older = new Set([...established, ...passing].map(connectionKey));
  }

  /** Undefined where it is confirmed, else the sentence by which it was refused. Throws the system's error. */
  confirm(proof: Proof): Promise<string | undefined> {
    const sockets = readSockets();
    const id = randomBytes(6).toString('hex');
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#onInput({ kind: 'confirm', id, proof, facts: { older: this.#older, sockets } });
    });
  }

  answer({ id, refusal }: AnswerEffect): void {
    this.#waiting.get(id)?.(refusal);
    this.#waiting.delete(id);
  }
}
