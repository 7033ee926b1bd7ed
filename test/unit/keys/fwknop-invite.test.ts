import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../../keys/cli.ts';
import { type CapturedIo, captureIo, temporaryFolder } from './folder.ts';

const KEY = Buffer.alloc(32, 0xab).toString('base64');
const HMAC = Buffer.alloc(64, 0xcd).toString('base64');

const ACCESS = `# made by hand
SOURCE 192.0.2.0/24
KEY a key: with a blank
HMAC_KEY another one
HMAC_DIGEST_TYPE SHA512

SOURCE: ANY
KEY_BASE64: ${KEY}
HMAC_KEY_BASE64 ${HMAC}   # for the phone
`;

const CONF = `[spad]
name = gw1

[access phone]
format = fwknop
key_base64 = ${KEY}
hmac_key_base64 = ${HMAC}

[access tablet]
format = both
key = ${KEY}
fwknop_key = of letters
hmac_key_base64 = ${HMAC}
allow = tcp/22

[access laptop]
key = ${KEY}
`;

interface Ran extends CapturedIo {
  readonly code: number;
}

/** Runs it in a folder with both files; FILE in a word stands for the folder. */
const inviting = (words: string, files: Readonly<Record<string, string>> = {}): Ran => {
  const home = temporaryFolder();
  for (const [name, text] of Object.entries({ 'access.conf': ACCESS, 'spad.conf': CONF, ...files })) {
    writeFileSync(join(home, name), text.replaceAll('HOME', home), { mode: 0o600 });
  }
  const io = captureIo(home);
  return { ...io, code: run(['invite', ...words.replaceAll('HOME', home).split(' ')], io) };
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the text', () => {
  test('of a stanza of access.conf, by its number', () => {
    const ran = inviting('--fwknop --access HOME/access.conf --stanza 2 --text');
    expect(ran.stdout()).toBe(`KEY_BASE64:${KEY} HMAC_KEY_BASE64:${HMAC}\n`);
    expect(ran.code).toBe(0);
  });

  test('keys of letters become base64, so that blanks and colons arrive', () => {
    const ran = inviting('--fwknop --access HOME/access.conf --stanza 1 --text');
    expect(ran.stdout()).toBe(`KEY_BASE64:${base64('a key: with a blank')} HMAC_KEY_BASE64:${base64('another one')}\n`);
    expect(ran.stderr()).toContain('choose SHA512 as HMAC type in the app');
  });

  test('of a section of spad.conf, by its name', () => {
    const ran = inviting('--fwknop phone --file HOME/spad.conf --text');
    expect(ran.stdout()).toBe(`KEY_BASE64:${KEY} HMAC_KEY_BASE64:${HMAC}\n`);
  });

  test('of a section for clients of both formats', () => {
    const ran = inviting('--fwknop tablet --file HOME/spad.conf --text');
    expect(ran.stdout()).toBe(`KEY_BASE64:${base64('of letters')} HMAC_KEY_BASE64:${HMAC}\n`);
  });

  test('of new keys, and the lines for the server', () => {
    const [text = '', comment, key, hmac] = inviting('--fwknop --text').stdout().split('\n');
    const [, first = '', second = ''] = /^KEY_BASE64:(\S+) HMAC_KEY_BASE64:(\S+)$/.exec(text) ?? [];
    expect([Buffer.from(first, 'base64').length, Buffer.from(second, 'base64').length]).toEqual([32, 64]);
    expect(comment).toMatch(/^# for the server/);
    expect([key, hmac]).toEqual([`KEY_BASE64 ${first}`, `HMAC_KEY_BASE64 ${second}`]);
  });

  test('of a file that includes others', () => {
    const files = {
      'top.conf': 'SOURCE ANY\n%include_keys HOME/keys\nOPEN_PORTS tcp/22\n',
      keys: `KEY_BASE64 ${KEY}\nHMAC_KEY_BASE64 ${HMAC}\n`,
    };
    const ran = inviting('--fwknop --access HOME/top.conf --text', files);
    expect(ran.stdout()).toBe(`KEY_BASE64:${KEY} HMAC_KEY_BASE64:${HMAC}\n`);
  });

  test('the only stanza needs no number', () => {
    const ran = inviting('--fwknop --access HOME/one.conf --text', { 'one.conf': `SOURCE ANY\nKEY secret\n` });
    expect(ran.stdout()).toBe(`KEY_BASE64:${base64('secret')}\n`);
    expect(ran.stderr()).toContain('no HMAC key');
  });
});

