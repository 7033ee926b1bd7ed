import { describe, expect, test } from 'vitest';
import { formatCidr } from '../../../src/base/address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import type { AccessEntry } from '../../../src/config/access-section.ts';
import { parseSpadConf, type SpadConf } from '../../../src/config/spad-conf.ts';

const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';

const EXAMPLE = `[spad]
name = gw1                  ; bound into every packet
interface = any             ; or a name
port = 62201
capture = pcap              ; pcap | udp
firewall = nftables         ; nftables | dry-run  (others come later)
guard = tcp/22, tcp/443     ; ports that need a grant
max_age = 120s
state_dir = /var/lib/spad
audit_log = /var/log/spad/audit.jsonl

[access alice]
key = ${KEY}                ; or key_file = PATH
allow = tcp/22, tcp/8000-8010
default = tcp/22            ; what opens when the client names no port
open_for = 30s
max_open_for = 1h
source = 0.0.0.0/0, ::/0
require_address = no        ; yes: only an address sealed in the packet opens
expires = 2027-12-31
`;

const confOf = (text: string): SpadConf => {
  const { conf, issues } = parseSpadConf(text, 'spad.conf');
  if (conf === undefined) throw new Error(issues.map((issue) => `${String(issue.line)}: ${issue.problem}`).join('\n'));
  return conf;
};

const onlyAccess = (conf: SpadConf): AccessEntry => {
  const [entry, ...more] = conf.access;
  if (entry === undefined || more.length > 0) throw new Error('not one stanza');
  return entry;
};

describe('the example', () => {
  const conf = confOf(EXAMPLE);

  test('the daemon', () => {
    expect({ ...conf.daemon, guard: conf.daemon.guard.map(formatPortSpec) }).toMatchObject({
      ...{ name: 'gw1', interface: 'any', port: 62_201, capture: 'pcap', firewall: 'nftables' },
      ...{ guard: ['tcp/22', 'tcp/443'], max_age: 120 },
      ...{ state_dir: '/var/lib/spad', audit: ['file'], audit_log: '/var/log/spad/audit.jsonl' },
    });
  });

  test('the stanza', () => {
    const { stanza, key, line } = onlyAccess(conf);
    expect('secret' in key && key.secret.revealBase64()).toBe(KEY);
    expect(line).toBe(12);
    expect(stanza.name).toBe('alice');
    expect(stanza.allow.map(formatPortSpec)).toEqual(['tcp/22', 'tcp/8000-8010']);
    expect(stanza.defaultPorts.map(formatPortSpec)).toEqual(['tcp/22']);
    expect([stanza.openFor, stanza.maxOpenFor, stanza.requireAddress]).toEqual([30, 3600, false]);
    expect(stanza.sources.map(formatCidr)).toEqual(['0.0.0.0/0', '::/0']);
    // The stanza holds to the end of its last day: 2028-01-01T00:00:00Z is the first instant after.
    expect(stanza.expires).toBe(1_830_297_600_000);
  });

  test('one warning: ports that may be opened and are not guarded', () => {
    const { issues } = parseSpadConf(EXAMPLE, 'spad.conf');
    expect(issues.map(({ severity, line }) => [severity, line])).toEqual([['warning', 12]]);
    expect(issues[0]?.problem).toContain('tcp/8000-8010');
  });
});

describe('what is left out has its default', () => {
  const conf = confOf(`[spad]\nname = gw1\n[access bob]\nkey_file = /etc/spad/bob.key\nallow = udp/53`);

  test('the daemon', () => {
    expect(conf.daemon).toMatchObject({ interface: 'any', port: 62_201, capture: 'auto', firewall: 'auto' });
    expect(conf.daemon).toMatchObject({ guard: [], max_age: 120, state_dir: '/var/lib/spad', receiver_user: 'nobody' });
  });

  test('the stanza', () => {
    const { stanza, key } = onlyAccess(conf);
    expect(key).toEqual({ file: '/etc/spad/bob.key' });
    expect(stanza).toMatchObject({ defaultPorts: [], openFor: 30, maxOpenFor: 3600, requireAddress: false });
    expect(stanza.expires).toBeUndefined();
    expect(stanza.sources.map(formatCidr)).toEqual(['0.0.0.0/0', '::/0']);
  });
});

