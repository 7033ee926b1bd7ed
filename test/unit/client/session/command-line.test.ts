import { describe, expect, test } from 'vitest';
import { parseSession, type SessionOptions, type SessionProgram } from '../../../../client/session/command-line.ts';

const parsed = (program: SessionProgram, line: string): SessionOptions => {
  const read = parseSession(program, line.split(' '));
  return read === 'help' ? expect.fail('help') : read;
};

describe('what is read', () => {
  test('a host and a port, ten seconds', () => {
    const { options, port, limit, hasSwitch } = parsed('proxy', 'gw1.example.net 22');
    expect({ host: options.host, port, limit, hasSwitch }).toEqual({
      ...{ host: 'gw1.example.net', port: 22 },
      ...{ limit: 10, hasSwitch: false },
    });
  });

  test('options before, between and behind', () => {
    const { options, port, limit, hasSwitch } = parsed('proxy', '-n gw1 --reuse 192.0.2.1 --wait 3s 2222 -v -4');
    expect(options).toMatchObject({ profile: 'gw1', host: '192.0.2.1', verbose: true, family: 4 });
    expect({ port, limit, hasSwitch }).toEqual({ port: 2222, limit: 3, hasSwitch: true });
  });

  test('ready does without a port', () => {
    expect(parsed('ready', 'gw1').port).toBeUndefined();
  });

  test('behind -- all is the command, its options too', () => {
    const { options, command, hasSwitch } = parsed('exec', '-f 5m gw1 -- ssh -v --leave-open -- x');
    expect(options).toMatchObject({ host: 'gw1', openFor: 300, verbose: false });
    expect(command).toEqual(['ssh', '-v', '--leave-open', '--', 'x']);
    expect(hasSwitch).toBe(false);
    expect(parsed('exec', '--leave-open gw1 -- true').hasSwitch).toBe(true);
  });

  test.each([
    ['proxy', '--help'],
    ['ready', '-h'],
    ['exec', '-h'],
    ['exec', '--help -- x'],
  ] as const)('%s %s asks for help', (program, line) => {
    expect(parseSession(program, line.split(' '))).toBe('help');
  });
});

describe('what is wrong, in one sentence with the next step', () => {
  test.each([
    ['proxy', 'gw1', 'spa-client proxy HOST PORT'],
    ['proxy', 'gw1 ssh', 'the port "ssh"'],
    ['proxy', 'gw1 0', 'the port "0"'],
    ['proxy', 'gw1 65536', 'the port "65536"'],
    ['proxy', 'gw1 22 23', '"23" is one word too many'],
    ['proxy', '--close gw1 22', '--close is not for spa-client proxy'],
    ['ready', '--dry-run gw1 22', '--dry-run is not for spa-client ready'],
    ['ready', '--timeout 5s gw1 22', '--wait'],
    ['proxy', '--leave-open gw1 22', "unknown option '--leave-open'"],
    ['exec', 'gw1 ssh', 'say what to run behind --'],
    ['exec', 'gw1 --', 'say what to run behind --'],
    ['exec', 'gw1 -- ', 'the command behind -- is empty'],
    ['exec', 'gw1 22 -- ssh', '"22" is one word too many'],
    ['exec', '-- ssh', 'name a HOST'],
    ['exec', '--reuse gw1 -- ssh', "unknown option '--reuse'"],
  ] as const)('%s %s', (program, line, piece) => {
    expect(() => parseSession(program, line.split(' '))).toThrow(piece);
  });
});
