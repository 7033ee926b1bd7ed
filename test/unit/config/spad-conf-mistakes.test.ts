import { describe, expect, test } from 'vitest';
import { formatIssue } from '../../../src/config/issue.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';

const OTHER_KEY = Buffer.from(Uint8Array.from({ length: 32 }, (_, index) => index)).toString('base64');
const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';

/** Everything that is wrong with a file, as the operator sees it. */
const told = (text: string): string[] => parseSpadConf(text, 'spad.conf').issues.map(formatIssue);
const errors = (text: string): string[] => told(text).filter((line) => line.includes(': error: '));

/** A good file, with `line` added to the daemon's section as line 4 or to the stanza's as line 9. */
const withDaemon = (line: string): string =>
  `[spad]\nname = gw1\nguard = tcp/1-9999\n${line}\n[access a]\nkey = ${KEY}\nallow = tcp/22\n`;
const withAccess = (line: string): string =>
  `[spad]\nname = gw1\nguard = tcp/1-9999\n\n[access a]\nkey = ${KEY}\nallow = tcp/22\n\n${line}\n`;

test('the files that the mistakes are put into are good', () => {
  expect(told(withDaemon(''))).toEqual([]);
  expect(told(withAccess(''))).toEqual([]);
});

test('an address as the source stands for hosts of its own family', () => {
  expect(errors(withAccess('forward = 10.0.0.5:22, local:8022\nforward_source = 10.0.0.1'))).toEqual([]);
  expect(errors(withAccess('forward = 10.0.0.5:22, [fd00::5]:22\nforward_source = masquerade'))).toEqual([]);
  const [told] = errors(withAccess('forward = 10.0.0.5:22, [fd00::5]:22\nforward_source = 10.0.0.1'));
  expect(told).toContain('[access a] forwards to hosts that are not of the family of forward_source = 10.0.0.1');
  expect(told).toContain('masquerade does for both');
});

test('what cuts connections is asked of a firewall that can', () => {
  const door = '[door d]\nsequence = 1:udp\nopen = tcp/22\n';
  const conf = (firewall: string, terms: string): string => withDaemon(`firewall = ${firewall}`) + terms + door + terms;
  expect(errors(conf('nftables', 'drop_on_expiry = yes\n'))).toEqual([]);
  expect(errors(conf('iptables', 'while_connected = yes\ndrop_on_expiry = no\n'))).toEqual([]);
  const told = errors(conf('iptables', 'drop_on_expiry = yes\n'));
  expect(told).toHaveLength(2);
  expect(told[0]).toContain('[access a] has drop_on_expiry = yes, and firewall = iptables cannot cut connections');
  expect(told[0]).toContain('set firewall = nftables, or drop_on_expiry = no');
  expect(told[1]).toContain('[door d] has drop_on_expiry');
  expect(errors(withDaemon('') + '[door d]\nsequence = 1:udp\ncommand = x\nwhile_connected = yes\n')[0]).toContain(
    'has while_connected without "open"',
  );
});

test('widen_ipv6 is asked of a firewall that opens for networks, and of a stanza that cuts nothing', () => {
  const conf = (firewall: string, terms = ''): string => `${withDaemon(firewall)}widen_ipv6 = 64\n${terms}`;
  expect(errors(conf('firewall = nftables'))).toEqual([]);
  expect(errors(conf('firewall = nft-set\nnft_set = inet fw a, inet fw b'))[0]).toContain(
    '[access a] has widen_ipv6 = 64, and firewall = nft-set takes single addresses',
  );
  const command = 'firewall = command\nopen_command = /bin/o {address}\nclose_command = /bin/c {address}';
  expect(errors(conf(command))[0]).toContain('set another firewall, or widen_ipv6 = no');
  expect(errors(conf('firewall = nftables', 'drop_on_expiry = yes\n'))[0]).toContain(
    '[access a] has widen_ipv6 = 64 and drop_on_expiry = yes',
  );
});

test.each([
  'receiver_user = same',
  'metrics_file = /run/spad.prom',
  'audit = file, syslog, file',
  'interface = eth0.5',
])('%s is no mistake', (line) => {
  expect(errors(withDaemon(line))).toEqual([]);
});

