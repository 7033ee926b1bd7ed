/**
 * The files of fwknop, read by the real fwknopd and by spad. fwknopd prints what it has understood (`-D`) or ends; what it
 * takes, spad takes with the same values, and where it does not, the difference is declared here.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatAddress, formatCidr } from '../../../src/base/address.ts';
import type { PortSpec } from '../../../src/base/port-spec.ts';
import { err, ok } from '../../../src/base/result.ts';
import { unixMs } from '../../../src/base/units.ts';
import { type FwknopEntry, parseAccessConf } from '../../../src/config/fwknop/access-conf.ts';
import { type FwknopdConf, parseFwknopdConf } from '../../../src/config/fwknop/fwknopd-conf.ts';
import { FWKNOP_DIGESTS } from '../../../src/spa/fwknop/key.ts';
import { HEAD, HMAC, KEY } from '../../unit/config/fwknop/files.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'fwknopd-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

type Dump = Readonly<Record<string, string>>;

interface Understood {
  readonly daemon: Dump;
  readonly stanzas: readonly Dump[];
}

/** What the real fwknopd prints; undefined where it ends with an error. */
const theirs = (access: string, conf: string): Understood | undefined => {
  const args = [
    '-a',
    write('access.conf', access),
    '-c',
    write('fwknopd.conf', `${conf}\nFWKNOP_RUN_DIR ${dir};\n`),
    '-D',
  ];
  const { status, stdout, error } = spawnSync('fwknopd', args, {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  if (error !== undefined) throw error;
  if (status !== 0) return undefined;
  const daemon: Record<string, string> = {};
  const stanzas: Record<string, string>[] = [];
  for (const line of stdout.split('\n')) {
    const setting = /^ *[0-9]+\. (\S+) += +'(.*)'$/.exec(line);
    const source = /^SOURCE \([0-9]+\): +(.*)$/.exec(line);
    const field = /^ *([A-Z_0-9]+(?: \([a-z]+\))?): {2}(.*)$/.exec(line);
    if (setting !== null) daemon[setting[1] ?? ''] = setting[2] ?? '';
    else if (source !== null) stanzas.push({ SOURCE: source[1] ?? '' });
    else if (field !== null) Object.assign(stanzas.at(-1) ?? {}, { [field[1] ?? '']: field[2] ?? '' });
  }
  return { daemon, stanzas };
};

const readConf = (conf: string): FwknopdConf | undefined => parseFwknopdConf([{ path: 'f', text: conf }]).conf;

const ours = (access: string, conf: string): readonly FwknopEntry[] | undefined => {
  const daemon = readConf(conf);
  if (daemon === undefined) return undefined;
  const { entries, issues } = parseAccessConf(
    { file: write('access.conf', access) },
    {
      readFile: (path) => {
        try {
          return ok(readFileSync(path.startsWith('/') ? path : join(dir, path), 'utf8'));
        } catch {
          return err(`there is no ${path}`);
        }
      },
      readFolder: () => err('no folders here'),
      midnight: ({ year, month, day }) => unixMs(Date.UTC(year, month - 1, day)),
      ...{ nat: daemon.nat, gpgHomeDir: daemon.gpgHomeDir, gpgProgram: daemon.gpgProgram },
      ...{ allowUnauthenticated: true, askForUnauthenticated: '' },
    },
  );
  return issues.some(({ severity }) => severity === 'error') ? undefined : entries;
};

const NONE = '<not set>';
const yesNo = (is: boolean): string => (is ? 'Yes' : 'No');
const single = (specs: readonly PortSpec[] | undefined): string =>
  (specs ?? [])
    .flatMap(({ protocol, first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => `${protocol}/${String(first + index)}`),
    )
    .join(',') || NONE;

/** Our understanding in fwknopd's words; NAT's source apart, which fwknopd does not print as one thing. */
const describeOurs = ({ client: { stanza, cipher, hmac, gpg } }: FwknopEntry): Dump => {
  const { nat, cycle, commands } = stanza;
  const runAs = commands ?? cycle?.runAs;
  return {
    OPEN_PORTS: single(stanza.openPorts),
    RESTRICT_PORTS: single(stanza.restrictPorts),
    KEY_LEN: String(cipher?.passphrase.length ?? 0),
    HMAC_KEY_LEN: String(hmac?.key.length ?? 0),
    HMAC_DIGEST_TYPE: String(hmac === undefined ? 0 : FWKNOP_DIGESTS.indexOf(hmac.type) + 1),
    FW_ACCESS_TIMEOUT: String(stanza.openFor),
    MAX_FW_TIMEOUT: String(stanza.maxOpenFor),
    ENABLE_CMD_EXEC: yesNo(commands !== undefined),
    CMD_EXEC_USER: runAs?.user ?? NONE,
    CMD_SUDO_EXEC_USER: runAs?.sudo?.user ?? NONE,
    CMD_CYCLE_OPEN: cycle?.open ?? NONE,
    CMD_CYCLE_CLOSE: cycle === undefined ? NONE : (cycle.close ?? 'NONE'),
    REQUIRE_USERNAME: stanza.username ?? NONE,
    REQUIRE_SOURCE_ADDRESS: yesNo(stanza.requireAddress),
    'FORCE_NAT (ip)': nat.forced === undefined ? NONE : formatAddress(nat.forced.to),
    'FORCE_NAT (port)': String(nat.forced?.port ?? 0),
    DISABLE_DNAT: yesNo(nat.disableDnat),
    FORWARD_ALL: yesNo(nat.forwardAll),
    ACCESS_EXPIRE: stanza.expires === undefined ? NONE : new Date(stanza.expires).toUTCString(),
    GPG_DECRYPT_ID: gpg?.recipient ?? NONE,
    GPG_REMOTE_ID: gpg?.signerIds.join(',') || NONE,
    GPG_FINGERPRINT_ID: gpg?.signerFingerprints.join(',') || NONE,
    GPG_REQUIRE_SIG: yesNo(gpg?.requireSignature === true),
    GPG_IGNORE_SIG_VERIFY_ERROR: yesNo(gpg?.ignoreBadSignature === true),
  };
};

/** Lists without their spaces, and the date in the words of toUTCString. */
const describeTheirs = (dump: Dump, like: Dump): Dump =>
  Object.fromEntries(
    Object.keys(like).map((key) => {
      const value = dump[key] ?? 'missing';
      // FORWARD_ALL is to fwknopd a FORCE_NAT to nowhere.
      if (value === NONE || (key === 'FORCE_NAT (ip)' && value === '0.0.0.0')) return [key, NONE];
      if (key.endsWith('_PORTS'))
        return [
          key,
          value
            .split(',')
            .map((item) => item.trim().toLowerCase().replace(/\/0+/, '/'))
            .join(','),
        ];
      return [key, key === 'ACCESS_EXPIRE' ? new Date(`${value} UTC`).toUTCString() : value];
    }),
  );

const NAT = 'ENABLE_IPT_FORWARDING Y;\nENABLE_IPT_SNAT Y;\n';

describe('access.conf: what fwknopd takes, with the same values', () => {
  test.each<[string, string?]>([
    [HEAD],
    [`SOURCE: ANY;\n${KEY}; c\n${HMAC}\r\n`],
    [`# c\n; d\n\n  SOURCE\tANY\n\t${KEY}\n ${HMAC}\n   # e f\n`],
    [`OPEN_PORTS tcp/1\n${HEAD}`],
    [`${HEAD}OPEN_PORT tcp/1\n`],
    [`${HEAD}OPEN_PORTS tcp/22, tcp/80 ,udp/53\nRESTRICT_PORTS tcp/1\n`],
    [`${HEAD}OPEN_PORTS TCP/22;udp/53\n`],
    [`${HEAD}OPEN_PORTS tcp/22\nOPEN_PORTS tcp/33\n`],
    [`SOURCE ANY\nKEY a#b c\nHMAC_KEY "defg" \n`],
    [`SOURCE ANY\nKEY abc  ;\nHMAC_KEY defg\t\n`],
    [`SOURCE ANY\nKEY ${'k'.repeat(32)}\nHMAC_KEY ${'h'.repeat(128)}\n`],
    ['SOURCE ANY\nKEY_BASE64 YWJjZA\nHMAC_KEY_BASE64 ZQ\n'],
    ['SOURCE ANY\nKEY_BASE64 AAB=\nHMAC_KEY defg\n'],
    ['SOURCE ANY\nKEY abc\n'],
    [`${HEAD}HMAC_DIGEST_TYPE sha512\nENCRYPTION_MODE Ctr\n`],
    [`${HEAD}HMAC_DIGEST_TYPE SHA3_256\n`],
    [`${HEAD}HMAC_DIGEST_TYPE MD5\n`],
    [`${HEAD}FW_ACCESS_TIMEOUT 20\nMAX_FW_TIMEOUT 5\n`],
    [`${HEAD}FW_ACCESS_TIMEOUT 0\nMAX_FW_TIMEOUT 0\n`],
    [`${HEAD}FW_ACCESS_TIMEOUT 400 # c\n`],
    [`${HEAD}FW_ACCESS_TIMEOUT 8388608\n`],
    [`${HEAD}REQUIRE_USERNAME bob # c\nREQUIRE_SOURCE_ADDRESS Y # c\n`],
    [`${HEAD}REQUIRE_SOURCE yes\n`],
    [`${HEAD}ACCESS_EXPIRE 12/31/2027\n`],
    [`${HEAD}ACCESS_EXPIRE 1/2/27\n`],
    [`${HEAD}ACCESS_EXPIRE_EPOCH 1900000000\n`],
    [`${HEAD}ENABLE_CMD_EXEC Y\nCMD_EXEC_USER root\nENABLE_CMD_SUDO_EXEC Y\nCMD_SUDO_EXEC_USER root\n`],
    [`${HEAD}CMD_CYCLE_OPEN /bin/a $IP # c; d\nCMD_CYCLE_CLOSE /bin/b\nCMD_CYCLE_TIMER 10\n`],
    [`${HEAD}CMD_CYCLE_OPEN /bin/a\nCMD_CYCLE_CLOSE NONE\n`],
    [`${HEAD}FORCE_NAT 10.0.0.1 22\n`, NAT],
    [`${HEAD}FORCE_NAT 10.0.0.1 22\nFORCE_SNAT 1.2.3.4\n`, NAT],
    [`${HEAD}FORWARD_ALL Y\nDISABLE_DNAT Y\nFORCE_MASQUERADE Y\n`, NAT],
    [`SOURCE ANY\nGPG_DECRYPT_ID ABCD1234\nGPG_ALLOW_NO_PW Y\nGPG_DISABLE_SIG Y\n`],
    [
      `SOURCE ANY\nGPG_ALLOW_NO_PW Y\nGPG_REMOTE_ID 1234ABCD,5678ABCD\nGPG_IGNORE_SIG_VERIFY_ERROR Y\nGPG_HOME_DIR /root\n`,
    ],
    [`${HEAD}GPG_DECRYPT_PW a b;\nGPG_FINGERPRINT_ID ${'A0'.repeat(20)}\n`],
    [`${HEAD}${HEAD}OPEN_PORTS tcp/22\n`],
  ])('%j', (access, conf = '') => {
    const mine = ours(access, conf);
    const real = theirs(access, conf);
    expect(real, 'fwknopd takes it').toBeDefined();
    expect(mine?.length).toBe(real?.stanzas.length);
    for (const [index, entry] of (mine ?? []).entries()) {
      const words = describeOurs(entry);
      expect(describeTheirs(real?.stanzas[index] ?? {}, words)).toEqual(words);
    }
  });

  test.each([
    ['ANY', '0.0.0.0/0,::/0'],
    ['any', '0.0.0.0/0,::/0'],
    ['10.0.0.0/255.0.0.0', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['1.2.3.4, 5.6.7.8 ,10.0.0.0/8', '1.2.3.4,5.6.7.8,10.0.0.0/8'],
    ['1.2.3.4,ANY', '1.2.3.4,0.0.0.0/0,::/0'],
  ])('SOURCE %s', (source, expected) => {
    const access = `SOURCE ${source}\n${KEY}\n${HMAC}\n`;
    expect(theirs(access, '')?.stanzas[0]?.['SOURCE']).toBe(source);
    expect(ours(access, '')?.[0]?.client.stanza.sources.map(formatCidr).join()).toBe(expected);
  });

  test('includes', () => {
    const include = (name: string): string => `%include ${join(dir, name)}\n`;
    write('b.conf', `${HEAD}OPEN_PORTS tcp/2\n${include('c.conf')}`);
    write('c.conf', `${HEAD}OPEN_PORTS tcp/3\n${include('d.conf')}`);
    write('d.conf', '');
    write('keys.conf', 'KEY xyz\nHMAC_KEY abcde\nOPEN_PORTS tcp/4\n');
    const access = `SOURCE ANY\n%include_keys ${join(dir, 'keys.conf')}\n${HEAD}${include('c.conf')}OPEN_PORTS tcp/9\n`;
    const [mine, real] = [ours(access, ''), theirs(access, '')];
    expect(real?.stanzas.map((stanza) => stanza['OPEN_PORTS'])).toEqual([NONE, 'tcp/9', 'tcp/3']);
    expect(mine?.map((entry) => single(entry.client.stanza.openPorts))).toEqual([NONE, 'tcp/9', 'tcp/3']);
    expect(real?.stanzas.map((stanza) => stanza['KEY_LEN'])).toEqual(['3', '32', '32']);
    expect(mine?.map((entry) => String(entry.client.cipher?.passphrase.length))).toEqual(['3', '32', '32']);
    const tooDeep = `${HEAD}${include('b.conf')}`;
    expect([theirs(tooDeep, ''), ours(tooDeep, '')]).toEqual([undefined, undefined]);
  });
});

describe('access.conf: what both refuse', () => {
  test.each<[string, string?]>([
    [''],
    ['OPEN_PORTS tcp/1\n'],
    [`SOURCE : ANY\n${KEY}\n`],
    [`SOURCE:ANY\n${KEY}\n`],
    [`SOURCE foo\n${KEY}\n`],
    [`SOURCE 1.2.3.4/33\n${KEY}\n`],
    [`SOURCE 1.2.3.4,,5.6.7.8\n${KEY}\n`],
    [`${HEAD}OPEN_PORTS\n`],
    [`${HEAD}OPEN_PORTS ;\n`],
    ...['icmp/8', 'tcp/65536', 'tcp', '22', 'tcp/22,', ',tcp/22', 'tcp /22'].map(
      (value) => [`${HEAD}OPEN_PORTS ${value}\n`] as [string],
    ),
    ['SOURCE ANY\nKEY __CHANGEME__\nHMAC_KEY h\n'],
    ['SOURCE ANY\nKEY k\nHMAC_KEY_BASE64 __CHANGEME__\n'],
    ['SOURCE ANY\nKEY_BASE64 !!!\nHMAC_KEY h\n'],
    ['SOURCE ANY\nKEY_BASE64 A\nHMAC_KEY h\n'],
    ['SOURCE ANY\nKEY abcd\nHMAC_KEY_BASE64 YWJjZA==\n'],
    ['SOURCE ANY\nHMAC_KEY h\n'],
    [`${HEAD}ENCRYPTION_MODE PCBC\n`],
    [`${HEAD}HMAC_DIGEST_TYPE sha-256\n`],
    [`${HEAD}FW_ACCESS_TIMEOUT -5\n`],
    [`${HEAD}FW_ACCESS_TIMEOUT 8388609\n`],
    [`${HEAD}ACCESS_EXPIRE 2027-12-31\n`],
    [`${HEAD}FORCE_NAT 10.0.0.1 22\n`],
    ...['10.0.0.1', 'foo 22', '10.0.0.1 70000', '10.0.0.1 tcp/22'].map(
      (value) => [`${HEAD}FORCE_NAT ${value}\n`, NAT] as [string, string],
    ),
    [`${HEAD}FORCE_MASQUERADE Y\n`, NAT],
    [`${HEAD}CMD_CYCLE_OPEN /a\n`],
    [`${HEAD}CMD_CYCLE_OPEN /a\nCMD_CYCLE_CLOSE /b\n`],
    [`${HEAD}CMD_CYCLE_OPEN /a\nCMD_CYCLE_CLOSE /b\nCMD_CYCLE_TIMER 0\n`],
    [`${HEAD}CMD_CYCLE_CLOSE /b\nCMD_CYCLE_TIMER 9\n`],
    ['SOURCE ANY\nGPG_DECRYPT_ID A\nGPG_ALLOW_NO_PW Y\n'],
    ['SOURCE ANY\nGPG_DECRYPT_ID A\nGPG_DISABLE_SIG Y\n'],
    [`${HEAD}%include /nowhere\n`],
  ])('%j', (access, conf = '') => {
    expect(theirs(access, conf)).toBeUndefined();
    expect(ours(access, conf)).toBeUndefined();
  });
});

/** Each with what fwknopd makes of it. */
describe('access.conf: fwknopd takes it and does another thing than it says, spad refuses it', () => {
  test.each<[string, string, string?]>([
    [`SOURCE ANY\nKEY ${'k'.repeat(33)}\nHMAC_KEY h\n`, 'no packet can be unsealed with such a key'],
    [`SOURCE ANY\nKEY k\nHMAC_KEY ${'h'.repeat(130)}\n`, 'no client of fwknop has such a key'],
    [`SOURCE ANY\nKEY a\nKEY_BASE64 YWJjZA==\nHMAC_KEY h\n`, 'the later counts'],
    [`SOURCE 10.1.2\n${KEY}\n`, 'it is 10.1.0.2'],
    [`SOURCE 1.2.3.4/255.0.255.0\n${KEY}\n`, 'it is a mask with holes'],
    [`${HEAD}OPEN_PORTS tcp/22-24\n`, 'it is tcp/22'],
    [`${HEAD}OPEN_PORTS tcp/22 udp/53\n`, 'it is tcp/22'],
    [`${HEAD}OPEN_PORTS tcp/22x\n`, 'it is tcp/22'],
    [`${HEAD}OPEN_PORTS tcp/0\n`, 'nobody can ask for it'],
    [`${HEAD}FW_ACCESS_TIMEOUT 20x\n`, 'it is 20'],
    [`${HEAD}FW_ACCESS_TIMEOUT = 20\n`, 'it is 30'],
    [`${HEAD}REQUIRE_SOURCE_ADDRESS true\n`, 'it is N'],
    [`${HEAD}ACCESS_EXPIRE 2/30/2027\n`, 'it is March 2'],
    [`${HEAD}ACCESS_EXPIRE_EPOCH 0\n`, 'it never expires'],
    [`${HEAD}ACCESS_EXPIRE 12/31/2027\nACCESS_EXPIRE_EPOCH 1900000000\n`, 'the later counts'],
    [`${HEAD}ENCRYPTION_MODE Asymmetric\n`, 'the key cannot be used'],
    [`${HEAD}FORCE_NAT 10.0.0.1 22\nFORCE_SNAT 1.2.3.4\nFORCE_MASQUERADE Y\n`, 'FORCE_SNAT counts', NAT],
    [`SOURCE 1.1.1.1\n%include_keys /nowhere\n${HEAD}`, 'the stanza is left out'],
  ])('%j: %s', (access, _, conf = '') => {
    expect(theirs(access, conf)).toBeDefined();
    expect(ours(access, conf)).toBeUndefined();
  });
});

describe('access.conf: fwknopd refuses it, and spad does not', () => {
  test.each([
    [`${HEAD}   \n`, 'a line of white space'],
    [`SOURCE 0.0.0.0/0\n${KEY}\n${HMAC}\n`, 'a network of all addresses'],
    [`SOURCE 2001:db8::/32\n${KEY}\n${HMAC}\n`, 'IPv6'],
    [`${HEAD}ENCRYPTION_MODE CTR # c\n`, 'a comment behind a word'],
  ])('%j: %s', (access) => {
    expect(theirs(access, '')).toBeUndefined();
    expect(ours(access, '')).toBeDefined();
  });

  test('a user name with white space behind it, which would never match', () => {
    const access = `${HEAD}REQUIRE_USERNAME bob \t\n`;
    expect(theirs(access, '')?.stanzas[0]?.['REQUIRE_USERNAME']).toBe('bob \t');
    expect(ours(access, '')?.[0]?.client.stanza.username).toBe('bob');
  });

  test('a key of more than 16 bytes in legacy mode: fwknopd cuts it at once, spad when it is used', () => {
    const access = `SOURCE ANY\nKEY ${'k'.repeat(20)}\nHMAC_KEY h\nENCRYPTION_MODE legacy\n`;
    expect(theirs(access, '')?.stanzas[0]?.['KEY_LEN']).toBe('16');
    expect(ours(access, '')?.[0]?.client.cipher).toMatchObject({ mode: 'legacy' });
  });
});

describe('fwknopd.conf', () => {
  const daemonOf = (conf: string): Dump => theirs(HEAD, conf)?.daemon ?? {};

  test.each([
    ['', 'PCAP_FILTER', 'udp port 62201', ({ port }: FwknopdConf) => `udp port ${String(port)}`],
    [
      'PCAP_FILTER udp port 1234; c',
      'PCAP_FILTER',
      'udp port 1234',
      ({ port }: FwknopdConf) => `udp port ${String(port)}`,
    ],
    ['PCAP_INTF eth1', 'PCAP_INTF', 'eth1', (conf: FwknopdConf) => conf.interface],
    ['PCAP_INTF a\nPCAP_INTF b\r', 'PCAP_INTF', 'b', (conf: FwknopdConf) => conf.interface],
    ['MAX_SPA_PACKET_AGE 5', 'MAX_SPA_PACKET_AGE', '5', ({ maxAge }: FwknopdConf) => String(maxAge / 1000)],
    ['ENABLE_UDP_SERVER Y\nUDPSERV_PORT 99', 'UDPSERV_PORT', '99', ({ port }: FwknopdConf) => String(port)],
    [
      'DIGEST_FILE $GPG_HOME_DIR/d\nGPG_HOME_DIR /x',
      'DIGEST_FILE',
      '/x/d',
      ({ digestFile }: FwknopdConf) => digestFile,
    ],
    [
      'GPG_HOME_DIR /x\nDIGEST_FILE $GPG_HOME_DIR/d',
      'DIGEST_FILE',
      '/x/d',
      ({ digestFile }: FwknopdConf) => digestFile,
    ],
    ['', 'GPG_HOME_DIR', '/root/.gnupg', ({ gpgHomeDir }: FwknopdConf) => gpgHomeDir],
    ['', 'GPG_EXE', '/usr/bin/gpg', ({ gpgProgram }: FwknopdConf) => gpgProgram],
    ['GPG_HOME_DIR a$FWKNOP_RUN_DIR', 'GPG_HOME_DIR', 'a$FWKNOP_RUN_DIR', () => 'a$FWKNOP_RUN_DIR'],
  ] as const)('%j: %s', (conf, variable, expected, mine) => {
    expect(daemonOf(conf)[variable]).toBe(expected);
    const own = readConf(conf);
    // A path that is none is an error here; fwknopd finds out later.
    expect(own === undefined ? 'a$FWKNOP_RUN_DIR' : mine(own)).toBe(expected);
  });

  test.each([
    'MAX_SPA_PACKET_AGE 0',
    'MAX_SPA_PACKET_AGE 100001',
    'MAX_SPA_PACKET_AGE abc',
    'TCPSERV_PORT 0',
    'ENABLE_IPT_SNAT Y\nSNAT_TRANSLATE_IP zzz',
  ])('both refuse %s', (conf) => {
    expect(theirs(HEAD, conf)).toBeUndefined();
    expect(readConf(conf)).toBeUndefined();
  });

  test.each([
    ['PCAP_INTF', 'the line is passed over'],
    ['DIGEST_FILE $NOPE/d', 'the line is passed over'],
    ['ENABLE_UDP_SERVER maybe', 'it is N'],
    ['MAX_SPA_PACKET_AGE 5 x', 'it is 5'],
    ['TCPSERV_PORT 65536', 'it is no port'],
    ['ENABLE_IPT_OUTPUT Y', 'spad leaves outgoing packets alone'],
    ['PCAP_FILTER host 1.2.3.4', 'spad reads no such filter'],
  ])('fwknopd takes %s (%s), spad refuses it', (conf) => {
    expect(theirs(HEAD, conf)).toBeDefined();
    expect(readConf(conf)).toBeUndefined();
  });

  test('the names that it knows are known here', () => {
    const known = Object.keys(daemonOf('')).filter((name) => !['CONFIG_FILE', 'OVERRIDE_CONFIG'].includes(name));
    expect(known.length).toBeGreaterThan(45);
    const { issues } = parseFwknopdConf([{ path: 'f', text: known.map((name) => `${name} N`).join('\n') }]);
    expect(issues.filter(({ problem }) => problem.includes('unknown'))).toEqual([]);
  });
});
