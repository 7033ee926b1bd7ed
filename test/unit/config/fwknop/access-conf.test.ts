/** access.conf. What is said about fwknopd was seen of version 2.6.10; test/peers/fwknop holds the two beside each other. */
import { describe, expect, test } from 'vitest';
import type { FwknopStanza } from '../../../../src/access/fwknop-stanza.ts';
import { PLAIN_TERMS } from '../../../../src/access/terms.ts';
import { formatAddress, formatCidr } from '../../../../src/base/address.ts';
import { formatPortSpec } from '../../../../src/base/port-spec.ts';
import type { FwknopEntry } from '../../../../src/config/fwknop/access-conf.ts';
import { NO_NAT } from '../../../../src/config/fwknop/stanza-policy.ts';
import { HEAD, HMAC, KEY, readAccess, told } from './files.ts';

const client = (text: string, ...rest: [Record<string, string>?, object?]): FwknopEntry['client'] => {
  const { entries, issues } = readAccess(text, ...rest);
  const [first] = entries;
  if (first === undefined || entries.length > 1) throw new Error(issues.map(({ problem }) => problem).join());
  return first.client;
};

const stanza = (line: string): FwknopStanza => client(`${HEAD}${line}\n`).stanza;

/** In the mode in which clients may ask for NAT. */
const natOf = (line: string): FwknopStanza['nat'] =>
  client(`${HEAD}${line}\n`, {}, { nat: { ...NO_NAT, forward: true } }).stanza.nat;

