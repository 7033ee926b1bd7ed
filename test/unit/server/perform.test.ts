import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/base/address.ts';
import { parsePortSpec } from '../../../src/base/port-spec.ts';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import { NOTHING_WANTED } from '../../../src/firewall/desired.ts';
import type { Decision } from '../../../src/engine/effect.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import type { Grant } from '../../../src/grant/grant.ts';
import { MemoryFirewall } from '../../../server/firewall/memory.ts';
import { doorsOf } from '../knock/doors.ts';
import { perform, type PerformerParts } from '../../../server/perform.ts';

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('a constant of this test is wrong');
  return value;
};

const address = present(parseAddress('192.0.2.7'));
const ssh = present(parsePortSpec('tcp/22'));
const opening: Opening = { ...ssh, address, ends: steadyMs(30_000) };
const grant: Grant = { id: 'g', stanza: 'alice', address, ports: [ssh], ends: steadyMs(30_000), until: unixMs(30_000) };

const plainDoor = present(doorsOf('[front]\nsequence = 1\n')[0]);

const admission = (digest: number): Decision => [
  { kind: 'remember', record: { digest: new Uint8Array(16).fill(digest), time: unixMs(1000) } },
  { kind: 'record-grants', events: [{ kind: 'open', grant }] },
  { kind: 'change-firewall', change: { close: [], open: [opening] }, added: [grant], removed: [] },
  { kind: 'audit', line: { event: 'granted', stanza: 'alice' } },
];

/** Edges that write down what they were asked, in order; `broken` names those that fail. */
const edges = (broken: readonly string[] = []): { parts: PerformerParts; asked: string[] } => {
  const asked: string[] = [];
  const note = (edge: string, what: string): void => {
    asked.push(`${edge} ${what}`);
    if (broken.includes(edge)) throw new Error(`${edge} is broken`);
  };
  const memory = new MemoryFirewall(() => steadyMs(0));
  memory.apply = (changes) =>
    Promise.resolve().then(() => note('firewall', String(changes.flatMap((change) => change.open).length)));
  return {
    asked,
    parts: {
      replay: { append: (records) => note('journal', String(records.length)) },
      codes: { append: (records) => note('codes', String(records.length)) },
      firewall: memory,
      grants: { append: (events) => note('grants', String(events.length)) },
      audit: { append: (lines) => note('audit', String(lines.length)) },
      delay: () => undefined,
      doors: { run: ({ source }) => note('command', source), useUp: ({ door }) => note('sequence', door) },
      fwknop: {
        journal: ({ closes }) => note('closes', String(closes.length)),
        run: ({ run }) => note('program', run.argv.join(' ')),
        ask: ({ id }) => note('question', id),
      },
      replies: { send: (effects) => note('reply', String(effects.length)) },
      connections: { ask: () => undefined },
      grantEvents: () => [],
      adopt: (ports) => note('adopt', String(ports.length)),
      trial: {
        note: () => note('connections', ''),
        answer: ({ refusal }) => note('answer', refusal ?? 'done'),
        giveUp: () => note('end', ''),
      },
    },
  };
};

describe('perform', () => {
  test('a burst is one write of each edge: what remembers first, then the firewall, the audit line last', async () => {
    const { parts, asked } = edges();
    expect(await perform([admission(1), admission(2), admission(3)], parts)).toEqual([]);
    expect(asked).toEqual(['journal 3', 'grants 3', 'firewall 3', 'audit 3']);
  });

  test('a one-time sequence is marked before anything opens, and a command runs after that', async () => {
    const door = { kind: 'use-sequence', file: '/o', steps: [], door: 'front' } as const;
    const run = { kind: 'run-command', door: plainDoor, source: '192.0.2.7', family: 4 } as const;
    const [, record, open, line] = admission(1);
    const decision = [door, record, open, run, line].map(present);
    const good = edges();
    expect(await perform([decision], good.parts)).toEqual([]);
    expect(good.asked).toEqual(['sequence front', 'grants 1', 'firewall 1', 'command 192.0.2.7', 'audit 1']);
    const bad = edges(['sequence']);
    expect(await perform([decision], bad.parts)).toMatchObject([{ effect: door, message: 'sequence is broken' }]);
    expect(bad.asked).toEqual(['sequence front']);
  });

  test('an emergency code is used up before it opens, and one that could not be opens nothing', async () => {
    const use = { kind: 'use-code', record: { owner: new Uint8Array(16), first: 3, last: 3 } } as const;
    const [, ...rest] = admission(1);
    const decision = [use, ...rest];
    const good = edges();
    expect(await perform([decision, admission(2)], good.parts)).toEqual([]);
    expect(good.asked).toEqual(['journal 1', 'codes 1', 'grants 2', 'firewall 2', 'audit 2']);
    const bad = edges(['codes']);
    expect(await perform([decision], bad.parts)).toMatchObject([{ effect: use, message: 'codes is broken' }]);
    expect(bad.asked).toEqual(['codes 1']);
  });

  test('what could not be remembered is not opened', async () => {
    const { parts, asked } = edges(['journal']);
    const decision = admission(1);
    const failures = await perform([decision], parts);
    expect(failures).toMatchObject([{ effect: { kind: 'remember' }, message: 'journal is broken' }]);
    expect(failures[0]?.decision).toBe(decision);
    expect(asked).toEqual(['journal 1']);
  });

  test('what was not opened is not told as granted', async () => {
    const { parts, asked } = edges(['firewall']);
    const failures = await perform([admission(1)], parts);
    expect(failures.map(({ effect }) => effect.kind)).toEqual(['change-firewall']);
    expect(asked).toEqual(['journal 1', 'grants 1', 'firewall 1']);
  });

  test('a decision that fails takes no other down with it', async () => {
    const { parts, asked } = edges(['journal']);
    const line: Decision = [{ kind: 'audit', line: { event: 'rejected', reason: 'replayed' } }];
    const failures = await perform([admission(1), line], parts);
    expect(failures).toHaveLength(1);
    expect(asked).toEqual(['journal 1', 'audit 1']);
  });

  test('a grant that could not be recorded is open, and told as granted all the same', async () => {
    const { parts, asked } = edges(['grants']);
    const failures = await perform([admission(1)], parts);
    expect(failures.map(({ effect }) => effect.kind)).toEqual(['record-grants']);
    expect(asked).toEqual(['journal 1', 'grants 1', 'firewall 1', 'audit 1']);
  });
});

test('a reload between two packets stays between them', async () => {
  const { parts, asked } = edges();
  const reload: Decision = [{ kind: 'synchronize-firewall', wanted: { ...NOTHING_WANTED, guard: [ssh] } }];
  parts.firewall.synchronize = () => {
    asked.push('synchronize');
    return Promise.resolve();
  };
  await perform([admission(1), reload, admission(2)], parts);
  expect(asked.filter((line) => !/grants|audit/.test(line))).toEqual([
    'journal 1',
    'firewall 1',
    'synchronize',
    'journal 1',
    'firewall 1',
  ]);
});
