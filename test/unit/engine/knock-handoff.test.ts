import { expect, test } from 'vitest';
import { encodeHandoff, HandoffReader, MAX_HANDOFF } from '../../../src/engine/handoff.ts';
import { decodeKnocks, encodeKnocks, MAX_KNOCKS } from '../../../src/engine/knock-handoff.ts';
import { knock, SERVER6 } from '../knock/doors.ts';

const v4 = knock('7000');
const v6 = { ...knock('65535:udp', { from: 'fe80::1', to: SERVER6, at: 1_795_000_000.123 }), length: 65_549 };

test('knocks come out of the pipe as they went in', () => {
  const reader = new HandoffReader();
  const bytes = encodeHandoff({ kind: 'knocks', knocks: [v4, v6, v4] });
  expect(reader.push(bytes.subarray(0, 30))).toEqual([]);
  expect(reader.push(bytes.subarray(30))).toEqual([{ kind: 'knocks', knocks: [v4, v6, v4] }]);
});

test('the most there can be fit into one message', () => {
  const knocks = Array.from({ length: MAX_KNOCKS }, () => v6);
  expect(encodeHandoff({ kind: 'knocks', knocks }).length).toBeLessThanOrEqual(MAX_HANDOFF);
  expect(encodeHandoff({ kind: 'knocks', knocks: [...knocks, v6] }).length).toBeGreaterThan(MAX_HANDOFF - 60);
});

test('what is no list of knocks is a breach', () => {
  const good = encodeKnocks([v4]);
  for (const [place, value] of [
    [8, 5],
    [17, 1],
    [0, 0xff],
  ] as const) {
    const bad = good.slice();
    bad[place] = value;
    expect(decodeKnocks(bad)).toBeUndefined();
  }
  for (let length = 1; length < good.length; length += 1)
    expect(decodeKnocks(good.subarray(0, length))).toBeUndefined();
});
