import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Rehearsal } from '../../../server/rehearsal.ts';

test("every made-up packet goes the whole road and opens a port that is nobody's", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  try {
    const rehearsal = new Rehearsal(join(folder, 'audit.jsonl'));
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
