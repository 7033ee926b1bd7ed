/**
 * SIGKILL for the authorizer and the receiver, at moments spread evenly over an admission, while honest clients of both
 * formats send. A few with every test; KILLS says how many, KILLS_SEED repeats a run's choices, which are the victims and the
 * moments, though not what the machine does meanwhile (`npm run kills -- COUNT [SEED]`).
 */
import { afterAll, expect, test } from 'vitest';
import { chanceFrom } from '../fuzz/chance.ts';
import { Lab } from '../support/lab.ts';
import { sumOf } from './kill-figures.ts';
import { KillLane } from './kill-lane.ts';

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
    const all = await Promise.all(
      lanes.map(({ name, formats, seed: own }) =>
        KillLane.create({ lab: running, server: running.host(name), formats, chance: chanceFrom(own) }),
      ),
    );
    let rounds = 0;
    const tell = (): void => {
      rounds += 1;
      if (rounds % 25 === 0) console.log(JSON.stringify(sumOf(all.map((lane) => lane.figures))));
    };
    await Promise.all(all.map((lane) => lane.run(Math.ceil(kills / lanes.length), tell)));
    const sum = sumOf(all.map((lane) => lane.figures));
    console.log(JSON.stringify(sum, undefined, 2));
    expect(sum).toMatchObject({ replaysAccepted: [], leaked: [], lost: [] });
    expect(sum.kills.authorizer + sum.kills.receiver).toBeGreaterThanOrEqual(kills);
  },
);
