/** Texts and values as the real knockd 0.8 gives them for the same files (`knockd -D`). */
import { describe, expect, test } from 'vitest';
import { ok } from '../../../src/base/result.ts';
import { parseKnockdConf } from '../../../src/config/knockd-conf.ts';
import { formatSteps } from '../../../src/knock/door.ts';
import { doorsOf } from '../knock/doors.ts';

const errorOf = (text: string): string => {
  const conf = parseKnockdConf(text, 'knockd.conf');
  return conf.ok ? 'no error' : conf.error.message;
};

const door = (lines: string) => {
  const found = doorsOf(`[d]\nsequence = 1\n${lines}`)[0];
  if (found === undefined) throw new Error('no door');
  return found;
};

const NAME = 'n'.repeat(300);
const PORTS = Array.from({ length: 32 }, (_, index) => index + 1).join(',');

describe('errors', () => {
  test.each([
    ['[]', 'config: line 1: bad section name'],
    ['foo = 1', 'config: line 1: all directives must belong to a section'],
    ['\n[', 'config: line 2: all directives must belong to a section'],
    ['\u00ef\u00bb\u00bf[options]', 'config: line 1: all directives must belong to a section'],
    ['[d]\nfoo', 'config: line 2: syntax error'],
    ['[d]\n; x', 'config: line 2: syntax error'],
    ['[d] # c', 'config: line 1: all directives must belong to a section'],
    ['[d]\n= 5', 'config: line 2: syntax error'],
    ['[d]\nlogfile = x', 'config: line 2: syntax error'],
    ['[options]\nsequence = 1', 'config: line 2: syntax error'],
    ['[Options]\nlogfile = x', 'config: line 2: syntax error'],
    ['[options]\nusesyslog = yes', 'config: line 2: syntax error'],
    ['[options]\nusesyslog =', 'config: line 2: syntax error'],
    ['[d]\nsequence = 70000', 'config: section d: port 70000 is invalid'],
    ['[d]\nsequence = 70000:icmp', 'config: section d: port 70000 is invalid'],
    ['[d]\nsequence = 5:icmp,70000', 'config: section d: unknown protocol in knock sequence'],
    ['[d]\nsequence = 1:', 'config: section d: unknown protocol in knock sequence'],
    ['[d]\nsequence = ::udp', 'config: section d: unknown protocol in knock sequence'],
    [`[d]\nsequence = ${PORTS},70000`, 'config: section d: too many ports in knock sequence'],
    [`[d]\nsequence = ${PORTS},`, 'config: section d: too many ports in knock sequence'],
    [`[${NAME}]\nsequence = 70000`, `config: section ${'n'.repeat(127)}: port 70000 is invalid`],
    [`[${NAME}]`, `error: section '${'n'.repeat(127)}' has an empty knock sequence`],
    ['[d]\ntcpflags = !foo', 'config: line 2: unrecognized flag "!FOO"'],
    ['[d]\ntcpflags = syn, ack', 'config: line 2: unrecognized flag " ACK"'],
    ['[d]\ntcpflags = syn,', 'config: line 2: unrecognized flag ""'],
    ['[d]\ntcpflags =', 'config: line 2: unrecognized flag ""'],
    ['[d]\ntcpflags = ece', 'config: line 2: unrecognized flag "ECE"'],
    [`[d]\nsequence = 1\ncommand = ${'x'.repeat(4090)}`, 'config: line 4: syntax error'],
    ['[a]\n[b]\nsequence = 1', "error: section 'a' has an empty knock sequence"],
  ])('%j', (text, message) => {
    expect(errorOf(text)).toBe(message);
  });

  test('the first one ends it, with its line', () => {
    const conf = parseKnockdConf('[d]\n\nx\n[]', 'k');
    expect(conf).toEqual({ ok: false, error: { file: 'k', line: 3, message: 'config: line 3: syntax error' } });
  });
});

