/**
 * No input makes a decoder throw, hang or give what is not in its list: a short run of every target, with the same inputs
 * each time (`npm run fuzz -- TARGET [SECONDS]` for longer, docs/fuzzing.md); and the fuzzer finds what is hidden from it.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFuzzer } from '../../tools/instrumented-bundle.ts';
import { repositoryRoot } from '../support/paths.ts';
import { keptTargets } from './kept.ts';
import { targets } from './targets.ts';

const ROOT = repositoryRoot();
/** Runs of a target, of which slow ones get through fewer in their time, in seconds. */
const EXECUTIONS = 1500;
const SECONDS = 2;

let folder = '';

/** What it printed; its exit status says only whether it found something. */
const fuzz = async (name: string, seconds: number, executions: number, ...more: string[]): Promise<string> => {
  const program = join(folder, 'fuzzer.mjs');
  const options = ['--fresh', '--seed', '1', '--executions', String(executions), ...more];
  const args = ['--enable-source-maps', program, name, String(seconds), ...options];
  try {
    return (await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 1 << 24 })).stdout;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 1 && 'stdout' in error) return String(error.stdout);
    throw error;
  }
};

beforeAll(async () => {
  // Within the checkout, where the packages are found.
  folder = mkdtempSync(join(ROOT, 'node_modules', '.fuzz-'));
  await bundleFuzzer(ROOT, join(folder, 'fuzzer.mjs'));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('every decoder', () => {
  let output = '';

  beforeAll(async () => {
    output = await fuzz('all', SECONDS, EXECUTIONS);
  }, 600_000);

  test.each(targets.map(({ name }) => name))('%s', (name) => {
    const end = output.split('\n').find((line) => line.startsWith(`${name}: `));
    expect(end, output).toMatch(/ 0 findings,/);
    expect(Number(/(\d+) edges/.exec(end ?? '')?.[1]), 'it calls nothing of ours').toBeGreaterThan(0);
  });
});

test('what was found once is of a target that is there', () => {
  const names = targets.map(({ name }) => name);
  expect(keptTargets().filter((name) => !names.includes(name))).toEqual([]);
});

describe('the fuzzer itself', () => {
  test.each([
    ['planted-nested', 'it is behind six conditions', '3e3b3a363e6a'],
    ['planted-magic', 'it is behind a comparison of four bytes', 'e3e0f1f4'],
  ])('%s is found by what inputs do, and not without', { timeout: 120_000 }, async (name, complaint, bytes) => {
    const found = await fuzz(name, 60, 60_000);
    expect(found).toContain(`✗ ${name} ${complaint}`);
    expect(found).toContain(bytes);
    expect(await fuzz(name, 60, 60_000, '--blind')).toMatch(/ 0 findings,/);
  });

  test('a run without an end is found, and the fuzzer ends', { timeout: 120_000 }, async () => {
    const found = await fuzz('planted-hang', 60, 1_000_000);
    expect(found).toContain('✗ planted-hang ran for 10 s without an end');
    expect(found).toMatch(/input: 6821/);
  });
});
