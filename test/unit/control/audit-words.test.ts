/** What `spad tail` makes of audit lines, and which of them its options choose. */
import { describe, expect, test } from 'vitest';
import { parseCidr } from '../../../src/base/address.ts';
import { paint } from '../../../src/base/styled.ts';
import { type AuditRecord, decodeFollowed, isWanted, type RecordFilter } from '../../../src/control/audit-record.ts';
import { auditWords } from '../../../src/control/audit-words.ts';
import { present } from '../values.ts';

const T = '2026-11-20T14:13:28.136Z';
const say = (members: object, colour = false): string =>
  paint(auditWords(present(decodeFollowed(JSON.stringify(members)))), colour);

describe('an audit line for people', () => {
  test.each([
    [
      {
        ...{ event: 'granted', stanza: 'alice', format: 'native', source: '192.0.2.9', allow: '192.0.2.9' },
        ...{ ports: ['tcp/22', 'tcp/443'], until: '2026-11-20T14:13:58.129Z' },
      },
      'granted     alice       192.0.2.9        tcp/22, tcp/443  until 14:13:58Z (30s)',
    ],
    [
      { event: 'granted', stanza: 'bob', source: '192.0.2.9', allow: ['192.0.2.9', '2001:db8::9'], ports: ['tcp/22'] },
      'granted     bob         192.0.2.9        tcp/22 for 192.0.2.9 and 2001:db8::9',
    ],
    [
      {
        event: 'granted',
        stanza: 'operator',
        allow: '192.0.2.7',
        ports: ['tcp/22'],
        until: '2026-11-21T14:13:28.136Z',
      },
      'granted     operator                     tcp/22 for 192.0.2.7  until 2026-11-21 14:13:28Z (1d)',
    ],
    [
      { event: 'rejected', stanza: 'carol', source: '203.0.113.9', reason: 'stale', skew: -95 },
      'rejected    carol       203.0.113.9      stale (its clock is 1m35s behind)',
    ],
    [
      { event: 'rejected', source: '203.0.113.9', reason: 'bad-tag' },
      'rejected    -           203.0.113.9      bad-tag',
    ],
    [
      { event: 'revoked', stanza: 'alice', allow: '192.0.2.9', ports: ['tcp/22'], reason: 'operator', until: T },
      'revoked     alice                        tcp/22 for 192.0.2.9  would have held until 14:13:28Z  operator',
    ],
    [{ event: 'failed', stanza: 'x', detail: 'no\\u{a}nft' }, 'failed      x                            no\\u{a}nft'],
    [{ event: 'counted', counts: { stale: 2, granted: 30, junk: 0 } }, 'counted     granted 30, stale 2'],
    [
      { event: 'expired', stanza: 'bob', allow: '192.0.2.9', ports: ['tcp/9'], until: T },
      'expired     bob                          tcp/9 for 192.0.2.9  at 14:13:28Z',
    ],
    [{ event: 'stopped' }, 'stopped'],
  ])('%j', (members, text) => {
    expect(say({ time: T, ...members })).toBe(`2026-11-20 14:13:28Z  ${text}`);
  });

  test('tells what is missing', () => {
    expect(say({ lost: 12 })).toMatch(/12 older lines are lost/);
  });

  test('shows neither control characters nor those that turn text around, and colours only where it is told to', () => {
    const members = {
      time: 'now\u001b[2J',
      event: 'rejected',
      stanza: 'a\u202eb',
      reason: 'x\r\ny',
      detail: '\u009b1m',
    };
    expect(say(members)).toBe('now\\u{1b}[2J  rejected    a\\u{202e}b                   x\\u{d}\\u{a}y  \\u{9b}1m');
    expect(say({ time: T, event: 'rejected', reason: 'stale' }, true)).toContain('\u001b[33mrejected');
  });
});

describe('of all lines are wanted', () => {
  const ALL: RecordFilter = { events: [], reasons: [], clients: [], sources: [] };
  const record: AuditRecord = {
    ...{ time: T, event: 'rejected', stanza: 'carol', source: '203.0.113.9', reason: 'stale' },
  };
  const network = (text: string) => [present(parseCidr(text))];

  test.each([
    [{}, true],
    [{ events: ['granted', 'rejected'] }, true],
    [{ events: ['granted'] }, false],
    [{ reasons: ['stale'], clients: ['carol'] }, true],
    [{ reasons: ['stale'], clients: ['alice'] }, false],
    [{ sources: network('203.0.113.0/24') }, true],
    [{ sources: network('203.0.113.9') }, true],
    [{ sources: network('2001:db8::/32') }, false],
  ])('those of %j', (filter, is) => {
    expect(isWanted(record, { ...ALL, ...filter })).toBe(is);
  });

  test('none without a source, where a source is asked for', () => {
    expect(isWanted({ time: T, event: 'stopped' }, { ...ALL, sources: network('0.0.0.0/0') })).toBe(false);
  });
});
