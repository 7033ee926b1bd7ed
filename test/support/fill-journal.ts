import type { Host } from './host.ts';
import type { Spad } from './spad.ts';
import { waitUntil } from './wait.ts';

/** Free slots of a new journal; the packet after them makes spad write another file. */
const SLOTS = 4096;

/** Fills the journal's slots with packets that the policy refuses, for their port: each is remembered, and nothing opens. */
export async function fillJournal(spad: Spad, from: Host, seal: () => Uint8Array): Promise<void> {
  const judged = async (): Promise<number> => (await spad.counts())['port-not-allowed'] ?? 0;
  let sent = 0;
  for (let missing = SLOTS; missing > 0; missing = SLOTS - (await judged())) {
    sent += missing;
    await spad.sendAll(from, Array.from({ length: missing }, seal), 10);
    // A busy machine loses some of so many, and counts them; others make up for them.
    await waitUntil('the packets to be judged or lost', async () => {
      const counts = await spad.counts();
      const lost = ['kernel-dropped', 'pipe-full', 'shed'].map((name) => counts[name] ?? 0);
      return lost.reduce((sum, count) => sum + count, counts['port-not-allowed'] ?? 0) >= sent;
    });
  }
}
