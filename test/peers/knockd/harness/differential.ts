/** Makes a test of every scenario: knockd against its record, `spad knockd` against knockd. */
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { Run } from './run.ts';
import type { Scenario, Side } from './scenario.ts';
import type { Transcript } from './transcript.ts';

/** Set to one side's name to play that side alone: `PEERS_SIDE=knockd` needs no build. */
const ALONE = process.env['PEERS_SIDE'];

const RECORDS = new URL('../recorded/', import.meta.url);

async function play(side: Side, scenario: Scenario): Promise<Transcript> {
  const run = await Run.create(side);
  try {
    return await run.play(scenario);
  } finally {
    await run.close();
  }
}

function sorted(transcript: Transcript, scenario: Scenario): Transcript {
  const changes: Record<string, string> = {};
  for (const title of scenario.unordered ?? []) {
    changes[title] = `${transcript
      .section(title)
      .split('\n')
      .filter((line) => line !== '')
      .sort()
      .join('\n')}\n`;
  }
  return transcript.with(changes);
}

/** One test a scenario, all of a file at the same time as far as the machine goes. */
export function differential(scenarios: readonly Scenario[]): void {
  for (const scenario of scenarios) {
    test.concurrent(scenario.name, { timeout: scenario.timeoutMs ?? 60_000 }, async ({ expect }) => {
      const record = fileURLToPath(new URL(`${scenario.name}.txt`, RECORDS));
      const sides = (['knockd', 'spad'] as const).filter((side) => side === (scenario.only ?? side));
      const played = new Map<Side, Transcript>();
      for (const side of sides) {
        if (ALONE === undefined || ALONE === side) played.set(side, sorted(await play(side, scenario), scenario));
      }
      const real = played.get('knockd');
      const ours = played.get('spad');
      if (real !== undefined) await expect(real.toString(), 'knockd').toMatchFileSnapshot(record);
      if (ours === undefined) return;
      if (real === undefined) {
        await expect(ours.toString(), 'spad').toMatchFileSnapshot(record);
        return;
      }
      const wanted = sorted(real.with(scenario.differs?.spad ?? {}), scenario);
      expect(ours.toString(), scenario.differs?.why ?? 'spad knockd must do what knockd did').toBe(wanted.toString());
    });
  }
}
