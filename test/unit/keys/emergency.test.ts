import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../../keys/cli.ts';
import { setKey } from '../../../keys/section-text.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import { codeChecks, parseCode } from '../../../src/spa/native/code-text.ts';
import { deriveUnsealKeys, type Unsealed, unsealNative } from '../../../src/spa/native/unseal.ts';
import { present, secretOf } from '../values.ts';
import { type CapturedIo, captureIo, temporaryFolder } from './folder.ts';

const CONF = `# the gateway
[spad]
name = gw1
port = 4000
guard = tcp/22

[access alice]   ; the boss
key = ${secretOf(1).revealBase64()}
allow = tcp/22, tcp/443
default = tcp/22
max_open_for = 1h

[access bob]
key_file = HOME/bob.key
allow = tcp/443
emergency = 5-8  ; the second sheet
expires = 2027-12-31

[access strict]
key = ${secretOf(3).revealBase64()}
allow = tcp/22
default = tcp/22
require_address = yes

[access phone]
format = fwknop
key_base64 = AAAA

[access both]
format = both
key = ${secretOf(4).revealBase64()}
fwknop_key = of letters
allow_unauthenticated = yes
allow = tcp/22
default = tcp/22
`;

const PROFILES = `[home]
host = gw1.example.net
port = 99
server = gw1
key = ${secretOf(5).revealBase64()}
`;

interface Ran extends CapturedIo {
  readonly code: number;
  readonly home: string;
  readonly conf: string;
}

/** Runs it in a folder with both files. */
const printing = (words: string, files: Readonly<Record<string, string>> = {}, folder = temporaryFolder()): Ran => {
  const all = { 'spad.conf': CONF, 'profiles.ini': PROFILES, 'bob.key': secretOf(2).revealBase64(), ...files };
  for (const [name, text] of Object.entries(all))
    if (!existsSync(join(folder, name)) || name in files)
      writeFileSync(join(folder, name), text.replaceAll('HOME', folder), { mode: 0o600 });
  const io = captureIo(folder);
  const file = words.startsWith('home') ? 'profiles.ini' : 'spad.conf';
  const args = ['emergency', ...words.split(' '), '--file', join(folder, file)];
  return { ...io, code: run(args, io), home: folder, conf: join(folder, 'spad.conf') };
};

/** The codes of a sheet by their numbers, and whether the checks are theirs. */
const codesOn = (sheet: string): ReadonlyMap<number, Uint8Array> => {
  const found = sheet.matchAll(/^Code (\d+)\n((?: {4}[A-Za-z0-9+/= ]+\n){5}) {4}check ([0-9A-Z ]+)$/gm);
  return new Map(
    [...found].map(([, number, letters = '', checks]) => {
      const parsed = parseCode(letters);
      expect(codeChecks(letters.replace(/\s/g, '')).join(' ')).toBe(checks);
      return [Number(number), parsed.ok ? parsed.value : expect.fail(parsed.error)] as const;
    }),
  );
};

const opened = (datagram: Uint8Array | undefined, seed: number, server = 'gw1'): Unsealed => {
  const result = unsealNative(present(datagram), deriveUnsealKeys(secretOf(seed), server));
  return result.ok ? result.value : expect.fail(result.error);
};

