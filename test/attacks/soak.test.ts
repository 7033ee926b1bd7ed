/**
 * Mixed traffic for a while: the daemon costs no more at the end than after its warm-up, and leaves nothing behind. A minute
 * with every test; SOAK says how many seconds (`npm run soak -- SECONDS`). Two servers: one is reloaded and loses its link again
 * and again, the other is left alone, so that its receivers live as long as it does.
 */
import { afterAll, expect, test } from 'vitest';
import { Lab } from '../support/lab.ts';
import { SoakSide } from './soak-side.ts';
import { growthOf, type Vitals } from './vitals.ts';

const seconds = Number(process.env['SOAK'] ?? 60);
/** The share of the time in which code is compiled and heaps find their size. */
const WARM_UP = 0.35;
/** MiB from the end of the warm-up to the end: how far a heap goes up and down by itself. */
const MOST_GROWTH = 24;
/** MiB a minute, where the time is long enough to tell a slope from that. */
const STEEPEST = 2;
const LONG_S = 300;

let lab: Lab | undefined;
afterAll(() => lab?.close());

/** All that was seen after the warm-up. */
const range = (looks: readonly Vitals[], what: keyof Vitals): readonly number[] =>
  [...new Set(looks.slice(Math.floor(looks.length * WARM_UP)).map((look) => look[what]))].sort((a, b) => a - b);

const figuresOf = ({ looks, honestShare, reloads, flaps }: SoakSide) => ({
  ...{ honest: honestShare, reloads, flaps, looks: looks.length },
  ...{ authorizer: growthOf(looks, 'authorizer', WARM_UP), receiver: growthOf(looks, 'receiver', WARM_UP) },
  ...{ descriptors: range(looks, 'descriptors'), receiverDescriptors: range(looks, 'receiverDescriptors') },
  ...{ children: range(looks, 'children'), zombies: range(looks, 'zombies') },
});

const check = async (side: SoakSide, least: number): Promise<void> => {
  const { authorizer, receiver, ...rest } = figuresOf(side);
  for (const { warm, end, slope } of [authorizer, receiver]) {
    expect(end - warm).toBeLessThan(MOST_GROWTH);
    if (seconds >= LONG_S) expect(slope).toBeLessThan(STEEPEST);
  }
  expect(rest).toMatchObject({ children: [2], zombies: [0] });
  // One may be open for a moment.
  for (const counts of [rest.descriptors, rest.receiverDescriptors])
    expect((counts.at(-1) ?? 0) - (counts[0] ?? 0)).toBeLessThanOrEqual(1);
  expect(rest.honest.share).toBeGreaterThan(least);
  expect({ leaked: side.leaked, untold: await side.untold() }).toEqual({ leaked: [], untold: [] });
};

test(
  'A20 both: mixed traffic for a while: memory is flat, descriptors and children stay as many, nothing is left open',
  { timeout: 180_000 + 2000 * seconds },
  async () => {
    const running = (lab = await Lab.create({ hosts: ['client', 'attacker', 'steady', 'changing'] }));
    const [steady, changing] = await Promise.all([
      SoakSide.create(running, running.host('steady'), false),
      SoakSide.create(running, running.host('changing'), true),
    ]);
    const tell = (): void => console.log(JSON.stringify({ steady: figuresOf(steady), changing: figuresOf(changing) }));
    const telling = setInterval(tell, 60_000);
    try {
      await Promise.all([steady.run(seconds), changing.run(seconds)]);
    } finally {
      clearInterval(telling);
      tell();
    }
    await check(steady, 0.95);
    // A packet that comes while the link is down is lost, and so is one before the next receiver captures.
    await check(changing, 0.5);
  },
);
