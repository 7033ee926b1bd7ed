/** docs/explain.md: a packet, the road it took and what it comes to, as words. */
import { describe, expect, test } from 'vitest';
import { seconds, unixMs } from '../../../src/base/units.ts';
import {
  ageWords,
  type Explanation,
  formatExplanation,
  refusalWords,
  requestWords,
} from '../../../src/explain/explanation.ts';
import { ip, portOf, ports, requestOf } from '../values.ts';

const NOW = unixMs(Date.UTC(2026, 10, 20, 14, 13, 28, 129));

const packet: Explanation = {
  ...{ number: 1, time: NOW, source: '192.0.2.9:40112', destination: '192.0.2.1:62201', protocol: 'udp', bytes: 176 },
  ...{ format: 'native', audit: [], outcome: 'granted', reason: undefined },
  steps: [
    { step: 'hint', words: 'of alice' },
    { step: 'unsealed', words: 'open tcp/22 for its source, for 30s' },
  ],
  words: 'granted tcp/22 for 192.0.2.9 until 2026-11-20T14:13:58.129Z',
};

describe('a packet', () => {
  test('is told as the page shows it', () => {
    expect(formatExplanation(packet))
      .toBe(`#1  2026-11-20T14:13:28.129Z  192.0.2.9:40112 > 192.0.2.1:62201  udp, 176 bytes: native
    hint      of alice
    unsealed  open tcp/22 for its source, for 30s
    => granted tcp/22 for 192.0.2.9 until 2026-11-20T14:13:58.129Z
`);
  });

  test('is told without what is not known of it', () => {
    const head = (changes: Partial<Explanation>): string | undefined =>
      formatExplanation({ ...packet, ...changes }).split('\n')[0];
    expect(head({ destination: undefined })).toBe(
      '#1  2026-11-20T14:13:28.129Z  192.0.2.9:40112  udp, 176 bytes: native',
    );
    expect(head({ source: undefined, protocol: undefined, format: 'other' })).toBe(
      '#1  2026-11-20T14:13:28.129Z  frame, 176 bytes: other',
    );
  });
});

test('a refusal has its meaning behind it, where there is one', () => {
  expect(refusalWords('rejected', 'replayed')).toMatch(/^rejected: replayed \(.+\)$/);
  expect(refusalWords('failed', 'no-word-of-ours')).toBe('failed: no-word-of-ours');
});

test.each([
  ['open the ports that its stanza names for its source', requestOf()],
  ['open tcp/22, udp/53 for its source, for 30s', requestOf({ ports: ports('tcp/22 udp/53'), openFor: seconds(30) })],
  [
    'open tcp/22 for 192.0.2.9 and 2001:db8::9',
    requestOf({
      ports: ports('tcp/22'),
      addresses: ['192.0.2.9', '2001:db8::9'].map((text) => ({
        address: ip(text),
        prefix: text.includes(':') ? 128 : 32,
      })),
    }),
  ],
  ['close tcp/22 for its source', requestOf({ type: 'close', ports: ports('tcp/22'), openFor: seconds(30) })],
  [
    'open tcp/22 for its source, forwarded; wants an answer',
    requestOf({
      ports: ports('tcp/22'),
      forward: { kind: 'address', address: ip('10.0.0.5'), port: portOf(22) },
      reply: true,
    }),
  ],
])('%s', (words, request) => {
  expect(requestWords(request)).toBe(words);
});

test('an age is told by both clocks', () => {
  const made = unixMs(NOW - 27);
  expect(ageWords(made, NOW, 120_000)).toBe('made 2026-11-20T14:13:28.102Z: 0.0 s old; 120 s are allowed');
  expect(ageWords(unixMs(NOW + 2500), NOW, 120_000)).toBe(
    'made 2026-11-20T14:13:30.629Z: 2.5 s ahead; 120 s are allowed',
  );
  expect(ageWords(made, NOW, Number.POSITIVE_INFINITY)).toContain('; packets do not age');
});
