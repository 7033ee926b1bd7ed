import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  FRESHNESS_REJECTIONS,
  CODE_REJECTIONS,
  FWKNOP_POLICY_REJECTIONS,
  FWKNOP_SIGNATURE_REJECTIONS,
  FWKNOP_GATE_REJECTIONS,
  FWKNOP_UNSEAL_REJECTIONS,
  GATE_REJECTIONS,
  KEY_REJECTIONS,
  POLICY_REJECTIONS,
  REPLAY_REJECTIONS,
  UNSEAL_REJECTIONS,
} from '../../../src/spa/rejection.ts';

/** The rejections of a specification, in its section between two headings, as pairs of tag and step. */
const specified = (page: string, start: string, end: string): [tag: string, step: string][] => {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
  const section = text.slice(text.indexOf(start), text.indexOf(end));
  return [...section.matchAll(/^\| `([a-z-]+)` \| .* \| (\w+) \| (?:counted|audited) \|$/gm)].map((row) => [
    row[1] ?? '',
    row[2] ?? '',
  ]);
};

test('the rejections are those of the specification, step by step and in its order', () => {
  const step = (name: string) =>
    specified('native-packet.md', '## 9.', '## 10.').flatMap(([tag, at]) => (at === name ? [tag] : []));
  expect(step('gate')).toEqual(GATE_REJECTIONS);
  expect(step('unsealing')).toEqual(UNSEAL_REJECTIONS);
  expect(step('key')).toEqual(KEY_REJECTIONS);
  expect(step('freshness')).toEqual(FRESHNESS_REJECTIONS);
  expect(step('replay')).toEqual(REPLAY_REJECTIONS);
  expect(step('code')).toEqual(CODE_REJECTIONS);
  expect(step('policy')).toEqual(POLICY_REJECTIONS);
});

test('those of fwknop’s packets, too', () => {
  const step = (name: string) =>
    specified('fwknop-packet.md', '## 12.', '## 13.').flatMap(([tag, at]) => (at === name ? [tag] : []));
  expect(step('gate')).toEqual(FWKNOP_GATE_REJECTIONS);
  expect(step('unsealing')).toEqual(FWKNOP_UNSEAL_REJECTIONS);
});

test('what stanzas of fwknop’s and gpg say stands in the description of the audit log', () => {
  const text = readFileSync(new URL('../../../docs/audit-log.md', import.meta.url), 'utf8');
  const words = [...FWKNOP_SIGNATURE_REJECTIONS, ...FWKNOP_POLICY_REJECTIONS];
  expect(words.filter((word) => !text.includes(`\`${word}\``))).toEqual([]);
});
