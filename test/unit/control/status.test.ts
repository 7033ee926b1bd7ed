/** The status as it goes over the socket, and the page that people see. */
import { describe, expect, test } from 'vitest';
import { steadyMs } from '../../../src/base/units.ts';
import { RateBook } from '../../../src/control/rates.ts';
import { statusPage } from '../../../src/control/status-page.ts';
import { readStatus } from '../../../src/control/status.ts';
import { STATUS } from './status-values.ts';

const bare = {
  ...{ version: '0.1.0', pid: 1, since: STATUS.since, uptime: 900, via: 'memory', firewall: { kind: 'agrees' } },
  ...{ guard: [], clients: 0, grants: 0, replay: { entries: 0, bytes: 0 }, audit: [], counts: {} },
} as const;

describe('a status', () => {
  test('is read as it was written, whole or with what it must have', () => {
    expect(readStatus(JSON.parse(JSON.stringify(STATUS)))).toEqual(STATUS);
    expect(readStatus({ ...bare, more: 1 })).toMatchObject(bare);
  });

  test.each([
    ...[undefined, null, [], 'x', {}, { ...bare, version: 1 }, { ...bare, guard: 'tcp/22' }, { ...bare, guard: [22] }],
    ...[
      { ...bare, firewall: { kind: 'odd' } },
      { ...bare, firewall: { kind: 'fault' } },
      { ...bare, capture: {} },
    ],
    ...[
      { ...bare, replay: {} },
      { ...bare, counts: { granted: 5 } },
      { ...bare, reload: { time: 'now' } },
    ],
    ...[
      { ...bare, delay: { max: 1 } },
      { ...bare, audit: [{ sink: 'tape', lost: 0, waiting: 0 }] },
      { ...bare, rotations: [{ stanza: 'alice' }] },
    ],
  ])('%j is none', (value) => {
    expect(readStatus(value)).toBeUndefined();
  });

  test('as a page', () => {
    expect(statusPage(STATUS)).toEqual([
      'spad          0.1.0, running for 1d2h3m4s, since 2026-01-01 00:00:00 UTC; process 4711, receiver 4720',
      'capture       eth0 (nflog), since 2026-01-01 00:00:01 UTC, 1 restart',
      'firewall      agrees (nftables through libnftables)',
      'guard         tcp/22, tcp/443; on trial until 2026-01-02 02:04:05 UTC: run "spad confirm" in a new session',
      'clients       12',
      'old key       of alice, until 2026-01-03 00:00:00 UTC; old last used 2026-01-01 05:00:00 UTC, new not used yet',
      'old key       of bob, until 2026-01-31 00:00:00 UTC; old not used yet, new last used 2026-01-01 06:00:00 UTC',
      'grants        3',
      'replay cache  1500 packets, about 293 KiB; packets made before 2026-01-01 12:00:00 UTC are refused',
      'clock         synchronised',
      'delay         at most 3.1 ms, 99 of 100 times within 1.2 ms',
      'audit log     file; syslog, does not take lines (ENOENT), 7 lines wait, 2 lost',
      'last reload   2026-01-01 06:00:00 UTC, refused, the configuration before it stands; spad.conf:3: error: unknown key "prot"',
      '',
      'COUNTER       TOTAL  /s (10 s)  /s (1 min)',
      'granted        1234        0.1        12.0',
      'unknown-hint      7        0.0         0.1',
    ]);
  });

  test('as a page, where there is little to say', () => {
    const page = statusPage({ ...bare, firewall: { kind: 'fault', detail: 'no\nnft' }, clockSynchronised: false });
    expect(page).toContain('firewall      is not as it ought to be: no\\u{a}nft (memory)');
    expect(page).toContain('guard         nothing is guarded');
    expect(page).toContain('last reload   none since the start');
    expect(page.find((line) => line.startsWith('clock'))).toMatch(/^clock +not synchronised: .*chrony/);
    expect(page.at(-1)).toBe('no packet was counted yet');
  });
});

test('more old keys than a page has room for are counted', () => {
  const rotations = Array.from({ length: 12 }, (_, index) => ({
    stanza: `s${String(index)}`,
    until: '2026-01-03T00:00:00.000Z',
  }));
  const rows = statusPage({ ...bare, firewall: { kind: 'agrees' }, rotations }).filter((line) =>
    line.startsWith('old key'),
  );
  expect(rows).toHaveLength(11);
  expect(rows.at(-1)).toMatch(/and 2 more: --json shows all$/);
});

describe('rates', () => {
  const at = (seconds: number) => steadyMs(5000 + seconds * 1000);

  test('are of the last ten seconds and the last minute', () => {
    const book = new RateBook(at(0));
    // Ten a second for a minute and a half, then none.
    for (let second = 1; second <= 120; second += 1) book.sample(at(second), { granted: Math.min(second, 90) * 10 });
    expect(book.show(at(120), { granted: 900 })).toEqual({ granted: { total: 900, per10s: 0, per1min: 5 } });
    expect(book.show(at(120), { granted: 950 })['granted']?.per10s).toBe(5);
  });

  test('are since the start where that is shorter, and new reasons begin at 0', () => {
    const book = new RateBook(at(0));
    expect(book.show(at(0.1), { granted: 4 })).toEqual({ granted: { total: 4, per10s: 4, per1min: 4 } });
    book.sample(at(2), { granted: 4 });
    expect(book.show(at(4), { granted: 4, stale: 8 })).toEqual({
      granted: { total: 4, per10s: 1, per1min: 1 },
      stale: { total: 8, per10s: 2, per1min: 2 },
    });
  });

  test('take a sample a second', () => {
    const book = new RateBook(at(0));
    expect([book.isDue(at(0.9)), book.isDue(at(1))]).toEqual([false, true]);
    book.sample(at(1), {});
    expect(book.isDue(at(1.9))).toBe(false);
  });
});
