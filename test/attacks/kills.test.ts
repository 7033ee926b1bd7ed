/**
 * SIGKILL for the authorizer and the receiver, at moments spread evenly over an admission, while honest clients of both
 * formats send. A few with every test; KILLS says how many, KILLS_SEED repeats a run's choices, which are the victims and the
 * moments, though not what the machine does meanwhile (`npm run kills -- COUNT [SEED]`).
 */
import { afterAll, expect, test } from 'vitest';
import { chanceFrom } from '../fuzz/mutate.ts';
import { Lab } from '../support/lab.ts';
import { KillFigures, KillLane } from './kill-lane.ts';

const kills = Number(process.env['KILLS'] ?? 20);
const seed = Number(process.env['KILLS_SEED'] ?? Date.now() >>> 0);
/** Servers side by side: starting a daemon is mostly waiting. With clients of one format alone junk dies in the kernel. */
const LANES = [['native', 'fwknop'], ['native'], ['native', 'fwknop'], ['fwknop']] as const;
const lanes = LANES.slice(0, kills < 50 ? 2 : LANES.length).map((formats, index) => ({
  formats,
  name: `server${index + 1}`,
  seed: seed + index,
}));

let lab: Lab | undefined;
afterAll(() => lab?.close());

test(
  'A21 both: processes killed at any moment: no replay opens, nothing stays open, and no record is lost',
  { timeout: 120_000 + kills * 15_000 },
  async () => {
    const running = (lab = await Lab.create({ hosts: ['client', 'attacker', ...lanes.map(({ name }) => name)] }));
    console.log(`kills: ${kills}, seed ${seed} (repeat: npm run kills -- ${kills} ${seed})`);
    const all = new KillFigures();
    await Promise.all(
      lanes.map(async ({ name, formats, seed: own }) => {
        const lane = await KillLane.create({
          lab: running,
          server: running.host(name),
          formats,
          chance: chanceFrom(own),
        });
        all.add(await lane.run(Math.ceil(kills / lanes.length)));
      }),
    );
    const { replaysAccepted, leaked, lost, ...figures } = all;
    console.log(JSON.stringify(figures, undefined, 2));
    expect({ replaysAccepted, leaked, lost }).toEqual({ replaysAccepted: [], leaked: [], lost: [] });
    expect(figures.kills.authorizer + figures.kills.receiver).toBeGreaterThanOrEqual(kills);
  },
);
