/** The real client and ours with the same command lines: what a packet says, what is printed, and what is refused. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/bytes/encoding.ts';
import type { FwknopDigest, FwknopMode } from '../../../src/spa/fwknop/key.ts';
import { unsealFwknop } from '../../../src/spa/fwknop/unseal.ts';
import { builtFile } from '../../support/paths.ts';
import { FWKNOP_ENVIRONMENT } from './harness/environment.ts';

const OURS = [process.execPath, builtFile('bin/fwknop.cjs')];
const REAL = ['fwknop'];

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'fwknop-lines-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly packet: string | undefined;
  /** A file of its home folder. */
  readonly homeFile: (name: string) => string;
}

let runs = 0;

/** Runs a client in a home folder of its own; no packet leaves. */
const run = (
  program: readonly string[],
  words: readonly string[],
  rc = '[default]\n',
  env = {},
  input = '',
): Outcome => {
  const home = join(dir, `home-${++runs}`);
  mkdirSync(home);
  writeFileSync(join(home, '.fwknoprc'), rc, { mode: 0o600 });
  const [file = '', ...first] = program;
  const options = {
    env: { ...process.env, ...FWKNOP_ENVIRONMENT, HOME: home, ...env },
    cwd: home,
    input,
    timeout: 20_000,
  };
  const { status, stdout, stderr } = spawnSync(file, [...first, ...words], { ...options, encoding: 'latin1' });
  const homeFile = (name: string): string => {
    try {
      return readFileSync(join(home, name), 'latin1');
    } catch {
      return '';
    }
  };
  const packet = homeFile('packet').trim();
  return { code: status, stdout, stderr, packet: packet === '' ? undefined : packet, homeFile };
};

const KEYS = ['--key-rijndael', 'testkey', '--key-hmac', 'hmackey'];
const HEAD = ['-T', '-B', 'packet', '--no-save-args'];

interface Case {
  readonly words: string;
  readonly mode?: FwknopMode;
  readonly hmac?: FwknopDigest | 'none';
  readonly env?: Readonly<Record<string, string>>;
}

const ASK = '-A tcp/22 -a 1.2.3.4 -D 10.0.0.1';

const SENT: readonly Case[] = [
  { words: ASK },
  { words: `${ASK} -v` },
  { words: '--access=tcp/22,udp/53 --source-ip -Dhost' },
  { words: '-A tcp/22 -s -a 1.2.3.4' },
  { words: '-A tcp/22 -a 1.2.3.4 -s' },
  { words: '-A tcp/00022 -a 1.1.1.1' },
  { words: `${ASK} -f 60` },
  { words: `${ASK} -f 0` },
  { words: `${ASK} --fw-timeout 65536` },
  { words: `${ASK} -N 10.1.1.1:80` },
  { words: `${ASK} -N 10.1.1.1,80 -f 60` },
  { words: `${ASK} -N inner.example.com` },
  { words: `${ASK} -N 10.1.1.1:80 --nat-port 9000` },
  { words: '-A tcp/22,udp/53 -s -N 10.1.1.1:80' },
  { words: '-A tcp/22,udp/53 -s -N 10.1.1.1' },
  { words: `${ASK} --nat-local` },
  { words: `${ASK} --nat-local --nat-port 1000 -f 30` },
  { words: `${ASK} --nat-local -N 10.1.1.1:80` },
  { words: `${ASK} --nat-port 8000` },
  { words: '-C id -s' },
  { words: '-C id -a 1.1.1.1 -A tcp/99' },
  { words: `${ASK} -U alice` },
  { words: ASK, env: { SPOOF_USER: 'spoof', LOGNAME: 'log', USER: 'user' } },
  { words: ASK, env: { LOGNAME: 'log', USER: 'user' } },
  { words: ASK, env: { USER: 'user' } },
  { words: `${ASK} --time-offset-plus 2days` },
  { words: `${ASK} --time-offset-minus 5Min` },
  { words: `${ASK} --time-offset-plus 60 --time-offset-minus 10` },
  ...['md5', 'SHA1', 'sha384', 'sha512', 'sha3_256', 'SHA3_512'].map((name) => ({ words: `${ASK} -m ${name}` })),
  ...(['md5', 'sha1', 'sha384', 'sha512', 'sha3_256', 'sha3_512'] as const).map((hmac) => ({
    words: `${ASK} --hmac-digest-type ${hmac}`,
    hmac,
  })),
  ...(['ecb', 'cfb', 'ofb', 'ctr'] as const).map((mode) => ({ words: `${ASK} -M ${mode}`, mode })),
  { words: `${ASK} -P UDP -v` },
  { words: `${ASK} -P tcp -p 99 -v` },
  { words: `${ASK} -H proxy:8080` },
  { words: `${ASK} -S 4000 -v` },
  { words: `${ASK} --spoof-src 1.1.1.1 -P udpraw` },
  { words: `${ASK} -P icmp --icmp-type 8 --icmp-code 0` },
];

