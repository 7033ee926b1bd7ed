/** knockd.conf as spad.conf: the same doors, and the report word for word. */
import { expect, test } from 'vitest';
import { importKnockd } from '../../../src/config/import-knockd.ts';
import { plainRule } from '../../../src/config/door.ts';
import { parseKnockdConf } from '../../../src/config/knockd-conf.ts';
import { formatReportLine } from '../../../src/config/report.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import type { Door } from '../../../src/knock/door.ts';

const convert = (text: string): ReturnType<typeof importKnockd> => importKnockd({ text, path: 'k', name: 'gw1' });

/** What a door does, without where it was said and what it is called. */
const meaning = ({ lines: _lines, line: _line, name: _name, ...rest }: Door): unknown => rest;

const GOOD = `[options]
  logfile = /var/log/knockd.log
[openSSH]
  sequence = 7000:udp,8000,9000
  seq_timeout = 10
  tcpflags = syn,!ack
  tcpflags = fin
  start_command = /sbin/iptables -A INPUT -s %IP% -p tcp --dport 22 -j ACCEPT ; echo "x" # y
  start_command_6 =
  cmd_timeout = 30
  stop_command = /sbin/iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
  target = 192.0.2.1
[one time]
  one_time_sequences = /etc/knockd/once
  command = gr\xc3\xbc\xc3\x9fe
[openSSH]
  sequence = 1
  seq_timeout = 0
  command = x
  cmd_timeout = -1
`;

test('the doors mean the same', () => {
  const before = parseKnockdConf(GOOD, 'k');
  const { conf, issues } = parseSpadConf(convert(GOOD).text ?? '', 's');
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  const doors = before.ok ? before.value.doors : [];
  const changed = doors.map((door) => ({
    ...door,
    // A single knock is a whole sequence in any time, and what never runs needs no time.
    seqTimeout: Math.max(1, door.seqTimeout),
    ...(door.cmdTimeout < 0 ? { cmdTimeout: 10, stopCommand: undefined } : {}),
  }));
  expect(conf?.doors.map(({ rule }) => ({ ...rule, door: meaning(rule.door) }))).toEqual(
    changed.map((door) => ({ ...plainRule(door), door: meaning(door), openFor: 30 })),
  );
  expect(conf?.doors.map(({ rule }) => rule.door.name)).toEqual(['openSSH', 'one-time', 'openSSH-2']);
});

test('the report says what became of each line', () => {
  const text = `${GOOD}[bad]\n sequence = 0\n command = x\n`;
  expect(convert(text).report.map(formatReportLine)).toEqual([
    'k: Interface: dropped: unset it is any here, where knockd takes eth0',
    'k:2: LOGFILE: dropped: spad writes to its audit log, audit_log',
    'k:3: door: kept as [door openSSH]',
    'k:4: SEQUENCE: kept as sequence in [door openSSH]',
    'k:5: SEQ_TIMEOUT: kept as seq_timeout in [door openSSH]',
    'k:6: TCPFLAGS: kept as tcpflags in [door openSSH]',
    'k:7: TCPFLAGS: kept as tcpflags in [door openSSH]',
    'k:8: START_COMMAND: kept as start_command in [door openSSH]',
    'k:9: START_COMMAND_6: kept as start_command_6 in [door openSSH]',
    'k:10: CMD_TIMEOUT: kept as cmd_timeout in [door openSSH]',
    'k:11: STOP_COMMAND: kept as stop_command in [door openSSH]',
    'k:12: TARGET: kept as target in [door openSSH]',
    'k:13: door: kept as [door one-time]',
    'k:14: ONE_TIME_SEQUENCES: kept as one_time_sequences in [door one-time]',
    'k:15: COMMAND: kept as start_command in [door one-time]',
    'k:16: door: kept as [door openSSH-2]',
    'k:17: SEQUENCE: kept as sequence in [door openSSH-2]',
    'k:18: SEQ_TIMEOUT: kept as seq_timeout in [door openSSH-2]',
    'k:19: COMMAND: kept as start_command in [door openSSH-2]',
    'k:20: CMD_TIMEOUT: dropped: the time is negative: no stop command runs',
    'k:21: door: needs you: it is left out: a port of its sequence is 0 or no number; no such knock can be sent on purpose',
    'k:22: SEQUENCE: dropped: the door is left out',
    'k:23: COMMAND: dropped: the door is left out',
  ]);
});

test.each([
  ['[a]\nsequence = 1,2\nseq_timeout = 0\ncommand = x', 'with this seq_timeout it never opens'],
  ['[a]\nsequence = 1\n', 'it has no command, and does nothing'],
  ['[a]\nsequence = 1\ncommand = x\ntarget = gw', 'its target is no address'],
  ['[a]\nsequence = 1\ncommand = \xff', 'a command or path is not UTF-8 text'],
  ['[a]\none_time_sequences = once\ncommand = x', 'the path of its one-time sequences is relative'],
  ['[a]\nsequence = 1,2\nseq_timeout = 31536001\ncommand = x', 'a timeout is longer than a year'],
])('%s', (text, fault) => {
  const { report, text: written } = convert(text);
  expect(report.map(formatReportLine)).toContain(`k:1: door: needs you: it is left out: ${fault}`);
  expect(written).not.toContain('[door');
});

test('of several interfaces the first counts, and it must be one that there can be', () => {
  const told = (...names: readonly string[]): string[] =>
    convert(`[options]\n${names.map((name) => `interface = ${name}\n`).join('')}# no more\n`).report.map(
      formatReportLine,
    );
  expect(told('eth1', 'eth2')).toEqual([
    'k:2: INTERFACE: kept as interface',
    'k:3: INTERFACE: dropped: the first one counts',
  ]);
  expect(told('eth/1')).toEqual(['k:2: INTERFACE: needs you: no interface can have this name; set interface']);
});

test('of a sequence and one-time sequences the latter count', () => {
  const { report } = convert('[a]\nsequence = 1,2\none_time_sequences = /o\ncommand = x\n');
  expect(report.map(formatReportLine)).toContain('k:2: SEQUENCE: dropped: the one-time sequences count');
});

test('a file that knockd would not start with', () => {
  expect(convert('[a]\nsequence = x:zzz\n')).toMatchObject({ text: undefined, issues: [{ file: 'k', line: 2 }] });
});
