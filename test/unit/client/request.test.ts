import { describe, expect, test } from 'vitest';
import { type ClientOptions, parseCommandLine } from '../../../client/cli.ts';
import { buildRequest, chooseTarget, describeRequest, type Target } from '../../../client/request.ts';
import { formatCidr, type IpAddress, parseAddress } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { unixMs } from '../../../src/base/units.ts';
import { type Profile, parseProfiles } from '../../../src/config/profile.ts';

const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';
const NOW = unixMs(1_767_225_628_766);

const options = (words: string): ClientOptions => {
  const command = parseCommandLine(words.split(' '));
  return command.kind === 'ask' ? command.options : expect.fail(command.kind);
};

const profile = (more = ''): Profile => {
  const reading = parseProfiles(`[gw]\nhost = gw.example.net\nserver = gw1\nkey = ${KEY}\n${more}`, '');
  return reading.profiles[0] ?? expect.fail(JSON.stringify(reading.issues));
};

const address = (text: string): IpAddress => parseAddress(text) ?? expect.fail(text);

const target = (words: string, more?: string): Target => chooseTarget(options(words), profile(more));

describe('chooseTarget', () => {
  test('takes the profile as it is', () => {
    const chosen = target('gw', 'port = 99\naccess = tcp/22\nallow = source\nopen_for = 5m\n');
    expect(chosen).toMatchObject({
      ...{ host: 'gw.example.net', port: 99, server: 'gw1', type: 'open', allow: 'source', openFor: 300 },
      ...{ access: [{ protocol: 'tcp', first: 22, last: 22 }], wait: undefined },
    });
  });

  test('options beat the profile', () => {
    const chosen = target(
      'gw -p 1 -A udp/5 -a 8.8.8.8 -f 9 --server x --key-file k',
      'port = 99\naccess = tcp/22\nallow = source\n',
    );
    expect(chosen).toMatchObject({ port: 1, server: 'x', key: { file: 'k' }, openFor: 9 });
    expect(chosen.access.map(formatPortSpec)).toEqual(['udp/5']);
    expect(typeof chosen.allow).toBe('object');
  });

  test('HOST beats the host of a profile that -n names, and only of such a one', () => {
    expect(target('-n gw 192.0.2.7').host).toBe('192.0.2.7');
    expect(target('-n gw').host).toBe('gw.example.net');
    expect(target('gw').host).toBe('gw.example.net');
  });

  test('needs no profile where server and key are given', () => {
    const chosen = chooseTarget(options(`--server gw1 --key ${KEY} h`), undefined);
    expect(chosen).toMatchObject({ host: 'h', port: 62_201, server: 'gw1', access: [], allow: undefined, openFor: 0 });
  });

  test('--close asks for no time', () => {
    expect(target('--close gw', 'open_for = 5m\n')).toMatchObject({ type: 'close', openFor: 0 });
  });

  test('--wait tries the first tcp port', () => {
    expect(target('--wait 5 -A udp/1,tcp/8000-8010 gw').wait).toEqual({ port: 8000, limit: 5 });
    expect(target('--wait gw', 'access = tcp/22\n').wait).toEqual({ port: 22, limit: 10 });
    expect(() => target('--wait gw')).toThrow('--wait needs to know a tcp port to try');
    expect(() => target('--wait -A udp/1 gw')).toThrow('only udp/1 is asked for');
  });

  test('forwards as the profile says, or the option instead', () => {
    expect(target('-A tcp/2222 --forward 10.0.0.5:22 gw').forward).toMatchObject({ kind: 'address', port: 22 });
    expect(target('gw', 'forward = local:8022\n').forward).toEqual({ kind: 'local', port: 8022 });
    expect(target('--forward [fd00::5]:80 gw', 'forward = local:8022\n').forward).toMatchObject({ port: 80 });
    expect(target('--close gw', 'forward = local:8022\n').forward).toBeUndefined();
    expect(target('gw').forward).toBeUndefined();
  });

  test('says at once what no server forwards', () => {
    expect(() => target('-A tcp/80-81 --forward local:22 gw')).toThrow('tcp/80-81 cannot be forwarded to one port');
    expect(() => target('-a 2a00::1 --forward 10.0.0.5:22 gw')).toThrow('2a00::1 cannot be forwarded to 10.0.0.5:22');
    expect(() => target('-a 9.9.9.9 --forward [fd00::5]:22 gw')).toThrow('9.9.9.9 cannot be forwarded to [fd00::5]:22');
    expect(target('-a 2a00::1,9.9.9.9 --forward local:22 gw').forward).toBeDefined();
  });

  test('refuses more ranges than a packet holds', () => {
    const list = Array.from({ length: 17 }, (_, index) => `tcp/${String(2 * index + 1)}`).join(',');
    expect(() => target(`-A ${list} gw`)).toThrow('at most 16 ports or ranges');
  });

  test('a key or a server alone is not enough', () => {
    expect(() => chooseTarget(options(`--key ${KEY} h`), undefined)).toThrow('--server NAME');
    expect(() => chooseTarget(options('--server x h'), undefined)).toThrow('--key-file FILE');
  });
});

describe('buildRequest', () => {
  const said = (words: string, local: string, more?: string): string => {
    const chosen = target(words, more);
    return describeRequest(buildRequest(chosen, NOW, address(local)), chosen.server, address(local));
  };

  test('names this host where its address is public', () => {
    const { request, origin } = buildRequest(target('-A tcp/22 gw'), NOW, address('8.8.8.8'));
    expect(request.addresses.map(formatCidr)).toEqual(['8.8.8.8']);
    expect(request).toMatchObject({
      type: 'open',
      time: NOW,
      openFor: 0,
      reply: true,
      forward: undefined,
      command: '',
    });
    expect(origin).toBe('own');
  });

  test.each(['10.1.2.3', '100.64.0.1', '169.254.1.1', 'fe80::1', 'fd00::1', '127.0.0.1', '0.0.0.0'])(
    'leaves the address to the server where this host has %s',
    (local) => {
      const { request, origin } = buildRequest(target('gw'), NOW, address(local));
      expect(request.addresses).toEqual([]);
      expect(origin).toBe('source-instead');
    },
  );

  test('says in words what is asked for', () => {
    expect(said('-A tcp/22 gw', '8.8.8.8')).toBe("gw1 to open tcp/22 for 8.8.8.8 (this host's address)");
    expect(said('gw', '10.0.0.5')).toBe(
      "gw1 to open its default ports for the address it sees (this host's, 10.0.0.5, is private)",
    );
    expect(said('-s -f 90 -A tcp/1,tcp/3,udp/5 gw', '8.8.8.8')).toBe(
      'gw1 to open tcp/1, tcp/3 and udp/5 for the address it sees, for 1m30s',
    );
    expect(said('-s -f 90 -A tcp/1 --forward [fd00::5]:22 gw', '8.8.8.8')).toBe(
      'gw1 to open tcp/1 for the address it sees, forwarded to [fd00::5]:22, for 1m30s',
    );
    expect(said('-s -A tcp/1 --forward local:22 gw', '8.8.8.8')).toBe(
      'gw1 to open tcp/1 for the address it sees, forwarded to port 22 of the server',
    );
    expect(said('-a 2a00::1,9.9.9.9 --close gw', '8.8.8.8')).toBe(
      'gw1 to close all that it has open for 9.9.9.9 and 2a00::1',
    );
  });
});