/** All that two runs must have in common: the numbers of chance and the texts that hang on them are not. */
const comparable = (stdout: string): string =>
  stdout
    // The real client sends leading zeros as they were typed; servers read the same number.
    .replaceAll('tcp/00022', 'tcp/22')
    // For HTTP, it begins this line in another way.
    .replaceAll('Test mode', 'test mode')
    .replaceAll(/(?<=^ *(?:Random Value|Encoded Data|SPA Data Digest|HMAC|Final SPA Data): )(?!<NULL>).*$/gm, '…')
    .replaceAll(/(?<=^ *Timestamp: )\d+$/gm, '…')
    .replaceAll(/(?<=source port: )[0-9]+$/gm, (digits) => (digits === '4000' ? digits : '…'));

const decode = (packet: string, { mode = 'cbc', hmac = 'sha256' }: Case) => {
  const cipher = { passphrase: encodeUtf8('testkey'), mode };
  const read = unsealFwknop(
    encodeUtf8(packet),
    cipher,
    hmac === 'none' ? undefined : { type: hmac, key: encodeUtf8('hmackey') },
  );
  if (!read.ok) return read.error;
  const { random, ...same } = read.value.message;
  return { ...same, random: random.length };
};

/** Two packets say the same, made within some seconds. */
const expectSame = (ours: Outcome | undefined, real: Outcome | undefined, line: Case): void => {
  const [a, b] = [decode(ours?.packet ?? '', line), decode(real?.packet ?? '', line)];
  if (typeof a === 'string' || typeof b === 'string') throw new Error(`no packet: ${JSON.stringify([a, b])}`);
  expect(Math.abs(a.time - b.time)).toBeLessThan(20_000);
  expect({ ...a, time: 0 }).toEqual({ ...b, time: 0 });
};

describe('the same packet', () => {
  test.each(SENT)('$words $env', (line) => {
    const words = [...HEAD, ...KEYS, ...line.words.split(' ')];
    const [real, ours] = [REAL, OURS].map((program) => run(program, words, undefined, line.env));
    expect([ours?.code, real?.code], ours?.stderr).toEqual([0, 0]);
    expectSame(ours, real, line);
    expect(comparable(ours?.stdout ?? '')).toBe(comparable(real?.stdout ?? ''));
  });

  test('without an HMAC, in the legacy mode', () => {
    const words = [...HEAD, '--key-rijndael', 'testkey', '-M', 'legacy', ...ASK.split(' ')];
    const [real, ours] = [REAL, OURS].map((program) => run(program, words));
    expect(comparable(ours?.stdout ?? '')).toBe(comparable(real?.stdout ?? ''));
    const line: Case = { words: '', mode: 'legacy', hmac: 'none' };
    expectSame(ours, real, line);
  });

  test('the drawn outer port is printed in the same words', () => {
    const words = [...HEAD, ...KEYS, ...ASK.split(' '), '--nat-local', '--nat-rand-port'];
    const [real, ours] = [REAL, OURS].map((program) =>
      run(program, words)
        .stdout.split('\n')[0]
        ?.replaceAll(/'\d{5}'|\/\d{5}/g, 'N'),
    );
    expect(ours).toBe(real);
  });
});

