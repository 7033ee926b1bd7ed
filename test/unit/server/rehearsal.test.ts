import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Rehearsal } from '../../../server/rehearsal.ts';
import { waitUntil } from '../../support/wait.ts';

test("every made-up packet goes the whole road and opens a port that is nobody's", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  try {
    const rehearsal = new Rehearsal(() => true, join(folder, 'audit.jsonl'));
    await rehearsal.playAll();
    const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events.filter((event) => event === 'granted')).toHaveLength(600);
    // Grants end as the made-up time goes by; nothing is refused, and nothing fails.
    expect(new Set(events)).toEqual(new Set(['granted', 'expired', 'counted']));
    expect(readdirSync(folder)).toEqual(['audit.jsonl']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('waits while the daemon has something better to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  const audit = join(folder, 'audit.jsonl');
  let busy = true;
  const rehearsal = new Rehearsal(() => busy, audit);
  try {
    rehearsal.start();
    await sleep(100);
    expect(readFileSync(audit, 'utf8')).toBe('');
    busy = false;
    await waitUntil('a packet that has gone the road', () => readFileSync(audit, 'utf8') !== '');
  } finally {
    rehearsal.stop();
    rmSync(folder, { recursive: true });
  }
});