describe('the code', () => {
  test('is a square of halves, black on white, with a border', () => {
    const lines = inviting('--fwknop phone --file HOME/spad.conf').stdout().split('\n').slice(0, -1);
    const bare = lines.map((line) => line.replace(/^\u001b\[38;5;16;48;5;231m(.*)\u001b\[0m$/, '$1'));
    expect(new Set(bare.map((line) => line.length))).toEqual(new Set([57]));
    expect(bare).toHaveLength(29);
    expect(bare[0]?.trim()).toBe('');
    expect(bare.join('')).toMatch(/^[ \u2580\u2584\u2588]+$/);
  });

  test('warns of what it is', () => {
    expect(inviting('--fwknop phone --file HOME/spad.conf').stderr()).toContain('this code holds the keys');
  });
});

describe('what cannot be invited, in one sentence', () => {
  const wrong = (words: string, files?: Readonly<Record<string, string>>): string => {
    const ran = inviting(words, files);
    expect(ran.code).toBe(2);
    expect(ran.stdout()).toBe('');
    expect(ran.stderr()).not.toContain(KEY);
    return ran.stderr().replace(/(?:\/[\w.-]+)+\//g, '');
  };

  test.each([
    ['--fwknop --access HOME/access.conf', 'has the stanzas 1 (line 2), 2 (line 7): say which with --stanza'],
    ['--fwknop --access HOME/access.conf --stanza 3', 'has the stanzas 1 (line 2), 2 (line 7), and no stanza 3'],
    ['--fwknop --access HOME/none.conf', 'there is no file none.conf'],
    ['--fwknop phon --file HOME/spad.conf', 'there is no [access phon] in spad.conf: did you mean "phone"?'],
    ['--fwknop laptop --file HOME/spad.conf', "[access laptop] is not for fwknop's clients"],
    ['--fwknop phone --access HOME/access.conf', 'not both'],
    ['--fwknop --stanza 1', '--stanza counts the stanzas of a file: name it with --access'],
    ['--fwknop --file HOME/spad.conf', '--file needs the name of its section'],
    ['--fwknop --access HOME/access.conf --stanza x', 'is the number of a stanza'],
    ['--text', '--fwknop'],
  ])('%s', (words, sentence) => {
    expect(wrong(words)).toContain(sentence);
  });

  test.each([
    ['a mode', `SOURCE ANY\nKEY_BASE64 ${KEY}\nENCRYPTION_MODE ctr\n`, 'Fwknop2 knows CBC alone'],
    ['an HMAC', `SOURCE ANY\nKEY_BASE64 ${KEY}\nHMAC_KEY a\nHMAC_DIGEST_TYPE sha3_256\n`, 'HMAC_DIGEST_TYPE sha3_256'],
    ['no keys', 'SOURCE ANY\nOPEN_PORTS tcp/22\n', 'no key'],
    ['GnuPG', 'SOURCE ANY\nGPG_ALLOW_NO_PW Y\nGPG_REMOTE_ID 00AA00AA\n', 'GnuPG keys alone'],
    ['a bad key', 'SOURCE ANY\nKEY_BASE64 !!!\n', 'odd.conf:2: key_base64 cannot be read'],
    ['no stanza', 'OPEN_PORTS tcp/22\n', 'has no stanza: one begins with SOURCE'],
  ])('%s', (_, text, sentence) => {
    expect(wrong('--fwknop --access HOME/odd.conf', { 'odd.conf': text })).toContain(sentence);
  });
});
