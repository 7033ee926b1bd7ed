/** Who waits on the control socket for what the engine decides: each question has an id, by which its answer comes back. */
import { randomBytes } from 'node:crypto';
import type { AnswerEffect } from '../../src/engine/effect.ts';

export class Questions {
  readonly #waiting = new Map<string, (answer: AnswerEffect) => void>();

  /** `put` hands the question on under this id. Where the daemon ends first, nothing comes. */
  ask(put: (id: string) => void): Promise<AnswerEffect> {
    const id = randomBytes(6).toString('hex');
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      put(id);
    });
  }

  answer(answer: AnswerEffect): void {
    this.#waiting.get(answer.id)?.(answer);
    this.#waiting.delete(answer.id);
  }
}
