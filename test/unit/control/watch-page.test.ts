/** The live view of one moment (docs/control.md), line by line. test/property/watch-page.property.test.ts has any terminal. */
import { describe, expect, test } from 'vitest';
import { paint } from '../../../src/base/styled.ts';
import { unixMs } from '../../../src/base/units.ts';
import { ASCII_BLOCKS } from '../../../src/control/sparkline.ts';
import type { Status } from '../../../src/control/status.ts';
import type { WatchAnswer } from '../../../src/control/watch-answer.ts';
import { type ScreenSize, watchPage, type WatchView } from '../../../src/control/watch-page.ts';
import { STATUS } from './status-values.ts';

const NOW = unixMs(Date.UTC(2026, 0, 2, 2, 3, 4));
const WIDE: ScreenSize = { columns: 120, rows: 40 };

const answerOf = (changes: Partial<Status> = {}, parts: Partial<WatchAnswer> = {}): WatchAnswer => ({
  ...{ status: { ...STATUS, ...changes }, grants: [], rates: {} },
  ...parts,
});

const page = (
  answer: WatchAnswer | undefined,
  changes: Partial<WatchView> = {},
  size = WIDE,
  colour = false,
): string[] =>
  watchPage(
    {
      answer,
      ...{ trouble: 'spad does not answer', age: 0, refusals: [], now: NOW, blocks: ASCII_BLOCKS, footer: '' },
      ...changes,
    },
    size,
  ).map((line) => paint(line, colour));

const grant = (stanza: string, left: number, forward?: string) => ({
  ...{ id: stanza, stanza, address: '192.0.2.9', ports: ['tcp/22', 'udp/53'], until: '2026-01-02T02:04:04.000Z', left },
  ...(forward === undefined ? {} : { forward }),
});

describe('the head', () => {
  test('says what the status says', () => {
    expect(page(answerOf()).slice(0, 4)).toEqual([
      'spad 0.1.0  up 1d2h3m5s  2026-01-02 02:03:04Z  clock synchronised',
      'capture   eth0 (nflog), for 1d2h3m3s, 1 restart',
      'firewall  agrees (nftables through libnftables)',
      'guard     tcp/22, tcp/443; on trial: run "spad confirm" in a new session',
    ]);
  });

  test('says what is not as it should be', () => {
    const { capture: _, trialUntil: __, ...rest } = STATUS;
    const broken: Status = {
      ...{ ...rest, clockSynchronised: false, guard: [] },
      firewall: { kind: 'fault', detail: 'no table' },
    };
    const lines = page({ status: broken, grants: [], rates: {} });
    expect(lines[0]).toMatch(/clock not synchronised$/);
    expect(lines.slice(1, 4)).toEqual([
      'capture   none yet: the log of the daemon says why',
      'firewall  is not as it ought to be: no table (nftables through libnftables)',
      'guard     nothing is guarded',
    ]);
    const coloured = page({ status: broken, grants: [], rates: {} }, {}, WIDE, true);
    expect(coloured[2]).toContain('\u001b[31mis not');
    expect(page(answerOf(), {}, WIDE, true)[2]).not.toContain('\u001b[');
  });

  test('says nothing of a clock that the kernel does not tell of, and of restarts that were not', () => {
    const { clockSynchronised: _, ...rest } = STATUS;
    const capture = { on: 'any', since: 'at some time', restarts: 0 };
    const lines = page({ status: { ...rest, capture }, grants: [], rates: {} });
    expect(lines[0]).not.toContain('clock');
    expect(lines[1]).toBe('capture   any, for -');
  });

  test('is the trouble, where there is no answer', () => {
    expect(page(undefined)).toEqual(['spad does not answer', '', 'REFUSED  the latest first', 'nobody']);
  });
});

describe('the sections', () => {
  /** The lines below a title, to the next empty one. */
  const section = (lines: readonly string[], title: string): string[] => {
    const from = lines.findIndex((line) => line.startsWith(title)) + 1;
    const to = lines.indexOf('', from);
    return lines.slice(from, to < 0 ? undefined : to);
  };

  test('grants count down, and those that have ended meanwhile are gone', () => {
    const grants = [grant('alice', 65_000), grant('bob', 12_000, '10.0.0.5:22'), grant('carol', 1500)];
    const lines = page(answerOf({}, { grants }), { age: 2000 });
    expect(section(lines, 'GRANTS')).toEqual([
      '    1m3s  alice  192.0.2.9  tcp/22, udp/53',
      '     10s  bob    192.0.2.9  tcp/22, udp/53 to 10.0.0.5:22',
    ]);
    expect(section(page(answerOf()), 'GRANTS')).toEqual(['nothing is open']);
  });

  test('one that is about to end is odd', () => {
    const [first, second] = section(
      page(answerOf({}, { grants: [grant('alice', 9999), grant('bob', 10_000)] }), {}, WIDE, true).map((line) =>
        line.replaceAll('\u001b', ''),
      ),
      '[1mGRANTS',
    );
    expect(first).toContain('[33m');
    expect(second).toContain('[32m');
  });

  test('packets that were let in come first, then those that were not, then what is of the daemon', () => {
    const counts = Object.fromEntries(
      ['expired', 'stale', 'unknown-hint', 'granted'].map((name, index) => [
        name,
        { total: 10 * (index + 1), per10s: index, per1min: 0 },
      ]),
    );
    const rates = { granted: [0, 0, 5] };
    const rows = section(page(answerOf({ counts }, { rates })), 'PACKETS');
    expect(rows.map((row) => row.trim().split(/\s+/)[0])).toEqual(['granted', 'unknown-hint', 'stale', 'expired']);
    expect(rows[0]).toMatch(/^ {2}granted +3\.0\/s .* 40$/);
    expect(section(page(answerOf({ counts: {} })), 'PACKETS')).toEqual(['none was counted yet']);
  });

  test('refusals tell how long ago and how often', () => {
    const refusal = {
      source: '192.0.2.66',
      client: 'bob',
      reason: 'stale',
      count: 1,
      time: '2026-01-02T02:02:59.000Z',
    };
    const lines = page(answerOf(), { refusals: [refusal, { ...refusal, count: 3, reason: 'replayed', time: '?' }] });
    expect(section(lines, 'REFUSED')).toEqual([
      '      5s  192.0.2.66  bob  stale',
      '       -  192.0.2.66  bob  replayed, 3 times',
    ]);
  });

  test('what has no room is counted', () => {
    const grants = Array.from({ length: 20 }, (_, index) => grant(`c${String(index)}`, 60_000 + index));
    const lines = page(answerOf({}, { grants }), { footer: 'q: quit' }, { columns: 80, rows: 18 });
    expect(lines).toHaveLength(18);
    expect(lines.at(-1)).toBe('q: quit');
    const shown = section(lines, 'GRANTS');
    expect(shown.at(-1)).toBe(`  and ${String(20 - shown.length + 1)} more`);
  });
});
