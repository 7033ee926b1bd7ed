import { describe, expect, test } from 'vitest';
import { checkBackend } from '../../../src/config/firewall-section.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { parseSpadConf, type SpadConf } from '../../../src/config/spad-conf.ts';
import { present } from '../values.ts';

const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';
const OPEN = 'open_command = /bin/x {address}';
const CLOSE = 'close_command = /bin/y {address}';

const text = (lines: readonly string[], access = ''): string =>
  `[spad]\nname = gw1\n${lines.map((line) => `${line}\n`).join('')}[access a]\nkey = ${KEY}\nallow = tcp/22\n${access}`;

const told = (lines: readonly string[], access = ''): string[] =>
  parseSpadConf(text(lines, access), 'c').issues.map(formatIssue);

const read = (lines: readonly string[], access = ''): SpadConf => present(parseSpadConf(text(lines, access), 'c').conf);

describe('the firewall', () => {
  test.each([
    [['guard = tcp/22'], 'auto'],
    [['guard = tcp/22', 'firewall = nftables'], 'nftables'],
    [['nft_set = inet filter allowed'], 'nft-set'],
    [[OPEN, CLOSE], 'command'],
    [['firewall = command', OPEN, CLOSE], 'command'],
  ])('%j is %s, and there is nothing to say', (lines, name) => {
    expect(told(lines)).toEqual([]);
    expect(read(lines).firewall.name).toBe(name);
  });

  test('keys go with their firewall, and all that is wrong is told at once', () => {
    expect(
      told(['firewall = nftables', 'guard = tcp/22', 'nft_set = inet filter a', OPEN, 'close_command = /bin/y']),
    ).toEqual([
      'c:5: error: "nft_set" goes with firewall = nft-set, and this is nftables (take it out, or set firewall = nft-set)',
      'c:6: error: "open_command" goes with firewall = command, and this is nftables (take it out, or set firewall = command)',
      'c:7: error: "close_command" goes with firewall = command, and this is nftables (take it out, or set firewall = command)',
      'c:7: error: close_command = /bin/y (say whom it is for: {address})',
    ]);
    expect(told(['nft_set = inet filter a', OPEN])).toEqual([
      'c:4: error: "open_command" goes with firewall = command, and other keys point to nft-set (take it out, or set firewall = command)',
    ]);
  });

  test('what a firewall needs is asked for', () => {
    expect(told(['firewall = nft-set'])).toEqual([
      'c:3: error: firewall = nft-set needs "nft_set" (such as nft_set = inet filter allowed)',
    ]);
    expect(told([OPEN])).toEqual([
      'c:1: error: firewall = command needs "close_command" (such as close_command = /usr/sbin/ipset -exist del allowed {address})',
    ]);
    expect(told(['nft_set ='])[0]).toContain('needs "nft_set"');
    expect(told(['nft_set = inet a b, inet a c, inet a d'])).toEqual([
      'c:3: error: nft_set names more than two sets (one a family of addresses)',
    ]);
    expect(told(['nft_set = filter allowed'])).toEqual([
      'c:3: error: nft_set = filter allowed ("filter allowed" is not family, table and name of a set, such as inet filter allowed)',
    ]);
  });

  test('a mistake in a command is told with its line', () => {
    expect(told([OPEN, CLOSE.replace('address', 'adress')])).toEqual([
      'c:4: error: close_command = /bin/y {adress} (did you mean {address}?)',
    ]);
    expect(
      told(['open_command = ipset add $SPAD_ADDRESS', 'close_command = ipset del {address}', 'command_shell = yes']),
    ).toEqual([
      `c:4: error: close_command = ipset del {address} (values are not pasted into a shell's text: write "$SPAD_ADDRESS")`,
    ]);
  });
});

describe('what a firewall cannot', () => {
  test('a guard where nothing closes is a warning that says who must', () => {
    expect(told([OPEN, CLOSE, 'guard = tcp/22'])).toEqual([
      'c:5: warning: firewall = command closes no port, and "guard" says tcp/22 (the rules that close these ports must be your own; "guard" only says here that they do)',
    ]);
  });

  test('a forward is an error, also where auto has come to such a firewall', () => {
    const forward = 'forward = 10.0.0.5:22\n';
    expect(told(['nft_set = inet filter a'], forward)).toEqual([
      'c:4: error: firewall = nft-set cannot forward, and a may ask for it (these can: nftables, iptables, ipset, dry-run)',
    ]);
    const conf = read(['guard = tcp/22'], forward);
    expect(checkBackend(conf, 'nftables', 'c')).toEqual([]);
    expect(checkBackend(conf, 'ufw', 'c').map(formatIssue)).toEqual([
      'c:4: error: firewall = ufw cannot forward, and a may ask for it (these can: nftables, iptables, ipset, dry-run)',
    ]);
  });

  test('{port} and a wide range do not go together', () => {
    const commands = ['open_command = /bin/x {address} {port}', CLOSE];
    expect(told(commands)).toEqual([]);
    const wide = text(commands).replace('allow = tcp/22', 'allow = tcp/1-1024');
    expect(parseSpadConf(wide, 'c').issues.map(formatIssue)).toEqual([
      'c:5: warning: [access a] allows tcp/1-1024, and the commands say {port}, which is for 64 ports at once at most ({ports} or {first} and {last} stand for a range)',
    ]);
  });
});
