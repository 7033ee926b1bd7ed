import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeHex } from '../../src/bytes/encoding.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { deriveTimedKey, isTimedName, timedSequence } from '../../src/knock/timed-sequence.ts';

interface TimedVector {
  title: string;
  secret: string;
  name: string;
  window: number;
  count: number;
  low: number;
  high: number;
  key: string;
  skipped: number;
  steps: string[];
}

const load = (): TimedVector[] => {
  const text = readFileSync(new URL('knock/timed.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { vectors: TimedVector[] }).vectors;
};

const secretOf = (vector: TimedVector): Secret => {
  const secret = Secret.fromBase64(vector.secret);
  if (secret === undefined) throw new Error(`the secret of "${vector.title}" cannot be read`);
  return secret;
};

describe('time-based sequences', () => {
  const vectors = load();

  test('both reasons to skip a word are covered', () => {
    expect(vectors.filter(({ skipped }) => skipped > 0).length).toBeGreaterThanOrEqual(3);
    expect(vectors.find(({ title }) => title.startsWith('a word beyond'))?.skipped).toBe(1);
  });

  test.each(vectors)('$title', (vector) => {
    const secret = secretOf(vector);
    expect(isTimedName(vector.name)).toBe(true);
    expect(encodeHex(deriveTimedKey(secret, vector.name))).toBe(vector.key);
    const { low, high } = vector;
    const steps = timedSequence(secret, vector.name, vector.window, vector.count, { low, high });
    expect(steps.map(({ protocol, port }) => `${String(port)}:${protocol}`)).toEqual(vector.steps);
  });
});
