/** The audit line for syslog and journald, by the words of RFC 5424 and of journald's protocol. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditEntry, type AuditLine } from '../../../src/engine/audit.ts';
import { encodeJournalEntry, formatSyslog } from '../../../src/engine/audit-message.ts';
import { ip, ports } from '../values.ts';
import { unixMs } from '../../../src/base/units.ts';

const TIME = unixMs(1_767_225_600_123);
const WRITER = { host: 'gw1', pid: 4711 };
const GRANTED: AuditLine = {
  ...{ event: 'granted', stanza: 'alice', format: 'native', source: ip('192.0.2.9') },
  ...{ allow: [ip('192.0.2.9'), ip('2001:db8::9')], ports: ports('tcp/22 udp/53'), until: unixMs(TIME + 30_000) },
};

const syslog = (line: AuditLine, host = WRITER.host): string =>
  Buffer.from(formatSyslog(auditEntry(line, TIME), { ...WRITER, host })).toString();

/** Section 6, with what section 6.3 says of escapes: `"`, `\` and `]`, and nothing else. */
const RFC5424 =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) (-|[!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (-|\[[!#-<>-\\^-~]{1,32}(?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\]) (.*)$/su;

describe('for syslog', () => {
  test('a grant: authpriv, notice, its members, and the whole line', () => {
    const [, priority, time, host, app, pid, id, structured, text] = RFC5424.exec(syslog(GRANTED)) ?? [];
    expect({ priority, time, host, app, pid, id }).toEqual({
      ...{ priority: String(10 * 8 + 5), time: '2026-01-01T00:00:00.123Z' },
      ...{ host: 'gw1', app: 'spad', pid: '4711', id: 'granted' },
    });
    expect(structured).toBe(
      '[spad@32473 stanza="alice" format="native" source="192.0.2.9" allow="192.0.2.9,2001:db8::9"' +
        ' ports="tcp/22,udp/53" until="2026-01-01T00:00:30.123Z"]',
    );
    expect(JSON.parse(text ?? '')).toMatchObject({ event: 'granted', ports: ['tcp/22', 'udp/53'] });
  });

  test.each([
    [{ event: 'rejected', reason: 'replayed' }, 84],
    [{ event: 'failed', reason: 'firewall-failed' }, 83],
    [{ event: 'expired' }, 86],
    [{ event: 'reloaded' }, 85],
    [{ event: 'reloaded', reason: 'bad-configuration' }, 84],
  ] as const)('%j has the priority %i', (line, priority) => {
    expect(RFC5424.exec(syslog(line))?.[1]).toBe(String(priority));
  });

  test('nothing to say of it, and no name of a host', () => {
    const [, , , host, , , , structured] = RFC5424.exec(syslog({ event: 'woke' }, 'my host')) ?? [];
    expect([host, structured]).toEqual(['-', '-']);
  });

  test('what the system has said, whatever it is, stays within its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), (detail) => {
        const message = syslog({ event: 'failed', reason: 'firewall-failed', detail });
        const structured = RFC5424.exec(message)?.[7];
        expect(structured).toMatch(/^\[spad@32473 reason="firewall-failed" detail="/);
        expect(message).not.toContain('\n');
      }),
    );
  });
});

describe('for journald', () => {
  const fields = (line: AuditLine): string[] =>
    Buffer.from(encodeJournalEntry(auditEntry(line, TIME)))
      .toString()
      .split('\n');

  test('a field a line, each NAME=value, and a newline at the end', () => {
    expect(fields(GRANTED).slice(1)).toEqual([
      ...['PRIORITY=5', 'SYSLOG_FACILITY=10', 'SYSLOG_IDENTIFIER=spad', 'SPAD_EVENT=granted', 'SPAD_STANZA=alice'],
      ...['SPAD_FORMAT=native', 'SPAD_SOURCE=192.0.2.9', 'SPAD_ALLOW=192.0.2.9,2001:db8::9'],
      ...['SPAD_PORTS=tcp/22,udp/53', 'SPAD_UNTIL=2026-01-01T00:00:30.123Z', ''],
    ]);
    expect(fields(GRANTED)[0]).toMatch(/^MESSAGE=\{"time":"2026-01-01T00:00:00.123Z","event":"granted",.*\}$/);
  });

  test('no text adds a field', () => {
    const lines = fields({ event: 'failed', reason: 'firewall-failed', detail: 'no\nMESSAGE=x\u2028\r' });
    expect(lines).toHaveLength(8);
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^[A-Z][A-Z_]*=/);
  });
});
