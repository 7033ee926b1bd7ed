import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Work } from '../../../server/work.ts';
import type { Decision } from '../../../src/engine/effect.ts';
import type { Input } from '../../../src/engine/input.ts';

const told: Decision = [{ kind: 'audit', line: { event: 'rejected' } }];
const granted: Decision = [
  { kind: 'change-firewall', change: { close: [], open: [] }, added: [], removed: [] },
  { kind: 'audit', line: { event: 'granted' } },
];
const expired: Decision = [
  { kind: 'record-grants', events: [] },
  { kind: 'audit', line: { event: 'expired' } },
];

/** Inputs mean decisions by their kinds; each change of the firewall takes `slowMs`. */
const bench = (slowMs: number): { work: Work; done: string[] } => {
  const done: string[] = [];
  const decide = ({ kind }: Input): readonly Decision[] =>
    kind === 'tick' ? [expired] : kind === 'report' ? [told] : [granted];
  const perform = async (decisions: readonly Decision[]): Promise<void> => {
    if (decisions.includes(granted)) await sleep(slowMs);
    done.push(
      decisions
        .map((decision) => (decision === granted ? 'granted' : decision === told ? 'told' : 'expired'))
        .join(' '),
    );
  };
  return { work: new Work({ decide, perform }), done };
};

const grant: Input = { kind: 'firewall-repaired' };

test('a slow firewall holds up grants alone, and what is about grants keeps its order', async () => {
  const { work, done } = bench(1000);
  work.add(grant);
  await sleep(20);
  work.add({ kind: 'report' });
  work.add({ kind: 'tick' });
  work.add(grant);
  await sleep(300);
  work.add({ kind: 'report' });
  await sleep(20);
  expect(done).toEqual(['told', 'told']);
  await work.settle();
  expect(done).toEqual(['told', 'told', 'granted', 'expired granted']);
});

test('what comes in one go is one batch, in its order', async () => {
  const { work, done } = bench(0);
  for (const input of [grant, { kind: 'report' }, grant, { kind: 'tick' }] as const) work.add(input);
  await work.settle();
  expect(done).toEqual(['granted told granted expired']);
});

test('while the firewall is quick, nothing is told before what was decided earlier', async () => {
  const { work, done } = bench(20);
  work.add(grant);
  await sleep(5);
  work.add({ kind: 'report' });
  await work.settle();
  expect(done).toEqual(['granted', 'told']);
});

test('settles where nothing has to be done, and after what came meanwhile', async () => {
  const { work, done } = bench(30);
  await work.settle();
  work.add(grant);
  const settled = work.settle();
  await sleep(10);
  work.add(grant);
  await settled;
  expect(done).toEqual(['granted', 'granted']);
});