describe('the codes', () => {
  test('are eight of a stanza, numbered from 1, and open its default port for ten minutes', () => {
    const ran = printing('alice');
    expect(ran.code).toBe(0);
    const codes = codesOn(ran.stdout());
    expect([...codes.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const [number, datagram] of codes) {
      const { request, code } = opened(datagram, 1);
      expect(code).toBe(number);
      expect(request).toMatchObject({ type: 'open', openFor: 600, addresses: [], ports: [], forward: undefined });
    }
  });

  test('are the same when they are printed again, and others for another wish', () => {
    const ran = printing('alice');
    expect(printing('alice', {}, ran.home).stdout()).toBe(ran.stdout());
    const [first, second] = [codesOn(ran.stdout()), codesOn(printing('alice --open-for 9m', {}, ran.home).stdout())];
    expect(first.get(1)).not.toEqual(second.get(1));
  });

  test('go on after those that the stanza has', () => {
    const ran = printing('bob --ports tcp/443 --count 2');
    expect([...codesOn(ran.stdout()).keys()]).toEqual([9, 10]);
    const { request } = opened(codesOn(ran.stdout()).get(9), 2);
    expect(request.ports.map(formatPortSpec)).toEqual(['tcp/443']);
    expect(ran.stderr()).toContain('of the codes 5-8, those outside this range hold no more then; "emergency = 5-10"');
    expect(ran.stderr()).toContain('ends on 2028-01-01T00:00:00.000Z');
  });

  test('are of the profile’s key and host', () => {
    const ran = printing('home --count 1 --from 3');
    expect(opened(codesOn(ran.stdout()).get(3), 5).code).toBe(3);
    expect(ran.stdout()).toContain('spa-client --code - gw1.example.net:99\n');
    expect(ran.stdout()).toContain('| nc -u -w1 gw1.example.net 99\n');
    expect(ran.stderr()).toBe('next: on the server, the stanza with this key needs the line "emergency = 3"\n');
    expect(printing('home', {}, ran.home).stderr()).toContain('go on with --from');
  });

  test('are of a stanza of both formats, too', () => {
    expect(opened(codesOn(printing('both --count 1').stdout()).get(1), 4).code).toBe(1);
  });

  test('open for no longer than the stanza does', () => {
    const ran = printing('alice --open-for 3h --count 1');
    expect(opened(codesOn(ran.stdout()).get(1), 1).request.openFor).toBe(3600);
    expect(ran.stdout()).toContain('Each code opens tcp/22 for 1h, ');
  });
});

describe('the sheet', () => {
  test('says what they are, where they go and how they are sent', () => {
    const [head = ''] = printing('alice --count 1 --host gw1.example.net').stdout().split('\nCode 1\n');
    expect(head).toBe(`Emergency codes for gw1 (stanza alice), made 2026-01-31

Each code opens tcp/22 for 10m, for the address that it comes from, once, whatever the clocks say.
Whoever has a code can use it: keep this sheet as you keep a key, and cross out what you have used.

With spa-client; then type or paste the code:
    spa-client --code - gw1.example.net:4000

Without it, CODE being the letters of a code, in one or more lines:
    echo 'CODE' | tr -d ' \\n' | base64 -d | nc -u -w1 gw1.example.net 4000

In bash, where there is no nc:
    echo 'CODE' | tr -d ' \\n' | base64 -d > /dev/udp/gw1.example.net/4000

Nothing is answered. Connect; if the port stays shut, send the code once more, then take the next one.
A mistyped code opens nothing and is not used up. spa-client prints two check letters for each line.
`);
  });

  test('for a printer has both, and nothing of the configuration is markup', () => {
    const letters = codesOn(printing('alice --count 2').stdout());
    const files = { 'spad.conf': CONF.replace('name = gw1', 'name = <b>&"') };
    const page = printing('alice --count 2 --html').stdout();
    expect(page.match(/<svg /g)).toHaveLength(2);
    const blocks = [...page.matchAll(/<h2>Code \d<\/h2>\n<pre>([^<]*)<\/pre>/g)].map(([, text = '']) =>
      parseCode(text),
    );
    expect(blocks).toEqual([1, 2].map((number) => ({ ok: true, value: letters.get(number) })));
    expect(printing('alice --count 1 --html --host gw1', files).stdout()).toContain(
      'for &lt;b&gt;&amp;&quot; (stanza alice)',
    );
  });
});

describe('--write', () => {
  test('sets the range and leaves every other byte', () => {
    const ran = printing('alice --write');
    expect(readFileSync(ran.conf, 'utf8')).toBe(
      CONF.replaceAll('HOME', ran.home).replace('max_open_for = 1h\n', 'max_open_for = 1h\nemergency = 1-8\n'),
    );
    expect(ran.stderr()).toContain(`wrote "emergency = 1-8" into [access alice] of ${ran.conf}`);
    expect(statSync(ran.conf).mode & 0o777).toBe(0o600);
    const again = printing('alice --write --count 1', {}, ran.home);
    expect([...codesOn(again.stdout()).keys()]).toEqual([9]);
    const { conf } = parseSpadConf(readFileSync(ran.conf, 'utf8').replace(/\[access phone\][^]*/, ''), '');
    expect(conf?.access.map(({ codes }) => codes)).toEqual([{ first: 9, last: 9 }, { first: 5, last: 8 }, undefined]);
  });

  test('keeps the comment of the line that it replaces', () => {
    const ran = printing('bob --ports tcp/443 --count 1 --write');
    expect(readFileSync(ran.conf, 'utf8')).toContain('emergency = 9  ; the second sheet\n');
  });

  test('without it, the file stays and the line is told', () => {
    const ran = printing('alice');
    expect(readFileSync(ran.conf, 'utf8')).toBe(CONF.replaceAll('HOME', ran.home));
    expect(ran.stderr()).toBe(
      `next: put "emergency = 1-8" into [access alice] of ${ran.conf} (--write does that), then systemctl reload spad\n`,
    );
  });

  test.each([
    ['a file without an end of line', '[a]\nb = 1', 1, '[a]\nb = 1\nk = 2\n'],
    ['an empty section', '[a]\n\n[b]\n', 1, '[a]\nk = 2\n\n[b]\n'],
    ['line ends of Windows', '[a]\r\nk = 1 # c\r\nb = 1\r\n', 1, '[a]\r\nk = 2 # c\r\nb = 1\r\n'],
    ['a quoted value', '[a]\nk="1 ; 2"\t; c\n', 1, '[a]\nk=2\t; c\n'],
    ['a value with letters of comments', '[a]\nk = 1;#\nb = 1\n', 1, '[a]\nk = 2\nb = 1\n'],
    ['the section below, which has the key too', '[a]\nk = 1\n[b]\nk = 1\n', 3, '[a]\nk = 1\n[b]\nk = 2\n'],
  ])('%s', (_, text, line, expected) => {
    expect(setKey(text, line, 'k', '2')).toBe(expected);
  });
});

describe('is refused, and nothing is written:', () => {
  test.each([
    ['strict --write', 2, 'require_address = yes, which refuses codes'],
    ['phone --write', 2, "is for fwknop's packets"],
    ['alicf', 2, 'did you mean "alice"?'],
    ['bob --count 1', 2, 'the stanza has no default port: name the ports with --ports tcp/22'],
    ['alice --ports tcp/80 --write', 2, 'tcp/80 is not among the ports that the stanza allows'],
    ['alice --from 59999 --write', 2, 'the numbers end at 59999'],
    ['home --write', 2, '"home" is a profile'],
    ['alice --qr --html', 2, "cannot be used with option '--html'"],
    ['alice --count 0', 2, 'Write a number from 1 to 100'],
    ['alice --from 60000', 2, 'Write a number from 1 to 59999'],
    ['alice --open-for 0', 2, 'Write a time'],
    ["alice --host a'b", 2, "Write a host's name"],
  ])('%s', (words, code, sentence) => {
    const ran = printing(words);
    expect([ran.code, ran.stderr()]).toEqual([code, expect.stringContaining(sentence)]);
    expect(ran.stdout()).toBe('');
    expect(readFileSync(ran.conf, 'utf8')).toBe(CONF.replaceAll('HOME', ran.home));
  });

  test('too many ports, a server name that is no host, a stanza that cannot be used', () => {
    const many = Array.from({ length: 16 }, (_, index) => `tcp/${String(100 + 2 * index)}`).join(',');
    expect(printing(`home --ports ${many}`).stderr()).toContain('a code has room for 15 ports');
    expect(printing(`home --ports ${many.replace('tcp/100,', '')}`).code).toBe(0);
    const spoilt = (from: string, to: string): string =>
      printing('alice', { 'spad.conf': CONF.replace(from, to) }).stderr();
    expect(spoilt('name = gw1', 'name = $(id)')).toContain('$(id) is no host that packets go to: name it with --host');
    expect(spoilt('name = gw1', '')).toContain("does not say the server's name");
    expect(spoilt('max_open_for = 1h', 'max_open_for = 1s')).toContain('open_for above max_open_for');
  });

  test('a file that others can read', () => {
    const ran = printing('alice');
    chmodSync(ran.conf, 0o644);
    expect(printing('alice', {}, ran.home)).toMatchObject({ code: 2 });
  });
});
