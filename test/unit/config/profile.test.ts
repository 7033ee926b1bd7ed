import { describe, expect, test } from 'vitest';
import { formatCidr } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { findProfile, parseAllow, parseProfiles } from '../../../src/config/profile.ts';
import { present } from '../values.ts';

const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';

const TEXT = `
[home]
host = gate.example.net
server = gw1
key = ${KEY}
access = tcp/443, tcp/22
allow = source
open_for = 5m
port = 500

[192.0.2.7]
server = gw2
key_file = /home/me/.config/spa/gw2.key
`;

describe('profiles', () => {
  const { profiles, issues, broken } = parseProfiles(TEXT, 'profiles.ini');

  test('are read', () => {
    expect([issues, broken]).toEqual([[], []]);
    const [home, other] = profiles;
    expect(home).toMatchObject({ name: 'home', host: 'gate.example.net', server: 'gw1', port: 500, openFor: 300 });
    expect(home).toMatchObject({ allow: 'source' });
    expect(home?.access.map(formatPortSpec)).toEqual(['tcp/22', 'tcp/443']);
    expect(home !== undefined && 'secret' in home.key && home.key.secret.revealBase64()).toBe(KEY);
    expect(other).toMatchObject({ host: '192.0.2.7', port: 62_201, access: [], openFor: undefined, allow: undefined });
    expect(other?.key).toEqual({ file: '/home/me/.config/spa/gw2.key' });
  });

  test('are found by name, else by host', () => {
    expect(findProfile(profiles, 'home')?.server).toBe('gw1');
    expect(findProfile(profiles, 'gate.example.net')?.server).toBe('gw1');
    expect(findProfile(profiles, '192.0.2.7')?.server).toBe('gw2');
    expect(findProfile(profiles, 'gw1')).toBeUndefined();
    const swapped = parseProfiles(`[a]\nhost = b\nserver = one\nkey = ${KEY}\n[b]\nserver = two\nkey = ${KEY}`, 'f');
    expect(findProfile(swapped.profiles, 'b')?.server).toBe('two');
  });
});

describe('mistakes', () => {
  const told = (text: string): string[] => parseProfiles(text, 'p.ini').issues.map(formatIssue);

  test('a profile with an error is left out, told and named; the others stand', () => {
    const reading = parseProfiles(`[a]\nserver = gw1\n[b]\nserver = gw2\nkey = ${KEY}`, 'p.ini');
    expect(reading.profiles.map((profile) => profile.name)).toEqual(['b']);
    expect(reading.broken).toEqual(['a']);
    expect(reading.issues.map(formatIssue)).toEqual([
      'p.ini:1: error: [a] needs either "key" or "key_file" (`spa-keys generate` prints a whole profile)',
    ]);
  });

  test.each([
    [`[a]\nkey = ${KEY}`, /^p\.ini:1: error: \[a\] has no "server"/],
    [`[a]\nserver = g\nkey = ${KEY}\nkey_file = /k`, /^p\.ini:1: error: \[a\] needs either/],
    [`[a]\nserver = g\nkey = ${KEY}\nacces = tcp/22`, /^p\.ini:4: error: unknown key "acces" .*did you mean "access"/],
    [`[a]\nserver = g\nkey = ${KEY}\nport = 0`, /^p\.ini:4: error: port = 0 \(a port number from 1 to 65535\)/],
    [`[a]\nserver = g\nkey = ${KEY}\nallow = 10.0.0.0/8`, /^p\.ini:4: error: allow = .*not the address of one host/],
    [`[a]\nserver = g\nkey = ${KEY}\nopen_for = 0`, /^p\.ini:4: error: open_for = 0/],
    [`[a]\nserver = g\nkey = ${KEY}\nhost =`, /^p\.ini:4: error: host = /],
    [`[a]\nserver = g\nkey = ${KEY}\nallow = 192.0.2.1\nresolve = stun`, /\[a\] has "allow", and resolve/],
    [`[a]\nserver = g\nkey = ${KEY}\nallow = source\nboth = yes`, /\[a\] has "allow", and both/],
    [`[a]\nformat = fwknop\nserver = g`, /server is not for fwknop's packets .*leave it out/],
    [`[a]\nformat = fwknop\nboth = yes`, /both is not for fwknop's packets/],
  ])('%s', (text, pattern) => {
    expect(told(text)).toEqual([expect.stringMatching(pattern)]);
  });

  test('no section name reaches the terminal unseen through', () => {
    for (const text of ['[a\u001b[2J]', `[a\u001b[2J]\nserver = g`, '[a\u001b[2J]\nx = 1\nserver = g'])
      expect(told(text).join('\n')).not.toContain('\u001b');
  });
});

describe('whom to open for', () => {
  const read = (text: string): string => {
    const result = parseAllow(text);
    if (!result.ok) return result.error;
    return result.value === 'source' ? 'source' : result.value.map(formatCidr).join(',');
  };

  test.each([
    ['source', 'source'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1, 192.0.2.1', '192.0.2.1,2001:db8::1'],
    ['192.0.2.1,192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('%s', (text, choice) => {
    expect(read(text)).toBe(choice);
  });

  test.each([
    ['', 'is not the address of one host'],
    ['192.0.2.0/24', 'is not the address of one host'],
    ['192.0.2.1,', 'is not the address of one host'],
    ['example.net', 'is not the address of one host'],
    ['127.0.0.1', 'cannot be the address of a remote host'],
    ['0.0.0.0', 'cannot be the address of a remote host'],
    ['10.0.0.1,10.0.0.2,10.0.0.3', 'at most 2 addresses'],
  ])('%j: refused', (text, reason) => {
    expect(read(text)).toContain(reason);
  });
});

test('a hint is there for every directive', () => {
  const issue = present(parseProfiles('[a]', 'p.ini').issues[0]);
  expect(issue.hint).not.toBe('');
});
