import { describe, expect, test } from 'vitest';
import { runKnock } from '../../../../client/knock/run.ts';
import { type FakeKnockWorld, fakeKnockIo } from './fake-knock-io.ts';

const knock = async (
  words: string,
  world: FakeKnockWorld = {},
): Promise<{ code: number; deeds: string[]; stdout: string; stderr: string }> => {
  const io = fakeKnockIo(world);
  const code = await runKnock(words.split(' ').filter(Boolean), io);
  return { code, deeds: io.deeds, stdout: io.stdout(), stderr: io.stderr() };
};

const hits = ({ deeds }: { deeds: string[] }): string[] => deeds.filter((deed) => /^(?:tcp|udp) /.test(deed));

describe('knock', () => {
  test('resolves anew before each knock and prints nothing', async () => {
    const result = await knock('gw 7000 8000:udp');
    expect(result).toEqual({
      code: 0,
      deeds: ['lookup gw', 'tcp 192.0.2.1 7000', 'lookup gw', 'udp 192.0.2.1 8000'],
      ...{ stdout: '', stderr: '' },
    });
  });

  test('-v prints the text of the port as typed, and the address without brackets', async () => {
    const names = { gw: { address: '2001:db8::1', family: 6 } } as const;
    const { stdout, deeds } = await knock('-v gw 70000 ssh:udp', { names, services: 'ssh 22/tcp' });
    expect(stdout).toBe('hitting tcp 2001:db8::1:70000\nhitting udp 2001:db8::1:ssh\n');
    expect(deeds).toContain('udp 2001:db8::1 22');
  });

  test.each([
    ['-u gw 1:tcp 2', ['udp 192.0.2.1 1', 'udp 192.0.2.1 2']],
    ['gw 1:UDP 2: 3:udp:tcp 4:icmp', [1, 2, 3, 4].map((port) => `tcp 192.0.2.1 ${String(port)}`)],
    ['gw 1 -u 2', ['udp 192.0.2.1 1', 'udp 192.0.2.1 2']],
    ['-- gw 1 -u', ['tcp 192.0.2.1 1']],
  ])('%s', async (words, expected) => {
    expect(hits(await knock(words))).toEqual(expected);
  });

  test('the delay comes after every knock, the last one too', async () => {
    const { deeds } = await knock('-d 300 gw 1 2');
    expect(deeds.filter((deed) => !deed.startsWith('lookup'))).toEqual([
      ...['tcp 192.0.2.1 1', 'sleep 300', 'tcp 192.0.2.1 2', 'sleep 300'],
    ]);
  });

  test.each([
    ['-d soon gw 1', []],
    ['-d 0 gw 1', []],
    ['-d 7x gw 1', ['sleep 7']],
    ['-d 4294968 gw 1', ['sleep 0.704']],
  ])('a delay in C: %s', async (words, sleeps) => {
    const { deeds } = await knock(words);
    expect(deeds.filter((deed) => deed.startsWith('sleep'))).toEqual(sleeps);
  });

  test('a negative delay', async () => {
    expect(await knock('--delay=-1 gw 1')).toMatchObject({ code: 1, stderr: 'error: delay cannot be negative\n' });
  });

  test('a name that does not resolve ends it', async () => {
    const names = { gw: { failure: 'Name or service not known' } };
    expect(await knock('-6 gw 1 2', { names })).toEqual({
      ...{ code: 1, deeds: ['lookup gw 6'], stdout: '' },
      stderr: "Failed to resolve hostname 'gw' on port 1\ngetaddrinfo: Name or service not known\n",
    });
  });

  test('so does a service that is not known; what was before it has been sent', async () => {
    const result = await knock('gw 1 abc 2');
    expect(hits(result)).toEqual(['tcp 192.0.2.1 1']);
    expect(result.stderr).toBe(
      "Failed to resolve hostname 'gw' on port abc\ngetaddrinfo: Servname not supported for ai_socktype\n",
    );
  });

  test('with POSIXLY_CORRECT the first operand ends the options', async () => {
    const result = await knock('gw 1 -u', { posixly: true });
    expect(result.code).toBe(1);
    expect(hits(result)).toEqual(['tcp 192.0.2.1 1']);
  });
});

describe('usage', () => {
  test.each([
    ['', ''],
    ['gw', ''],
    ['-h -x', ''],
    ['-x -h', "knock: invalid option -- 'x'\n"],
    ['--foo=1 gw 1', "knock: unrecognized option '--foo'\n"],
    ['--ver gw 1', "knock: option '--ver' is ambiguous; possibilities: '--verbose' '--version'\n"],
    ['--v=1 gw 1', "knock: option '--v=1' is ambiguous; possibilities: '--verbose' '--version'\n"],
    ['--udp=1 gw 1', "knock: option '--udp' doesn't allow an argument\n"],
    ['gw 1 --del', "knock: option '--delay' requires an argument\n"],
    ['gw 1 -vd', "knock: option requires an argument -- 'd'\n"],
  ])('"%s"', async (words, stderr) => {
    const result = await knock(words);
    expect(result).toMatchObject({ code: 1, deeds: [], stderr });
    expect(result.stdout).toMatch(/^usage: knock \[options\] <host> <port\[:proto\]> \[port\[:proto\]\] \.\.\.\n/);
  });

  test('-V ends with 0 and looks at nothing behind it', async () => {
    const result = await knock('-uV --bad');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^knock \(spad\) [0-9]+\.[0-9]+\.[0-9]+\n$/);
  });
});
