/** The daemon's part in the trial of the guard: which connections are older than it. */
import { connectionKey } from '../../src/control/connection.ts';
import type { TrialFacts } from '../../src/engine/trial.ts';
import { readSockets } from './sockets.ts';

export class TrialKeeper {
  #older: TrialFacts['older'];

  /** Throws the system's error; it is not known then. */
  note(): void {
    this.#older = undefined;
    const { established, passing } = readSockets();
    this.#older = new Set([...established, ...passing].map(connectionKey));
  }

  /** What the host shows now. Throws the system's error. */
  facts(): TrialFacts {
    return { older: this.#older, sockets: readSockets() };
  }
}