describe('what is accepted', () => {
  test.each([
    ['7000 : UDP:x, 8000x,:udp,9000', '7000:udp,8000:tcp,0:udp,9000:tcp'],
    ['', '0:tcp'],
    ['1,2,', '1:tcp,2:tcp,0:tcp'],
    ['7,, ,8', '7:tcp,0:tcp,0:tcp,8:tcp'],
    ['"7000,8000"', '0:tcp,8000:tcp'],
    ['-1,-70000', '65535:tcp,61072:tcp'],
    ['4294974296,99999999999999999999', '7000:tcp,65535:tcp'],
    ['+5,0x10, 010', '5:tcp,0:tcp,10:tcp'],
    ['7:tcp:, 8 :udp :tcp # x', '7:tcp,8:udp'],
  ])('sequence = %s', (value, steps) => {
    expect(formatSteps(door(`sequence = ${value}`).steps)).toBe(steps);
  });

  test('white space of C, CRLF, and no newline at the end', () => {
    const [first] = doorsOf('\v[d]\f\r\n\tSEQUENCE\t=\t1,2\r\n  timeout=2.9\r\n command = a = b ');
    expect(first).toMatchObject({ name: 'd', seqTimeout: 2, startCommand: 'a = b', line: 1 });
    expect(first?.lines).toEqual({ steps: 2, seqTimeout: 3, startCommand: 4 });
  });

  test('defaults, numbers, aliases, the last of several', () => {
    expect(door('')).toMatchObject({ seqTimeout: 25, cmdTimeout: 10, tcpFlags: undefined, target: undefined });
    expect(door('seq_timeout = 5 # x\ncmd_timeout = -1')).toMatchObject({ seqTimeout: 5, cmdTimeout: -1 });
    expect(door('seq_timeout = ten\ntimeout = 7s')).toMatchObject({ seqTimeout: 7 });
    expect(door('command = a\nstart_command = b\ncommand_6 =')).toMatchObject({ startCommand: 'b', startCommand6: '' });
  });

  test('flags add up, and of two words about one the later counts', () => {
    expect(door('tcpflags = syn,!ack\nTCPFlags = FIN').tcpFlags).toEqual({ mask: 0x13, value: 0x03 });
    expect(door('tcpflags = syn,!syn').tcpFlags).toEqual({ mask: 2, value: 0 });
  });

  test('sections: options anywhere and often, doors of one name, names as they are', () => {
    const text =
      '[a]\nsequence=1\nUseSyslog\n[options]\ninterface = e0\n[a]\nsequence=2\n[ x=] ]\nsequence=3\n[options]\ninterface = e1\nlogfile = l # x';
    const conf = parseKnockdConf(text, '');
    expect(conf.ok && conf.value.doors.map(({ name }) => name)).toEqual(['a', 'a', ' x=] ']);
    // Of several interfaces the first counts.
    expect(conf.ok && conf.value.options).toEqual({
      useSyslog: true,
      logFile: 'l # x',
      pidFile: undefined,
      interface: 'e0',
    });
  });

  test('nothing at all', () => {
    expect(parseKnockdConf('', '')).toMatchObject({ ok: true, value: { doors: [] } });
  });

  test('a line of 4095 bytes, a NUL that ends one, bytes above 127', () => {
    const command = 'x'.repeat(4095 - 'command='.length);
    expect(door(`command=${command}`).startCommand).toBe(command);
    expect(door('command = a\0b\ntarget = \u00e4\u00a0').target).toBe('\u00e4\u00a0');
    expect(door('command = a\0b').startCommand).toBe('a');
  });
});

describe('one-time files', () => {
  test('give the sequence that the later of two lines says', () => {
    const openOneTime = () => ok([{ protocol: 'udp' as const, port: 5 }]);
    const lines = ['one_time_sequences = /f', 'sequence = 1'];
    for (const [text, steps] of [
      [lines.join('\n'), '1:tcp'],
      [[...lines].reverse().join('\n'), '5:udp'],
    ] as const) {
      const conf = parseKnockdConf(`[d]\n${text}`, '', { openOneTime });
      expect(conf.ok && formatSteps(conf.value.doors[0]?.steps ?? [])).toBe(steps);
    }
  });

  test('that nobody reads leave a door without steps, and no error', () => {
    expect(doorsOf('[d]\none_time_sequences = /f')[0]).toMatchObject({ steps: [], oneTimeFile: '/f' });
  });
});
