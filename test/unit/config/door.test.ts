import { describe, expect, test } from 'vitest';
import { formatAddress, formatCidr } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { type DoorEntry, withSecret } from '../../../src/config/door.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import { formatSteps } from '../../../src/knock/door.ts';
import { timedSequence, timedSteps } from '../../../src/knock/timed-sequence.ts';
import { present, secretOf } from '../values.ts';

const KEY = secretOf(1).revealBase64();
const HEAD = '[spad]\nname = gw1\nguard = tcp/1-9999\n';

const read = (lines: string, head = HEAD): ReturnType<typeof parseSpadConf> =>
  parseSpadConf(`${head}[door front]\n${lines}\n`, 'spad.conf');

/** The only door; what is told is a failure. */
const doorOf = (lines: string): DoorEntry => {
  const { conf, issues } = read(lines);
  expect(issues.map(formatIssue)).toEqual([]);
  return present(conf?.doors[0]);
};

const told = (lines: string, head = HEAD): string[] => read(lines, head).issues.map(formatIssue);

describe('a door', () => {
  test('that opens ports', () => {
    const { rule } = doorOf('sequence = 7000, 8000:UDP ,9000 : tcp\nopen = tcp/443, tcp/22');
    expect(formatSteps(rule.door.steps)).toBe('7000:tcp,8000:udp,9000:tcp');
    expect(rule.open.map(formatPortSpec)).toEqual(['tcp/22', 'tcp/443']);
    expect(rule).toMatchObject({ openFor: 30, rate: undefined, timed: undefined, nextSteps: [] });
    expect(rule.sources.map(formatCidr)).toEqual(['0.0.0.0/0', '::/0']);
    expect(rule.door).toMatchObject({ name: 'front', line: 4, seqTimeout: 25, cmdTimeout: 10, strict: false });
  });

  test('with everything', () => {
    const { rule } = doorOf(
      [
        ...['sequence = 7000', 'seq_timeout = 1m', 'tcpflags = SYN,!ack', 'target = 2001:DB8:0::1', 'strict = yes'],
        ...['open = tcp/22', 'open_for = 1h', 'source = 192.0.2.0/24', 'rate = 3/1m', 'start_command = "a ; é %IP%"'],
        ...['command_6 = b', 'cmd_timeout = 5', 'stop_command = c', 'stop_command_6 = d'],
      ].join('\n'),
    );
    expect(rule).toMatchObject({ openFor: 3600, rate: { opens: 3, window: 60 } });
    expect(rule.door).toMatchObject({ seqTimeout: 60, tcpFlags: { mask: 18, value: 2 }, strict: true, cmdTimeout: 5 });
    // Bytes, one character each.
    expect(rule.door).toMatchObject({ startCommand: 'a ; \u00c3\u00a9 %IP%', startCommand6: 'b', stopCommand: 'c' });
    expect(rule.door).toMatchObject({ stopCommand6: 'd', lines: { startCommand: 14, startCommand6: 15 } });
    expect(formatAddress(present(rule.door.targetAddress))).toBe('2001:db8::1');
  });

  test('whose sequence follows from the minute, under its own name', () => {
    const entry = doorOf(`sequence_secret = ${KEY}\nsequence_count = 3\nsequence_range = 20000-20999\nopen = tcp/22`);
    const { timed, door } = withSecret(entry, secretOf(1));
    const { key, count, range } = present(timed);
    expect(door.steps).toEqual([]);
    expect(timedSteps(key, 7, count, range)).toEqual(
      timedSequence(secretOf(1), 'front', 7, 3, { low: 20_000, high: 20_999 }),
    );
    expect(doorOf('sequence_secret_file = /k\nopen = tcp/22').timed).toMatchObject({ key: { file: '/k' }, count: 4 });
  });
});

