/** The log of pending stop commands on disk. */
import { type PendingStop, STOPS } from '../../src/knock/stop-record.ts';
import { PendingStore } from '../store/pending-store.ts';

export class StopStore extends PendingStore<PendingStop> {
  /** Reads what an earlier run has left. `warn` is told once when the log cannot be written. */
  constructor(path: string, warn: (text: string) => void) {
    super(path, STOPS, 'pending stop commands', warn);
  }
}
