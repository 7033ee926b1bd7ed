import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GrantStore } from '../../../server/store/grant-store.ts';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import type { Grant } from '../../../src/grant/grant.ts';
import type { GrantEvent, LogMoment } from '../../../src/grant/record.ts';
import { grantOf } from '../values.ts';

const NOW: LogMoment = { wall: unixMs(1_700_000_000_000), steady: steadyMs(0), boot: 'this-run' };
const now = (): LogMoment => NOW;
const opened = (grant: Grant): GrantEvent => ({ kind: 'open', grant });

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  path = join(folder, 'grants.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const lineCount = (): number => readFileSync(path, 'utf8').split('\n').length - 1;

test('many live grants are seldom counted, and each has its line', () => {
  const { store } = GrantStore.open(path, now);
  const live: GrantEvent[] = [];
  let counted = 0;
  for (let number = 0; number < 5000; number++) {
    const grant = grantOf(`10.0.${String(number >> 8)}.${String(number & 255)}`, 'tcp/22', 60_000);
    live.push(opened(grant));
    store.append([opened(grant)], () => {
      counted += 1;
      return live;
    });
  }
  store.close();
  expect(lineCount()).toBe(5000);
  expect(counted).toBeLessThan(10);
});

test('a log of what is mostly over is written anew', () => {
  const { store } = GrantStore.open(path, now);
  const only = grantOf('192.0.2.1', 'tcp/22', 60_000);
  for (let number = 0; number < 5000; number++) store.append([opened(only)], () => [opened(only)]);
  store.close();
  expect(lineCount()).toBeLessThan(1100);
  expect(GrantStore.open(path, now).grants.map(({ id }) => id)).toEqual([only.id]);
});
