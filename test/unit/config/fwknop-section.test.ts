/** `[access NAME]` for fwknop's clients. */
import { describe, expect, test } from 'vitest';
import { formatCidr } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { parseSpadConf, type SpadConf } from '../../../src/config/spad-conf.ts';

const HEAD = '[spad]\nname = gw1\nguard = tcp/1-9999\n[access a]\n';
const KEYS = 'key_base64 = AAAA\nhmac_key_base64 = BBBB\n';
const NATIVE = 'key = Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=\n';

const conf = (lines: string): SpadConf => {
  const reading = parseSpadConf(`${HEAD}${lines}`, 's');
  if (reading.conf === undefined) throw new Error(reading.issues.map(formatIssue).join());
  return reading.conf;
};

const errors = (lines: string): string[] =>
  parseSpadConf(`${HEAD}${lines}`, 's')
    .issues.map(formatIssue)
    .filter((line) => line.includes(': error: '));

describe('format = fwknop', () => {
  test('what is there without more', () => {
    const { access, fwknop } = conf(`format = fwknop\n${KEYS}allow = tcp/22`);
    expect(access).toEqual([]);
    expect(fwknop).toHaveLength(1);
    expect(fwknop[0]).toMatchObject({ file: 's', line: 4 });
    expect(fwknop[0]?.client).toMatchObject({
      cipher: { mode: 'cbc' },
      hmac: { type: 'sha256' },
      gpg: undefined,
      stanza: { name: 'a', openFor: 30, maxOpenFor: 300, requireAddress: false, nat: { forward: false, names: false } },
    });
  });

  test('the names of ours and of fwknop mean the same', () => {
    const ours = `open_for = 1m\nmax_open_for = 2m\nrequire_address = yes\nallow = tcp/22\n`;
    const theirs = `fw_access_timeout = 60\nmax_fw_timeout = 120\nrequire_source_address = Y\nopen_ports = tcp/22\n`;
    const stanzaOf = (lines: string): unknown => conf(`format = fwknop\n${KEYS}${lines}`).fwknop[0]?.client.stanza;
    expect(stanzaOf(ours)).toEqual(stanzaOf(theirs));
  });

  test('key and fwknop_key are one text', () => {
    const passphrase = (line: string): string =>
      Buffer.from(
        conf(`format = fwknop\n${line}\nhmac_key = h\nallow = any`).fwknop[0]?.client.cipher?.passphrase ?? [],
      ).toString();
    expect([passphrase('key = "a #b"'), passphrase('fwknop_key = abc')]).toEqual(['a #b', 'abc']);
  });

  test('NAT', () => {
    const lines =
      'nat = forward, local\nnat_targets = 10.0.0.0/24\nnat_names = yes\nforward_source = masquerade\nforce_nat = 10.0.0.5 22';
    const nat = conf(`format = fwknop\n${KEYS}allow = any\n${lines}`).fwknop[0]?.client.stanza.nat;
    expect(nat).toMatchObject({ forward: true, local: true, names: true, source: 'masquerade', forced: { port: 22 } });
    expect(nat?.targets?.map(formatCidr)).toEqual(['10.0.0.0/24']);
  });

  test('allow = any, a command cycle and commands alone', () => {
    const ports = (lines: string): string | undefined =>
      conf(`format = fwknop\n${KEYS}${lines}`).fwknop[0]?.client.stanza.openPorts?.map(formatPortSpec).join();
    expect(ports('allow = any')).toBeUndefined();
    expect(ports('cmd_cycle_open = /a\ncmd_cycle_close = NONE')).toBeUndefined();
    expect(ports('enable_cmd_exec = yes')).toBe('');
  });

  test.each([
    [
      'allow = tcp/22\nopen_ports = tcp/22',
      '[access a]: allow and open_ports (they are two names for the same; set one of them)',
    ],
    [
      'allow = tcp/22\nopen_for = 5\nfw_access_timeout = 5',
      '[access a]: open_for and fw_access_timeout (they are two names for the same; set one of them)',
    ],
    ['allow = tcp/22\nkey = x', '[access a]: key and key_base64 (set one of the two)'],
    ['open_for = 5', '[access a]: no "allow" (allow = tcp/22: the ports this client may ask for)'],
    [
      'allow = tcp/22\nforce_nat = 10.0.0.1 22',
      '[access a]: force_nat, and no NAT is allowed (set nat = forward, or nat = local)',
    ],
    ['allow = tcp/22\nkey_file = /k', 'unknown key "key_file" in [access a] (known keys: format, key, key_base64'],
  ])('%s', (lines, problem) => {
    expect(errors(`format = fwknop\n${KEYS}${lines}`)).toEqual([expect.stringContaining(`error: ${problem}`)]);
  });

  test('a key without its partner, and a base64 text for a text', () => {
    expect(errors('format = fwknop\nkey_base64 = AAAA\nallow = any')).toEqual([
      's:4: error: [access a]: no HMAC key (set hmac_key_base64 here and on the client, or set allow_unauthenticated = yes)',
    ]);
    expect(errors(`format = fwknop\n${NATIVE}hmac_key = h\nallow = any`)).toEqual([
      's:6: error: key = (not shown) (at most 32 bytes; these are 44)',
    ]);
  });

  test('allow_unauthenticated is a warning', () => {
    const { issues } = parseSpadConf(
      `${HEAD}format = fwknop\nkey = k\nallow_unauthenticated = yes\nallow = tcp/22`,
      's',
    );
    expect(issues.map(formatIssue)).toEqual([
      's:4: warning: [access a]: no HMAC key: packets are unsealed before it is known that they are genuine (set hmac_key_base64 here and on the client)',
    ]);
  });
});

describe('format = both', () => {
  test('one client of both kinds', () => {
    const { access, fwknop } = conf(`format = both\n${NATIVE}${KEYS}allow = tcp/22\nopen_for = 1m\ndefault = tcp/22`);
    expect(access[0]?.stanza).toMatchObject({ name: 'a', openFor: 60 });
    expect(fwknop[0]?.client.stanza).toMatchObject({ name: 'a', openFor: 60, maxOpenFor: 3600 });
    expect(fwknop[0]?.client.stanza.openPorts).toEqual(access[0]?.stanza.allow);
  });

  test('problems of both sides at once, each once', () => {
    expect(errors('format = both\nallow = tcp/22\nopen_for = soon\nkey_base64 = AAAA')).toEqual([
      expect.stringMatching(/^s:7: error: open_for = soon/),
    ]);
    expect(errors('format = both\nallow = tcp/22\nkey_base64 = AAAA')).toEqual([
      expect.stringMatching(/^s:4: error: \[access a\]: no HMAC key/),
      expect.stringMatching(/^s:4: error: \[access a\] needs either "key" or "key_file"/),
    ]);
    expect(errors(`format = both\n${NATIVE}${KEYS}allow = any`)).toEqual([expect.stringMatching(/error: allow = any/)]);
  });
});

describe('the format', () => {
  test.each(['Fwknop', 'knock'])('%s is none', (word) => {
    expect(errors(`format = ${word}`)).toEqual([`s:5: error: format = ${word} (one of: native, fwknop, both)`]);
  });

  test('a key of fwknop without it', () => {
    expect(errors(`${NATIVE}allow = tcp/22\nhmac_key = x`)).toEqual([
      's:7: error: "hmac_key" is about fwknop\'s packets (set format = fwknop, or format = both)',
    ]);
  });
});