describe('a stanza', () => {
  test('of its keys alone', () => {
    const { stanza: policy, cipher, hmac, gpg } = client(HEAD);
    expect(cipher).toEqual({ passphrase: new Uint8Array(32), mode: 'cbc' });
    expect(hmac?.type).toBe('sha256');
    expect(Buffer.from(hmac?.key ?? []).toString('base64')).toBe('BBBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
    expect(gpg).toBeUndefined();
    expect(policy).toMatchObject({
      name: 'stanza-1',
      destinations: undefined,
      openPorts: undefined,
      restrictPorts: [],
      openFor: 30,
      maxOpenFor: 300,
      username: undefined,
      requireAddress: false,
      ...PLAIN_TERMS,
      expires: undefined,
      nat: { forward: false, local: false, source: 'client', names: true, forced: undefined },
      commands: undefined,
      cycle: undefined,
    });
    expect(policy.sources.map(formatCidr)).toEqual(['0.0.0.0/0', '::/0']);
  });

  test.each([
    ['SOURCE: ANY;', '0.0.0.0/0,::/0'],
    ['SOURCE any', '0.0.0.0/0,::/0'],
    ['  SOURCE\t10.0.0.0/8, 1.2.3.4 ,5.6.7.8\r', '10.0.0.0/8,1.2.3.4,5.6.7.8'],
    ['SOURCE 10.1.2.3/8', '10.0.0.0/8'],
    ['SOURCE 10.1.2.3/255.255.128.0', '10.1.0.0/17'],
    ['SOURCE 1.2.3.4/255.255.255.255', '1.2.3.4'],
    ['SOURCE 0.0.0.0/0.0.0.0', '0.0.0.0/0'],
    ['SOURCE 2001:db8::/32', '2001:db8::/32'],
    ['SOURCE 1.2.3.4 # home', '1.2.3.4'],
  ])('%s', (line, expected) => {
    expect(client(`${line}\n${KEY}\n${HMAC}`).stanza.sources.map(formatCidr).join()).toBe(expected);
  });

  test.each([
    ['OPEN_PORTS tcp/22, udp/53 ,tcp/80', 'tcp/22,tcp/80,udp/53'],
    ['OPEN_PORTS TCP/022; udp/1', 'tcp/22'],
    ['OPEN_PORTS tcp/ 22 # ssh', 'tcp/22'],
  ])('%s', (line, expected) => {
    expect(stanza(line).openPorts?.map(formatPortSpec).join()).toBe(expected);
  });

  test.each<[string, Partial<FwknopStanza>]>([
    ['FW_ACCESS_TIMEOUT 20', { openFor: 20 as FwknopStanza['openFor'] }],
    ['FW_ACCESS_TIMEOUT 0', { openFor: 30 as FwknopStanza['openFor'] }],
    ['FW_ACCESS_TIMEOUT 400', { openFor: 400 as FwknopStanza['openFor'] }],
    ['MAX_FW_TIMEOUT 5', { maxOpenFor: 5 as FwknopStanza['openFor'] }],
    ['REQUIRE_SOURCE_ADDRESS Y', { requireAddress: true }],
    ['REQUIRE_SOURCE yes', { requireAddress: true }],
    ['REQUIRE_SOURCE_ADDRESS N', { requireAddress: false }],
    ['REQUIRE_USERNAME bob \t', { username: 'bob' }],
    ['ACCESS_EXPIRE 1/2/2027', { expires: Date.UTC(2027, 0, 2) as NonNullable<FwknopStanza['expires']> }],
    ['ACCESS_EXPIRE 12/31/27', { expires: Date.UTC(2027, 11, 31) as NonNullable<FwknopStanza['expires']> }],
    ['ACCESS_EXPIRE_EPOCH 1900000000', { expires: 1_900_000_000_000 as NonNullable<FwknopStanza['expires']> }],
    ['ENABLE_CMD_EXEC Y\nCMD_EXEC_USER bob', { commands: { user: 'bob', group: undefined, sudo: undefined } }],
    [
      'ENABLE_CMD_EXEC Y\nENABLE_CMD_SUDO_EXEC Y\nCMD_SUDO_EXEC_USER bob\nCMD_SUDO_EXEC_GROUP wheel',
      { commands: { user: undefined, group: undefined, sudo: { user: 'bob', group: 'wheel' } } },
    ],
  ])('%s', (line, expected) => {
    expect(stanza(line)).toMatchObject(expected);
  });

  test('a command cycle, with what looks like a comment in it', () => {
    expect(stanza('CMD_CYCLE_OPEN /bin/a $IP #1 ; x\nCMD_CYCLE_CLOSE /bin/b\nCMD_CYCLE_TIMER 10').cycle).toEqual({
      open: '/bin/a $IP #1',
      close: '/bin/b',
      timer: 10,
      runAs: { user: undefined, group: undefined, sudo: undefined },
    });
    expect(stanza('CMD_CYCLE_OPEN /bin/a\nCMD_CYCLE_CLOSE NONE').cycle).toMatchObject({ close: undefined, timer: 30 });
  });

  test('NAT by force', () => {
    const { forced } = natOf('FORCE_NAT 10.0.0.1 22');
    expect([formatAddress(forced?.to ?? { family: 4, bytes: new Uint8Array(4) }), forced?.port]).toEqual([
      '10.0.0.1',
      22,
    ]);
    expect(natOf('FORCE_NAT 10.0.0.1 22\nFORCE_MASQUERADE Y').source).toBe('masquerade');
    expect(natOf('FORWARD_ALL Y\nDISABLE_DNAT Y')).toMatchObject({ forwardAll: true, disableDnat: true });
  });

  test('the names of modes and digests in any case', () => {
    const { cipher, hmac } = client(`${HEAD}ENCRYPTION_MODE Ctr\nHMAC_DIGEST_TYPE SHA3_512`);
    expect([cipher?.mode, hmac?.type]).toEqual(['ctr', 'sha3_512']);
  });
});

describe('keys', () => {
  const keysOf = (text: string): string[] => {
    const { cipher, hmac } = client(`SOURCE ANY\n${text}`);
    return [cipher?.passphrase, hmac?.key].map((bytes) => Buffer.from(bytes ?? []).toString('latin1'));
  };

  test.each([
    ['KEY a#b c; d\nHMAC_KEY "x"', ['a#b c', '"x"']],
    ['KEY abc  ;\nHMAC_KEY defg\t', ['abc  ', 'defg\t']],
    ['KEY_BASE64 YWJjZA\nHMAC_KEY_BASE64 ZQ', ['abcd', 'e']],
    ['KEY_BASE64 AAB=\nHMAC_KEY_BASE64 ZR==', ['\0\0', 'e']],
    [`KEY ${'k'.repeat(32)}\nHMAC_KEY ${'h'.repeat(128)}`, ['k'.repeat(32), 'h'.repeat(128)]],
  ])('%s', (text, expected) => {
    expect(keysOf(text)).toEqual(expected);
  });

  test.each([
    [`KEY ${'k'.repeat(33)}\nHMAC_KEY h`, 'a:2: error: KEY (not shown) (at most 32 bytes; these are 33)'],
    [`KEY k\nHMAC_KEY ${'h'.repeat(129)}`, 'a:3: error: HMAC_KEY (not shown) (at most 128 bytes; these are 129)'],
    [
      'KEY __CHANGEME__\nHMAC_KEY h',
      'a:2: error: KEY (not shown) (put a key of your own in the place of __CHANGEME__)',
    ],
    ['KEY_BASE64 !!\nHMAC_KEY h', 'a:2: error: KEY_BASE64 (not shown) (base64 of a key of 1 to 32 bytes)'],
    ['KEY_BASE64 A\nHMAC_KEY h', 'a:2: error: KEY_BASE64 (not shown) (base64 of a key of 1 to 32 bytes)'],
    [
      'KEY abcd\nHMAC_KEY_BASE64 YWJjZA==',
      'a:3: error: stanza-1: the HMAC key is the key itself (give the HMAC a key of its own, as `spa-client --key-gen` does)',
    ],
    ['KEY a\nKEY_BASE64 YWJjZA==\nHMAC_KEY h', 'a:3: error: stanza-1: KEY and KEY_BASE64 (set one of the two)'],
    [
      'HMAC_KEY h',
      'a:1: error: stanza-1: no key (set KEY or KEY_BASE64; or for GnuPG GPG_DECRYPT_PW or GPG_ALLOW_NO_PW)',
    ],
    ['KEY k', 'a:1: error: stanza-1: no HMAC key (set HMAC_KEY_BASE64 here and on the client, or ask for it)'],
    [
      'KEY k\nHMAC_KEY h\nENCRYPTION_MODE Asymmetric',
      'a:4: error: stanza-1: a mode for GnuPG alone, and a key that is none of GnuPG (remove ENCRYPTION_MODE, or the key)',
    ],
  ])('%s', (text, expected) => {
    expect(told(`SOURCE ANY\n${text}`)).toEqual([expected]);
  });

  test('without an HMAC key where that is asked for, with a warning', () => {
    const { entries, issues } = readAccess('SOURCE ANY\nKEY k', {}, { allowUnauthenticated: true });
    expect(entries[0]?.client.hmac).toBeUndefined();
    expect(issues.map(({ severity, line }) => [severity, line])).toEqual([['warning', 1]]);
  });
});

describe('GnuPG', () => {
  const GPG = `SOURCE ANY\n${HMAC}\nGPG_DECRYPT_ID ABCD1234\n`;

  test('all that there is to say', () => {
    const text = `${GPG}GPG_DECRYPT_PW a b\nGPG_HOME_DIR /g h\nGPG_EXE /bin/gpg\nGPG_REMOTE_ID abcd1234,0xEF567890\nGPG_IGNORE_SIG_VERIFY_ERROR Y`;
    expect(client(text).gpg).toEqual({
      homeDir: '/g h',
      program: '/bin/gpg',
      recipient: 'ABCD1234',
      password: 'a b',
      requireSignature: true,
      ignoreBadSignature: true,
      signerIds: ['ABCD1234', 'EF567890'],
      signerFingerprints: [],
    });
  });

  test('no password, no signature, and what fwknopd.conf says', () => {
    expect(client(`${GPG}GPG_ALLOW_NO_PW Y\nGPG_DISABLE_SIG Y`).gpg).toMatchObject({
      homeDir: '/root/.gnupg',
      program: '/usr/bin/gpg',
      password: undefined,
      requireSignature: false,
    });
  });

  test.each([
    [`${GPG}GPG_ALLOW_NO_PW Y`, /^a:1: error: stanza-1: nobody is named whose signature counts/],
    [`${GPG}GPG_DISABLE_SIG Y\n${KEY}`, /^a:3: error: stanza-1: GPG_DECRYPT_ID without a password/],
    [
      `${GPG}GPG_ALLOW_NO_PW Y\nGPG_DECRYPT_PW x\nGPG_DISABLE_SIG Y`,
      /^a:4: error: stanza-1: a password for GnuPG, and none/,
    ],
    [`${GPG}GPG_ALLOW_NO_PW Y\nGPG_DISABLE_SIG Y\nGPG_HOME_DIR x`, /^a:6: error: stanza-1: GPG_HOME_DIR x \(a path/],
    [`${GPG}GPG_ALLOW_NO_PW Y\nGPG_REMOTE_ID ABCD`, /^a:5: error: GPG_REMOTE_ID ABCD \("ABCD" is not the last 8/],
  ])('%s', (text, expected) => {
    expect(told(text)).toEqual([expect.stringMatching(expected)]);
  });

  test('GPG_REQUIRE_SIG changes nothing, and says so', () => {
    expect(told(`${HEAD}GPG_REQUIRE_SIG N`)).toEqual([
      'a:4: warning: GPG_REQUIRE_SIG changes nothing (signatures are required unless GPG_DISABLE_SIG says Y, with fwknopd too)',
    ]);
  });
});

describe('mistakes', () => {
  test('all at once, in both halves of each stanza', () => {
    const text = `OPEN_PORTS tcp/1\nzzz\nSOURCE foo\nKEY k\nOPEN_PORT tcp/1\n\nSOURCE ANY\n${KEY}\n${HMAC}\nFW_ACCESS_TIMEOUT = 5\nOPEN_PORTS tcp/22-24`;
    expect(told(text)).toEqual([
      'a:2: error: "zzz" has no value (write "VARIABLE value", or put # in front of the line)',
      'a:10: error: FW_ACCESS_TIMEOUT = (write the value without "=" before it)',
      'a:1: warning: OPEN_PORTS stands before the first SOURCE, and does not count (a stanza begins with SOURCE; move the line below it)',
      'a:5: warning: unknown variable "OPEN_PORT" is passed over (did you mean OPEN_PORTS?)',
      'a:3: error: SOURCE foo ("foo" is not ANY, an address, or a network such as 192.0.2.0/24)',
      'a:3: error: stanza-1: no HMAC key (set HMAC_KEY_BASE64 here and on the client, or ask for it)',
      'a:11: error: OPEN_PORTS tcp/22-24 ("tcp/22-24" is not one port such as tcp/22 or udp/53; write more of them with commas between)',
    ]);
  });

  test.each([
    ['FW_ACCESS_TIMEOUT -5', 'whole seconds, at most 8388608'],
    ['FW_ACCESS_TIMEOUT 20x', 'whole seconds, at most 8388608'],
    ['MAX_FW_TIMEOUT 8388609', 'whole seconds, at most 8388608'],
    ['REQUIRE_SOURCE_ADDRESS 1', 'Y or N'],
    ['ACCESS_EXPIRE 2/30/2027', 'a day such as 12/31/2027 (month, day, year)'],
    ['ACCESS_EXPIRE 2027-12-31', 'a day such as 12/31/2027 (month, day, year)'],
    ['ACCESS_EXPIRE_EPOCH 0', 'a whole number from 1 to 99999999999'],
    ['FORCE_NAT 10.0.0.1', 'an address and a port such as 10.0.0.5 22'],
    ['CMD_CYCLE_TIMER 0', 'whole seconds from 1 to 8388608'],
    ['CMD_EXEC_USER 0', 'the name of an account'],
    ['OPEN_PORTS icmp/8', '"icmp/8" is not one port such as tcp/22 or udp/53; write more of them with commas between'],
    ['HMAC_DIGEST_TYPE sha-1', 'one of: MD5, SHA1, SHA256, SHA384, SHA512, SHA3_256, SHA3_512'],
    ['ENCRYPTION_MODE PCBC', 'one of: CBC, ECB, CFB, OFB, CTR, LEGACY, ASYMMETRIC'],
  ])('%s', (line, hint) => {
    expect(told(`${HEAD}${line}`)).toEqual([`a:4: error: ${line} (${hint})`]);
  });

  test.each([
    ['FORCE_NAT 10.0.0.1 22', 'FORCE_NAT, and no NAT is allowed'],
    ['CMD_CYCLE_OPEN /a', 'CMD_CYCLE_OPEN alone'],
    ['CMD_CYCLE_TIMER 5', 'CMD_CYCLE_TIMER alone'],
    ['CMD_CYCLE_OPEN /a\nCMD_CYCLE_CLOSE /b', 'CMD_CYCLE_CLOSE without a time'],
    ['ACCESS_EXPIRE 12/31/2027\nACCESS_EXPIRE_EPOCH 1900000000', 'ACCESS_EXPIRE and ACCESS_EXPIRE_EPOCH'],
  ])('%s', (lines, problem) => {
    expect(told(`${HEAD}${lines}`)).toEqual([expect.stringContaining(`error: stanza-1: ${problem} (`)]);
  });

  test('NAT that contradicts itself', () => {
    const lines = 'FORCE_SNAT 1.2.3.4\nFORCE_MASQUERADE Y';
    expect(told(`${HEAD}${lines}`, {}, { nat: { ...NO_NAT, local: true } })).toEqual([
      'a:5: error: stanza-1: FORCE_SNAT and FORCE_MASQUERADE (set one of the two)',
      'a:4: error: stanza-1: FORCE_SNAT, and nothing is sent on by force (set FORCE_NAT or FORWARD_ALL as well)',
    ]);
  });

  test('what fwknopd takes without a word is told', () => {
    expect(told(`${HEAD}REQUIRE_USERNAME bob # c\nOPEN_PORTS tcp/1\nOPEN_PORTS tcp/2`)).toEqual([
      'a:6: warning: OPEN_PORTS again; the one at line 5 does not count (remove one of them)',
      'a:4: warning: "#" and what follows is part of REQUIRE_USERNAME, as with fwknopd (a comment needs a line of its own, or stands behind ";")',
    ]);
    expect(told(`SOURCE ANY\nKEY k ;\nHMAC_KEY h`)).toEqual([
      'a:2: warning: white space at the end of KEY is part of it, as with fwknopd (remove it here and from the client, or write such a key as base64)',
    ]);
  });

  test.each(['', '# nothing\n\n'])('no stanza: "%s"', (text) => {
    expect(told(text)).toEqual(['a: error: there is no stanza (a stanza begins with SOURCE ANY, and has keys)']);
  });
});

describe('includes', () => {
  const names = (text: string, files: Record<string, string>): string[] =>
    readAccess(text, files).entries.map(({ client: { stanza: one }, file, line }) =>
      [
        one.name,
        file,
        String(line),
        one.sources.map(formatCidr).join(),
        one.openPorts?.map(formatPortSpec).join(),
      ].join(' '),
    );
  const at = (source: string): string => `SOURCE ${source}\n${KEY}\n${HMAC}\n`;

  test('a file, behind which the stanza goes on', () => {
    expect(names(`${at('1.1.1.1')}%include b\nOPEN_PORTS tcp/9`, { b: at('2.2.2.2') })).toEqual([
      'stanza-1 a 1 1.1.1.1 tcp/9',
      'stanza-2 b 1 2.2.2.2 ',
    ]);
  });

  test('a folder, in the order of its names', () => {
    const files = { 'd/b.conf': at('3.3.3.3'), 'd/a.conf': at('2.2.2.2'), 'd/c.txt': at('4.4.4.4') };
    expect(names('%include_folder: d;', files)).toEqual([
      'stanza-1 d/a.conf 1 2.2.2.2 ',
      'stanza-2 d/b.conf 1 3.3.3.3 ',
    ]);
  });

  test('keys', () => {
    const files = { k: 'KEY xyz\nOPEN_PORTS tcp/1\n' };
    const { entries, issues } = readAccess(`SOURCE ANY\nKEY abc\n%include_keys k\nHMAC_KEY h\n`, files);
    expect(Buffer.from(entries[0]?.client.cipher?.passphrase ?? []).toString()).toBe('xyz');
    expect(entries[0]?.client.stanza.openPorts).toBeUndefined();
    expect(issues.map(({ file, line, severity }) => `${file}:${String(line)} ${severity}`)).toEqual([
      'k:2 warning',
      'k:1 warning',
    ]);
  });

  test('a chain of two is followed, one of three is not', () => {
    const chain = { b: '%include c', c: at('3.3.3.3') };
    expect(names('%include b', chain)).toEqual(['stanza-1 c 1 3.3.3.3 ']);
    expect(told('%include b', { b: '%include c', c: '%include d', d: at('4.4.4.4') })).toEqual([
      'c:1: error: d is included too deep (fwknop follows an include in an included file, and none in that)',
    ]);
  });

  test('what cannot be read is told where it is asked for', () => {
    expect(told(`${HEAD}%include b\n%include_folder d\n%include_keys k\n%includes x`)).toEqual([
      'a:4: error: there is no file b (name a file that can be read)',
      'a:5: error: there is no folder d (name a folder that there is)',
      'a:6: error: there is no file k (name a file that can be read)',
      'a:7: error: unknown "%includes" (known are %include, %include_folder and %include_keys)',
    ]);
  });

  test('a file that includes itself ends', () => {
    expect(told(`${HEAD}${'%include a\n'.repeat(40)}`).length).toBeGreaterThan(100);
  });
});
