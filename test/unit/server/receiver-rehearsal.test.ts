import { expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import { type Handoff, HandoffReader } from '../../../src/engine/handoff.ts';
import { rehearse } from '../../../server/receiver/rehearsal.ts';
import { portOf } from '../values.ts';

test('every made-up packet passes the gate and is handed to nobody', async () => {
  const reader = new HandoffReader();
  const messages: Handoff[] = [];
  await rehearse(unixMs(1_767_225_600_000), portOf(62_201), (bytes) => {
    messages.push(...reader.push(bytes));
    return bytes.length;
  });
  // Had the gate refused one, it would have been counted, and the counts told.
  expect(new Set(messages.map(({ kind }) => kind))).toEqual(new Set(['candidate']));
  expect(messages).toHaveLength(320);
});