describe('a wrong value is told with its line, what it is, and what would be right', () => {
  test.each([
    ['interface = eth0/1', '"any" or the name of an interface, such as eth0'],
    ['interface = averyverylongname', '"any" or the name of an interface, such as eth0'],
    ['port = 0', 'a port number from 1 to 65535'],
    ['port = 65536', 'a port number from 1 to 65535'],
    ['port = ssh', 'a port number from 1 to 65535'],
    ['capture = bpf', 'one of: auto, nflog, pcap, udp, file'],
    ['firewall = pf', 'one of: auto, nftables, nft-set, iptables, ipset, firewalld, ufw, command, dry-run'],
    ['max_age = 4', 'a time from 5 to 3600 seconds, such as 90s, 5m or 1h30m'],
    ['max_age = 2h', 'a time from 5 to 3600 seconds, such as 90s, 5m or 1h30m'],
    ['max_age = soon', 'a time from 5 to 3600 seconds, such as 90s, 5m or 1h30m'],
    ['max_grants = 0', 'a whole number from 1 to 100000'],
    ['max_grants = 1.5', 'a whole number from 1 to 100000'],
    ['state_dir = lib/spad', 'a path that begins with /'],
    ['audit_log = audit.jsonl', 'a path that begins with /'],
    ['audit = ', 'file, syslog or journald, or several of them with commas between'],
    ['audit = tape', '"tape" is not file, syslog or journald, or several of them with commas between'],
    ['metrics_file = /run/spad.txt', 'a path that begins with / and ends in .prom'],
    ['receiver_user = No Body', 'the name of a user, or "same" to keep the daemon\'s own'],
    ['open_command = ', 'a command with its arguments'],
    ['fwknop_override = etc/x.conf', '"etc/x.conf" is not a path that begins with /'],
    ['fwknop_max_age = soon', 'a time from 1 to 100000 seconds, such as 90s or 5m, or never'],
    ['fwknop_max_age = 0', 'a time from 1 to 100000 seconds, such as 90s or 5m, or never'],
    ['syslog_socket = log', 'a path that begins with / and has at most 107 bytes'],
  ])('%s', (line, hint) => {
    expect(errors(withDaemon(line))).toEqual([`spad.conf:4: error: ${line} (${hint})`]);
  });

  test.each([
    ['default = tcp/0', '"tcp/0" is not a port such as tcp/22 or udp/8000-8010'],
    ['default = tcp/22, ssh', '"ssh" is not a port such as tcp/22 or udp/8000-8010'],
    ['default = tcp/22,', '"" is not a port such as tcp/22 or udp/8000-8010'],
    [
      'source = 10.0.0.1/8',
      '"10.0.0.1/8" is not an address or a network such as 192.0.2.0/24 (no bits beyond the prefix)',
    ],
    ['source = home', '"home" is not an address or a network such as 192.0.2.0/24 (no bits beyond the prefix)'],
    ['require_address = true', 'yes or no'],
    ...['0', '0-8', '8-1', '1-', '1-60000', '01-8', '1 - 8', '1,3', 'yes'].map((text): [string, string] => [
      `emergency = ${text}`,
      'the numbers of codes as `spa-keys emergency` tells them, such as 1-8, at most 59999',
    ]),
    ['require_address = YES', 'yes or no'],
    ...['10.0.0.1/24:22', '10.0.0.5', 'fd00::5:22', 'local', 'local:22-21'].map((text) => [
      `forward = ${text}`,
      `"${text}" is not inner hosts and ports, such as 10.0.0.0/24:22, [fd00::/64]:22 or local:8022`,
    ]),
    ['forward_source = server', 'client, masquerade or an address of this host'],
    ['open_for = 0', 'a time from 1 to 31536000 seconds, such as 90s, 5m or 1h30m'],
    ['max_open_for = 366d', 'a time from 1 to 31536000 seconds, such as 90s, 5m or 1h30m'],
    ...['2027-02-29', '2027-13-01', '31.12.2027', '2027-12-31T18:00:00', '2027-12-31T25:00:00Z', 'never'].map((day) => [
      `expires = ${day}`,
      'a day such as 2027-12-31 (UTC) or an instant such as 2027-12-31T18:00:00Z',
    ]),
  ])('%s', (line, hint) => {
    expect(errors(withAccess(line))).toEqual([`spad.conf:9: error: ${line} (${hint})`]);
  });

  test.each(['key = abc', `key = ${KEY.slice(1)}`, `key = ${Buffer.alloc(32).toString('base64')}`])('%s', (line) => {
    const text = `[spad]\nname = gw1\nguard = tcp/22\n[access a]\nallow = tcp/22\n${line}`;
    expect(errors(text)).toEqual([expect.stringMatching(/^spad\.conf:6: error: .*base64 of 32 random bytes/)]);
  });

  test.each([
    ['old_key_until = 2027-12-31', 'has "old_key_until" and neither "old_key" nor "old_key_file"'],
    [`old_key = ${OTHER_KEY}`, 'has an old key without "old_key_until", which says when it ends'],
    ['old_key_file = /x', 'has an old key without "old_key_until", which says when it ends'],
    [`old_key = ${OTHER_KEY}\nold_key_file = /x\nold_key_until = 2027-12-31`, 'has both "old_key" and "old_key_file"'],
  ])('%s', (lines, problem) => {
    const [only, ...more] = errors(withAccess(lines));
    expect(only).toMatch(/^spad\.conf:\d+: error: \[access \S+\] /);
    expect(only).toContain(problem);
    expect(more).toEqual([]);
  });

  test('a wrong secret is not repeated in full: it may be a right one with a slip', () => {
    const slip = `key = ${KEY.slice(0, -1)}`;
    const text = `[spad]\nname = gw1\nguard = tcp/22\n[access a]\nallow = tcp/22\n${slip}`;
    expect(errors(text).join('')).not.toContain(KEY.slice(0, 40));
  });
});