const REFUSED = [
  ...['-A tcp/22 -D h', '-A tcp/22 -a x -D h', '-A tcp/22 -a ::1 -D h', '-A tcp/22 -a 1.2.3.256 -D h'],
  ...['-A icmp/8 -s', '-A tcp/0 -s', '-A tcp/22-25 -s', '-A TCP/22 -s', '-A tcp/22, -s', '-s'],
  ...[`${ASK} -f 131073`, `${ASK} -f -1`, `${ASK} -f 131072`, `${ASK} -p 65536`, `${ASK} -S 70000`, `${ASK} -P foo`],
  ...[`${ASK} -m foo`, `${ASK} --hmac-digest-type foo`, `${ASK} -M foo`, `${ASK} -M pcbc`, `${ASK} -M legacy`],
  ...[
    `${ASK} -N 10.1.1.1:0`,
    `${ASK} -N 10.1.1.1:99999`,
    `${ASK} -N a:b:c`,
    `${ASK} -N 10.1.1.1:`,
    `${ASK} -N 10.1.1.1:80,90`,
  ],
  ...['-A udp/53,tcp/22 -s -N h --nat-port 1000', '-A udp/53,tcp/22 -s --nat-local --nat-rand-port -D h'],
  ...[`${ASK} -C cmd --nat-local`, `${ASK} -U a:b`, `${ASK} -Q 1.1.1.1`, `${ASK} -Q foo -P udpraw`],
  ...[`${ASK} --icmp-type 41`, `${ASK} --icmp-code 16`, `${ASK} -H proxy -P udp`, `${ASK} --time-offset-plus x`],
  ...[`${ASK} --key-hmac testkey`, `${ASK} --key-base64-rijndael !!!`, `${ASK} --key-base64-hmac *`],
  ...[
    `${ASK} --key-rijndael 012345678901234567890123456789012`,
    `${ASK} -g --gpg-recipient-key nobody --gpg-home-dir nowhere`,
  ],
  ...[`${ASK} -n nosuch`, `${ASK} --no-rc-file -n x`, `${ASK} --no-home-dir`, `${ASK} -zz`, `${ASK} --gpg`, '-A'],
  ...[`${ASK} -g`, `-A tcp/22 -R --resolve-http-only --resolve-url https://127.0.0.1:1/`],
];

describe('refused by both', () => {
  test.each(REFUSED)('%s', (line) => {
    const words = [...HEAD, ...KEYS, ...line.split(' ')];
    const [real, ours] = [REAL, OURS].map((program) => run(program, words));
    expect([ours?.code, real?.code]).toEqual([1, 1]);
    // The real client notices some of it only after it has written the packet.
    expect(ours?.packet).toBeUndefined();
    // One sentence, and no key in it.
    expect(ours?.stderr.replace(/^\[\*\] Creating.*\n/, '')).toMatch(/^fwknop: [^\n]+\n$/);
    expect(ours?.stderr).not.toMatch(/testkey|!!!|01234567890/);
  });
});

const RC = `# mine
[default]
ACCESS tcp/1
SPA_SERVER 192.0.2.1
[a]
ALLOW_IP source
KEY testkey
# about the HMAC
HMAC_KEY: hmackey
FW_TIMEOUT 60
SPOOF_USER rcuser
NAT_LOCAL Y
DIGEST_TYPE sha1
[b]
ALLOW_IP 1.2.3.4
KEY_BASE64 dGVzdGtleQ==
HMAC_KEY_BASE64 aG1hY2tleQ==
HMAC_DIGEST_TYPE sha512
TIME_OFFSET -120
USE_HMAC Y
[bad]
FOO bar
`;

describe('.fwknoprc', () => {
  test.each<Case>([
    { words: '-n a' },
    { words: '-n a -A tcp/7 -U cli -a 9.8.7.6 -m sha256' },
    { words: '-n b', hmac: 'sha512' },
    { words: '--named-config=b --hmac-digest-type sha256' },
    { words: '-s --key-rijndael testkey --key-hmac hmackey' },
  ])('$words', (line) => {
    const [real, ours] = [REAL, OURS].map((program) => run(program, [...HEAD, ...line.words.split(' ')], RC));
    expect([ours?.code, real?.code], ours?.stderr).toEqual([0, 0]);
    expectSame(ours, real, line);
  });

  test('an unknown variable in the stanza in use ends both', () => {
    const [real, ours] = [REAL, OURS].map((program) => run(program, [...HEAD, ...KEYS, '-n', 'bad', '-s'], RC));
    expect([ours?.code, real?.code]).toEqual([1, 1]);
    expect(ours?.stderr).toMatch(/\.fwknoprc:\d+: error: unknown variable "FOO"/);
  });

  test('the list of stanzas', () => {
    const [real, ours] = [REAL, OURS].map((program) => run(program, ['--stanza-list', '--no-save-args'], RC).stdout);
    expect(ours?.replace(/home-\d+/, '')).toBe(real?.replace(/home-\d+/, ''));
  });

  test('each reads the stanzas that the other has saved; ours keeps the comments', () => {
    const words = '-A tcp/9,udp/9 -a 1.2.3.4 -D 10.0.0.9 -f 77 -U saved -N 10.1.1.1:5 -m md5 --time-offset-minus 60';
    const save = [...words.split(' '), ...KEYS, '--no-save-args', '--save-rc-stanza', '-n', 'new', '-T'];
    const [real, ours] = [REAL, OURS].map((program) => run(program, save, RC).homeFile('.fwknoprc'));
    expect(ours).toContain('# about the HMAC\n');
    const read = (program: readonly string[], rc = ''): Outcome => run(program, [...HEAD, '-n', 'new'], rc);
    expectSame(read(OURS, real), read(REAL, ours), { words });
    expectSame(read(OURS, ours), read(REAL, real), { words });
  });

  test('keys of a stanza are kept unless that is agreed to', () => {
    const words = ['-k', '-D', 'h', '-A', 'tcp/3', '--save-rc-stanza', '-n', 'a', '--no-save-args'];
    const [real, ours] = [REAL, OURS].map((program) => run(program, words, RC, {}, 'n\nn\nn\nn\n'));
    for (const outcome of [real, ours]) expect(outcome?.homeFile('.fwknoprc')).toMatch(/\nKEY +testkey\n/);
    expect(ours?.stdout).toContain("Variable 'KEY' found in stanza 'a'. Overwrite [N/y] ? ");
    const forced = run(OURS, [...words, '--force-stanza'], RC).homeFile('.fwknoprc');
    expect(forced).not.toContain('testkey\n# about');
    expect(forced).toMatch(/\nKEY_BASE64 +[\w+/]{43}=\n/);
  });
});

