import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  FRESHNESS_REJECTIONS,
  GATE_REJECTIONS,
  POLICY_REJECTIONS,
  REPLAY_REJECTIONS,
  UNSEAL_REJECTIONS,
} from '../../../src/spa/rejection.ts';

/** Section 9 of the specification as pairs of tag and step. */
const specified = (): [tag: string, step: string][] => {
  const text = readFileSync(new URL('../../../docs/native-packet.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('## 9.'), text.indexOf('## 10.'));
  return [...section.matchAll(/^\| `([a-z-]+)` \| .* \| (\w+) \| (?:counted|audited) \|$/gm)].map((row) => [
    row[1] ?? '',
    row[2] ?? '',
  ]);
};

test('the rejections are those of the specification, step by step and in its order', () => {
  const step = (name: string) => specified().flatMap(([tag, at]) => (at === name ? [tag] : []));
  expect(step('gate')).toEqual(GATE_REJECTIONS);
  expect(step('unsealing')).toEqual(UNSEAL_REJECTIONS);
  expect(step('freshness')).toEqual(FRESHNESS_REJECTIONS);
  expect(step('replay')).toEqual(REPLAY_REJECTIONS);
  expect(step('policy')).toEqual(POLICY_REJECTIONS);
});