describe('a misspelt key or section is told with the nearest', () => {
  test.each([
    ['prot = 1', 'unknown key "prot" in [spad] (did you mean "port"?)'],
    ['gaurd = tcp/22', 'unknown key "gaurd" in [spad] (did you mean "guard"?)'],
    ['maxage = 30', 'unknown key "maxage" in [spad] (did you mean "max_age"?)'],
    ['constructor = 1', 'unknown key "constructor" in [spad] (known keys: name, interface'],
    ['__proto__ = 1', 'unknown key "__proto__" in [spad] (known keys: name, interface'],
  ])('%s', (line, text) => {
    const [only, ...more] = errors(withDaemon(line));
    expect(only?.startsWith(`spad.conf:4: error: ${text}`), only).toBe(true);
    expect(more).toEqual([]);
  });

  test.each([
    ['[acces bob]', 'unknown section [acces bob] (did you mean [access NAME]?)'],
    ['[spda]', 'unknown section [spda] (did you mean [spad]?)'],
    ['[firewall]', 'unknown section [firewall] (sections are [spad], [access NAME] and [door NAME])'],
    ['[access]', 'section [access] (write [access NAME], the name of up to 64 letters, digits and . _ @ -)'],
    ['[access a b]', 'section [access a b] (write [access NAME], the name of up to 64 letters, digits and . _ @ -)'],
    ['[access ü]', 'section [access ü] (write [access NAME], the name of up to 64 letters, digits and . _ @ -)'],
    ['[access a]', 'section [access a] again (it began at line 5; give each section once)'],
  ])('%s', (line, text) => {
    expect(errors(withAccess(line))[0]).toBe(`spad.conf:9: error: ${text}`);
  });
});

describe('what does not go together', () => {
  const stanza = (lines: string): string[] => errors(`[spad]\nname = gw1\nguard = tcp/1-9999\n[access a]\n${lines}`);

  test.each([
    ['no key', 'allow = tcp/22', '[access a] needs either "key" or "key_file"'],
    ['two keys', `allow = tcp/22\nkey = ${KEY}\nkey_file = /k`, '[access a] needs either "key" or "key_file"'],
    ['no port', `allow =\nkey = ${KEY}`, '[access a] allows no port'],
    ['no allow', `key = ${KEY}`, '[access a] has no "allow"'],
    ['a default outside', `allow = tcp/22\nkey = ${KEY}\ndefault = tcp/23`, '[access a] has the default tcp/23'],
    [
      'open_for above its limit',
      `allow = tcp/22\nkey = ${KEY}\nopen_for = 2h`,
      '[access a] has open_for above max_open_for',
    ],
  ])('%s', (_, lines, problem) => {
    expect(stanza(lines)).toEqual([expect.stringContaining(`spad.conf:4: error: ${problem} (`)]);
  });

  test('a file to capture from', () => {
    expect(errors(withDaemon('capture = file'))).toHaveLength(2);
    expect(errors(withDaemon('capture_file = /x'))).toHaveLength(1);
    expect(errors(withDaemon('capture = file\ncapture_file = /x\nfirewall = dry-run'))).toEqual([]);
  });

  test('a guard in front of the socket that packets must reach', () => {
    expect(errors(withDaemon('capture = udp\nport = 62201'))).toEqual([]);
    const guarded = '[spad]\nname = gw1\ncapture = udp\nport = 500\nguard = udp/1-1000\n';
    expect(errors(guarded)).toEqual([expect.stringContaining('capture = udp with udp/500 guarded')]);
    expect(errors(guarded.replace('capture = udp', 'capture = pcap'))).toEqual([]);
  });

  test('no [spad] section, no name', () => {
    expect(errors(`[access a]\nkey = ${KEY}\nallow = tcp/22`)).toEqual([
      expect.stringContaining('spad.conf: error: there is no [spad] section'),
    ]);
    expect(errors('')).toHaveLength(1);
    expect(errors('[spad]\nport = 1')[0]).toMatch(/^spad\.conf:1: error: \[spad\] has no "name"/);
  });
});

test('warnings do not stop the daemon', () => {
  const { conf, issues } = parseSpadConf(`[spad]\nname = gw1\n[access a]\nkey = ${KEY}\nallow = tcp/22`, 'f');
  expect(conf).toBeDefined();
  expect(issues.map((issue) => [issue.severity, issue.problem])).toEqual([['warning', 'nothing is guarded']]);
});

test('ALL problems at once, in the order of the lines', () => {
  const text = [
    '[spad]',
    'prot = 62201',
    'capture = bpf',
    'max_age = soon',
    '[access alice]',
    'key = abc',
    'allow = 22',
    'expires = 2027-02-30',
    'nonsense',
    '[acess bob]',
    'key = x',
  ].join('\n');
  const { conf, issues } = parseSpadConf(text, 'f');
  expect(conf).toBeUndefined();
  expect(issues.map((issue) => issue.line)).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10]);
});
