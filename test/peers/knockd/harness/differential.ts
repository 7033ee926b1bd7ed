/** Makes a test of every scenario: knockd against its record, `spad knockd` against knockd. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExpectStatic, test } from 'vitest';
import { Run } from './run.ts';
import type { Scenario, Side } from './scenario.ts';
import { Transcript } from './transcript.ts';

/** Set to one side's name to play it alone: `knockd` needs no build, `spad` is compared with the record. */
const ALONE = process.env['PEERS_SIDE'];

/** A folder for the transcripts: NAME.wanted and NAME.got, to look at with `diff -ru`. */
const KEEP = process.env['PEERS_KEEP'];

const RECORDS = new URL('../recorded/', import.meta.url);

interface Played {
  readonly transcript: Transcript;
  readonly pace: readonly number[];
}

async function play(side: Side, scenario: Scenario, follow: readonly number[] = []): Promise<Played> {
  const run = await Run.create(side, follow);
  try {
    return { transcript: sorted(await run.play(scenario), scenario), pace: run.pace };
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

/** What knockd does, checked against the record; or the record alone. */
async function knockd(scenario: Scenario, expect: ExpectStatic): Promise<Played> {
  const record = fileURLToPath(new URL(`${scenario.name}.txt`, RECORDS));
  if (ALONE === 'spad') return { transcript: Transcript.parse(readFileSync(record, 'utf8')), pace: [] };
  const real = await play('knockd', scenario);
  await expect(real.transcript.toString(), 'knockd itself has changed').toMatchFileSnapshot(record);
  return real;
}

async function compare(scenario: Scenario, expect: ExpectStatic): Promise<void> {
  const real = await knockd(scenario, expect);
  if (ALONE === 'knockd') return;
  const wanted = sorted(real.transcript.with(scenario.differs?.spad ?? {}), scenario).toString();
  const got = (await play('spad', scenario, real.pace)).transcript.toString();
  if (KEEP !== undefined) {
    writeFileSync(join(KEEP, `${scenario.name}.wanted`), wanted);
    writeFileSync(join(KEEP, `${scenario.name}.got`), got);
  }
  expect(got, scenario.differs?.why ?? 'spad knockd must do what knockd did').toBe(wanted);
}

/** One test a scenario, all of a file at the same time as far as the machine goes. */
export function differential(scenarios: readonly Scenario[]): void {
  for (const scenario of scenarios) {
    const timeout = scenario.timeoutMs ?? 120_000;
    test.concurrent(scenario.name, { timeout }, ({ expect }) => compare(scenario, expect));
  }
}