describe('keys', () => {
  test.each([
    '-k',
    '-k --hmac-digest-type md5',
    '-k --hmac-digest-type sha1',
    '-k --hmac-digest-type sha384',
    '-k --key-len 16 --hmac-key-len 10',
  ])('%s', (line) => {
    const [real, ours] = [REAL, OURS].map((program) => run(program, [...line.split(' '), '--no-save-args']));
    const lengths = (outcome?: Outcome): number[] => (outcome?.stdout ?? '').split('\n').map((text) => text.length);
    expect(lengths(ours)).toEqual(lengths(real));
  });

  test('by key files, descriptors and standard input', () => {
    const words = [...HEAD, ...ASK.split(' ')];
    const file = join(dir, 'keys');
    writeFileSync(file, '10.0.0.2: no\n10.0.0.1: testkey\n', { mode: 0o600 });
    const hmacFile = join(dir, 'hmac-keys');
    writeFileSync(hmacFile, '10.0.0.1: hmackey\n', { mode: 0o600 });
    const none: Case = { words: '', hmac: 'none' };
    for (const program of [REAL, OURS]) {
      const filed = run(program, [...words, '-G', file, '--get-hmac-key', hmacFile]);
      expect(decode(filed.packet ?? '', { words: '' })).toMatchObject({ type: 'access' });
      const piped = run(program, [...words, '--stdin'], undefined, {}, 'testkey\n');
      expect(decode(piped.packet ?? '', none)).toMatchObject({ type: 'access' });
      const numbered = run(program, [...words, '--fd', '0'], undefined, {}, 'testkey\n');
      expect(decode(numbered.packet ?? '', none)).toMatchObject({ type: 'access' });
    }
    const both = run(OURS, [...words, '--stdin', '--use-hmac'], undefined, {}, 'testkey\nhmackey\n');
    expect(decode(both.packet ?? '', { words: '' })).toMatchObject({ type: 'access' });
  });
});

describe('history', () => {
  const words = ['-T', '-B', 'packet', '-C', 'two  words', '-s', '--key-rijndael', 'testkey', '-E', 'last'];

  test('the last command line comes back, without its keys', () => {
    const { homeFile } = run(OURS, words);
    expect(homeFile('last')).toBe("fwknop -T -B packet -C 'two  words' -s -E last\n");
    const file = join(dir, 'last');
    writeFileSync(file, homeFile('last').replace('-E last', `-E ${file} --stdin`));
    const again = run(OURS, ['-l', '-E', file], undefined, {}, 'testkey\n');
    expect(decode(again.packet ?? '', { words: '', hmac: 'none' })).toMatchObject({ command: 'two  words' });
  });

  test('a line that the real client has saved is shown and run', () => {
    const line = run(REAL, ['-T', '-B', 'packet', '-A', 'tcp/22', '-s', ...KEYS, '-E', 'last']).homeFile('last');
    const file = join(dir, 'real-last');
    writeFileSync(file, line);
    const [real, ours] = [REAL, OURS].map((program) => run(program, ['--show-last', '-E', file]).stdout);
    expect(ours).toBe(real);
    writeFileSync(file, line.replace('-E last', `-E ${file}`));
    expect(decode(run(OURS, ['-l', '-E', file]).packet ?? '', { words: '' })).toMatchObject({ type: 'access' });
  });
});
