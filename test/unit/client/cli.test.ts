import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ClientOptions, helpText, parseCommandLine } from '../../../client/cli.ts';
import { OPTION_NAMES } from '../../../client/option-table.ts';
import { formatCidr } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';

const parse = (words: string): ClientOptions => {
  const command = parseCommandLine(words === '' ? [] : words.split(' '));
  return command.kind === 'ask' ? command.options : expect.fail(command.kind);
};

describe('what is read', () => {
  test('nothing but a host', () => {
    expect(parse('gw1')).toEqual({
      ...{ host: 'gw1', profile: undefined, profilesFile: undefined, access: undefined, allow: undefined },
      ...{
        serverPort: undefined,
        openFor: undefined,
        forward: undefined,
        close: false,
        server: undefined,
        key: undefined,
      },
      ...{
        wait: undefined,
        noReply: false,
        timeout: undefined,
        dryRun: false,
        savePacket: undefined,
        family: undefined,
        verbose: false,
        resolve: undefined,
        both: false,
      },
    });
  });

  test('ports: in canonical order, given at once or one by one', () => {
    const ports = (words: string): string[] | undefined => parse(words).access?.map(formatPortSpec);
    expect(ports('-A udp/53,tcp/22 h')).toEqual(['tcp/22', 'udp/53']);
    expect(ports('--access udp/53 h -A tcp/22')).toEqual(['tcp/22', 'udp/53']);
    expect(ports('--access=tcp/8000-8010 h')).toEqual(['tcp/8000-8010']);
  });

  test('allow addresses: canonical, IPv4-mapped as IPv4, each once', () => {
    const allow = (words: string): unknown => {
      const choice = parse(words).allow;
      return typeof choice === 'object' ? choice.map(formatCidr) : choice;
    };
    expect(allow('-a 2a00::0001,::ffff:8.8.8.8 h')).toEqual(['8.8.8.8', '2a00::1']);
    expect(allow('-a 8.8.8.8 -a ::ffff:8.8.8.8 h')).toEqual(['8.8.8.8']);
    expect(allow('-s h')).toBe('source');
    expect(allow('--allow source h')).toBe('source');
  });

  test('the value of --wait may be missing', () => {
    expect(parse('--wait gw1')).toMatchObject({ wait: 10, host: 'gw1' });
    expect(parse('--wait 3 gw1')).toMatchObject({ wait: 3, host: 'gw1' });
    expect(parse('gw1 --wait 1m30s')).toMatchObject({ wait: 90, host: 'gw1' });
    expect(parse('gw1 --wait')).toMatchObject({ wait: 10, host: 'gw1' });
    expect(parse('--wait=2s -- gw1')).toMatchObject({ wait: 2, host: 'gw1' });
    expect(parse('--wait -v gw1')).toMatchObject({ wait: 10, verbose: true });
    expect(parse('-n --wait -- --wait')).toMatchObject({ host: '--wait' });
  });

  test('whether an answer is waited for, by commander too', () => {
    for (const more of ['', ' --server-port=99'])
      expect(parse(`--no-reply gw1${more}`)).toMatchObject({ noReply: true, timeout: undefined });
    expect(parse('--server-port=99 gw1')).toMatchObject({ noReply: false });
    expect(parse('--timeout 2m gw1')).toMatchObject({ noReply: false, timeout: 120 });
  });

  test('the rest', () => {
    const words = '-n p -p 99 -f 1h --server gw1 --key-file k --dry-run --save-packet f -6v --profiles q h';
    expect(parse(words)).toMatchObject({
      ...{ profile: 'p', serverPort: 99, openFor: 3600, server: 'gw1', key: { file: 'k' }, dryRun: true },
      ...{ savePacket: 'f', family: 6, verbose: true, profilesFile: 'q', host: 'h' },
    });
  });
});

describe('what is refused, in one sentence', () => {
  test.each([
    ['', 'name a HOST, or a profile with -n'],
    ['a b', 'one HOST at a time, not "a" and "b"'],
    ['--acess tcp/22 h', "unknown option '--acess' (Did you mean --access?)"],
    ['--frobnicate h', "unknown option '--frobnicate'; spa-client --help shows how"],
    ['-x h', "unknown option '-x'; spa-client --help shows how"],
    ['h -A', "option '-A, --access <LIST>' argument missing; spa-client --help shows how"],
    ['--dry-run=yes h', "unknown option '--dry-run=yes'"],
    ['-p 1 -p 2 h', '--server-port is given twice; give it once'],
    ['-A 22 h', '--access 22: "22" is not a port such as tcp/22'],
    ['-A tcp/0 h', 'is not a port such as tcp/22'],
    ['-p 0 h', '--server-port 0: a port number from 1 to 65535'],
    ['-f 0 h', '--open-for 0: a time from 1 to'],
    ['-f 5x h', '--open-for 5x: a time'],
    ['-a 10.0.0.0/8 h', '"10.0.0.0/8" is not the address of one host'],
    ['-a 127.0.0.1 h', 'cannot be the address of a remote host'],
    ['-a 8.8.8.8,8.8.4.4,1.1.1.1 h', 'at most 2 addresses'],
    ['-a 8.8.8.8 -s h', '--allow and --source exclude each other'],
    ['--key-file f --key Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E= h', '--key and --key-file exclude each other'],
    ['-4 -6 h', '--ipv4 and --ipv6 exclude each other'],
    ['--close -f 5 h', '--close and --open-for exclude each other'],
    ['--close --wait h', '--close and --wait exclude each other'],
    ['--no-reply --timeout 5 h', '--no-reply and --timeout exclude each other'],
    ['--timeout 0 h', '--timeout 0: a time from 1 to 3600 seconds'],
    ['--dry-run --wait h', '--dry-run and --wait exclude each other'],
    ['--forward 10.0.0.0/24:22 h', '--forward 10.0.0.0/24:22: one inner host and port, such as 10.0.0.5:22'],
    ['--forward 10.0.0.5:22-23 h', 'one inner host and port'],
    ['--forward 127.0.0.1:22 h', 'local:8022 for another port of the server'],
    ['--close --forward local:22 h', '--close and --forward exclude each other'],
    ['--wait=2h h', '--wait 2h: a time from 1 to 3600 seconds'],
  ])('%s', (words, sentence) => {
    expect(() => parse(words)).toThrow(expect.objectContaining({ name: 'Trouble', exitCode: 2 }));
    expect(() => parse(words)).toThrow(sentence);
  });

  test('a mistyped secret is not repeated', () => {
    expect(() => parse('--key Ioi/3epz4xV h')).toThrow('--key: base64 of 32 random bytes');
    expect(() => parse('--key Ioi/3epz4xV h')).not.toThrow('Ioi');
  });
});

describe('--help', () => {
  test('names every option and every exit code, in 80 columns', () => {
    const help = helpText();
    for (const name of [...OPTION_NAMES, 'help', 'version']) expect(help).toContain(`--${name}`);
    for (const code of [0, 1, 2, 3, 4]) expect(help).toMatch(new RegExp(`^  ${String(code)}  `, 'm'));
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('the man page names every option too', () => {
    const page = readFileSync(new URL('../../../packaging/man/spa-client.1', import.meta.url), 'utf8');
    for (const name of [...OPTION_NAMES, 'help', 'version']) expect(page).toContain(`Fl \\-${name}`);
  });

  test('goes before anything that is wrong', () => {
    expect(parseCommandLine(['--help', '-A', '22'])).toEqual({ kind: 'help' });
    expect(parseCommandLine(['-V'])).toEqual({ kind: 'version' });
  });
});
