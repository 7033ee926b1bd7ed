/** Audit logs in the order of their first lines, with nothing left open behind them. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inOrder } from '../../../server/report/read-log.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const openHere = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;

/** So long that nobody has read to its end who has found the first line. */
const log = (day: number): string =>
  Array.from(
    { length: 5000 },
    (_, index) =>
      `{"time":"2026-11-${String(day).padStart(2, '0')}T00:00:00Z","event":"rejected","n":${String(index)},"x":"${Math.random().toString(36).repeat(20)}"}`,
  ).join('\n');

test('compressed ones and others, oldest first; whoever has seen the first line lets go of the file', async () => {
  const files = [12, 3, 20, 7].map((day) => {
    const path = join(folder, `audit.jsonl.${String(day)}`);
    writeFileSync(path, day % 2 === 0 ? log(day) : gzipSync(log(day)));
    return path;
  });
  const ordered = await inOrder(files);
  expect(ordered.map((path) => path.split('.').at(-1))).toEqual(['3', '7', '12', '20']);
  await expect.poll(openHere, { timeout: 20_000 }).toBe(0);
});