describe('a wrong value', () => {
  test.each([
    ['sequence = 0', 'ports from 1 to 65535 such as 7000,8000:udp,9000'],
    ['sequence = 70000', 'ports from 1 to 65535 such as 7000,8000:udp,9000'],
    ['sequence = 7000,', 'ports from 1 to 65535 such as 7000,8000:udp,9000'],
    ['sequence = 7000:icmp', 'ports from 1 to 65535 such as 7000,8000:udp,9000'],
    ['sequence = ssh', 'ports from 1 to 65535 such as 7000,8000:udp,9000'],
    ['tcpflags = syn,ecn', 'flags such as syn,!ack; known are fin, syn, rst, psh, ack, urg, with ! for "not set"'],
    ['tcpflags = syn,!syn', 'name syn once'],
    ['target = gw1', 'an address such as 192.0.2.1 or 2001:db8::1'],
    ['rate = 3', 'so many opens in so long, such as 3/1m'],
    ['rate = 0/1m', 'so many opens in so long, such as 3/1m'],
    ['rate = 3/0s', 'so many opens in so long, such as 3/1m'],
    ['sequence_range = 5-4', 'ports such as 10000-59999'],
    ['seq_timeout = 0', 'a time from 1 to 31536000 seconds, such as 90s, 5m or 1h30m'],
    ['one_time_sequences = sequences', 'a path that begins with /'],
  ])('%s', (line, hint) => {
    expect(told(line)).toEqual([`spad.conf:5: error: ${line} (${hint})`]);
  });

  test('a secret is not repeated, nor is a sequence too long', () => {
    expect(told('sequence_secret = hush')[0]).toContain('sequence_secret = (not shown)');
    expect(told(`sequence = ${Array(33).fill('7000').join()}`)[0]).toContain('(at most 32 ports)');
  });
});

describe('what does not go together', () => {
  const SEQUENCE = 'sequence = 7000\n';
  test.each([
    ['open = tcp/22', 'has no sequence'],
    [`${SEQUENCE}one_time_sequences = /o\nopen = tcp/22`, 'has both "sequence" and "one_time_sequences"'],
    [SEQUENCE, 'opens nothing and runs nothing'],
    [`${SEQUENCE}command = a\nstart_command = b`, 'has both "command" and "start_command"'],
    [`${SEQUENCE}command = a\nopen_for = 5s`, 'has open_for without "open"'],
    [`${SEQUENCE}open = tcp/22\nstop_command = a`, 'has a stop command without a start command'],
    [`${SEQUENCE}open = tcp/22\nsource =`, 'lets in nobody'],
    [`${SEQUENCE}open = tcp/22\nsequence_count = 3`, 'has sequence_count or sequence_range without a secret'],
    [`sequence_secret_file = /k\nopen = tcp/22\nsequence_range = 7-8`, 'has a sequence that cannot be'],
  ])('%j', (lines, problem) => {
    const lone = told(lines);
    expect(lone).toHaveLength(1);
    expect(lone[0]).toContain(`spad.conf:4: error: [door front] ${problem}`);
  });

  test('a name that a client has', () => {
    const lines = `sequence = 7000\nopen = tcp/22\n[access front]\nkey = ${KEY}\nallow = tcp/22`;
    expect(told(lines)).toEqual([
      'spad.conf:4: error: [door front] has the name of [access front] (give the door a name of its own)',
    ]);
  });

  test('a name that is none, and a port that nobody guards', () => {
    expect(parseSpadConf(`${HEAD}[door a b]\nsequence = 7000\n`, 'f').issues[0]?.hint).toContain('write [door NAME]');
    expect(told('sequence = 7000\nopen = udp/53')).toEqual([
      'spad.conf:4: warning: [door front] opens udp/53, which spad does not guard ' +
        '(add it to "guard", or another firewall must close it and let spad\'s grants pass)',
    ]);
  });

  test('a capture file', () => {
    const head = `${HEAD}capture = file\ncapture_file = /f\nfirewall = dry-run\n`;
    expect(told('sequence = 7000\nopen = tcp/22', head)[0]).toContain('capture = file with doors');
  });
});

test('all problems of all sections come at once, in the order of the lines', () => {
  const lines = told('sequnce = 7000\nopen = ssh\n[door back]\nrate = x\n[acces a]');
  expect(lines.map((line) => line.split(' error: ')[0])).toEqual([5, 6, 8, 9].map((at) => `spad.conf:${at}:`));
  expect(lines[0]).toContain('did you mean "sequence"?');
});