describe('values', () => {
  const stanzaWith = (line: string) =>
    onlyAccess(confOf(`[spad]\nname = g\n[access a]\nkey = ${KEY}\nallow = tcp/1-100\n${line}`)).stanza;

  test('ports are put in order and merged', () => {
    const text = `[spad]\nname = g\nguard = udp/53, tcp/23,tcp/22\n[access a]\nkey = ${KEY}\nallow = tcp/22`;
    expect(confOf(text).daemon.guard.map(formatPortSpec)).toEqual(['tcp/22-23', 'udp/53']);
  });

  test.each([
    ['2027-12-31T18:00:00Z', Date.UTC(2027, 11, 31, 18)],
    ['2028-02-29', Date.UTC(2028, 2, 1)],
    ['2026-01-01', Date.UTC(2026, 0, 2)],
  ])('expires = %s', (text, instant) => {
    expect(stanzaWith(`expires = ${text}`).expires).toBe(instant);
  });

  test.each([
    ['1-8', { first: 1, last: 8 }],
    ['5', { first: 5, last: 5 }],
    ['1-59999', { first: 1, last: 59_999 }],
  ])('emergency = %s', (text, codes) => {
    const { access } = confOf(`[spad]\nname = gw1\n[access a]\nkey = ${KEY}\nallow = tcp/1\nemergency = ${text}`);
    expect(access[0]?.codes).toEqual(codes);
  });

  test('emergency with require_address, which refuses the codes, is a warning', () => {
    const lines = 'allow = tcp/22\nemergency = 1-8\nrequire_address = yes';
    const { conf, issues } = parseSpadConf(
      `[spad]\nname = gw1\nguard = tcp/22\n[access a]\nkey = ${KEY}\n${lines}`,
      'f',
    );
    expect(conf).toBeDefined();
    expect(issues).toMatchObject([{ severity: 'warning', hint: 'give the codes a stanza of their own' }]);
  });

  test('require_address = yes', () => {
    expect(stanzaWith('require_address = yes').requireAddress).toBe(true);
  });

  test('a name with dots', () => {
    expect(
      confOf(`[spad]\nname = gate.example.net\n[access a.b@c-d_e]\nkey = ${KEY}\nallow = tcp/1`).access[0]?.stanza.name,
    ).toBe('a.b@c-d_e');
  });
});

describe('enabled = no', () => {
  const conf = (lines: string): ReturnType<typeof parseSpadConf> =>
    parseSpadConf(`[spad]\nname = gw1\nguard = tcp/22\n${lines}`, 'spad.conf');
  const KEYS = 'key_base64 = AAECAwQFBgcICQoLDA0ODw==\nhmac_key_base64 = Dw4NDAsKCQgHBgUEAwIBAA==\n';

  test.each([
    ['native', `key_file = /k\nallow = tcp/22\n`],
    ['fwknop', `${KEYS}format = fwknop\nallow = tcp/22\n`],
    ['both', `${KEYS}format = both\nkey_file = /k\nallow = tcp/22\n`],
  ])('leaves a stanza out whose format is %s', (_, lines) => {
    const count = (enabled: string): number[] => {
      const { conf: read, issues } = conf(`[access alice]\n${lines}enabled = ${enabled}\n`);
      expect(issues).toEqual([]);
      return [read?.access.length ?? 9, read?.fwknop.length ?? 9];
    };
    expect(count('no')).toEqual([0, 0]);
    expect(count('yes')).not.toEqual([0, 0]);
  });

  test('hides no mistake', () => {
    expect(conf('[access alice]\nallow = tcp/0\nenabled = no\n').conf).toBeUndefined();
    expect(conf('[access alice]\nkey_file = /k\nallow = tcp/22\nenabled = perhaps\n').issues).toMatchObject([
      { line: 7, problem: 'enabled = perhaps' },
    ]);
  });
});
