/** spa-keys rotate: what becomes of the stanza, what is printed, and what is refused. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../../keys/cli.ts';
import type { AccessEntry } from '../../../src/config/access-section.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import type { Invite } from '../../../src/invite/body.ts';
import { parseInvite } from '../../../src/invite/invite.ts';
import { present, secretOf } from '../values.ts';
import { type CapturedIo, captureIo, temporaryFolder } from './folder.ts';

const [FIRST, OTHER] = [secretOf(5), secretOf(6)];
const NOW = Date.UTC(2026, 0, 31, 23, 59);
const SPAD = '[spad]\nname = gw1\nguard = tcp/22\n';
const stanza = (name: string, more = ''): string =>
  `\n[access ${name}]\n# hers\nkey = ${FIRST.revealBase64()}  ; since May\nallow = tcp/22, tcp/443\n${more}`;
const BOB = `\n[access bob]\nkey = ${OTHER.revealBase64()}\nallow = tcp/80\n`;

interface Ran extends CapturedIo {
  readonly code: number;
  readonly text: string;
  readonly file: string;
}

const inFile = (conf: string): string => {
  const file = join(temporaryFolder(), 'spad.conf');
  writeFileSync(file, conf, { mode: 0o600 });
  return file;
};

/** Runs spa-keys on a file; `seed` is its chance. */
const keysOn = (file: string, words: string, seed = 1, typed: readonly string[] = []): Ran => {
  const io = captureIo(join(file, '..'), seed, typed);
  const code = run(words.split(' '), io);
  return { ...io, code, file, text: readFileSync(file, 'utf8') };
};

const rotate = (conf: string, words: string, seed?: number): Ran => {
  const file = inFile(conf);
  return keysOn(file, `rotate ${words} --text --stanza ${file}`, seed);
};

const entryOf = (text: string, name = 'alice'): AccessEntry => {
  const { conf, issues } = parseSpadConf(text, '');
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  return present(present(conf).access.find(({ stanza: { name: one } }) => one === name));
};

const keyOf = ({ key }: Pick<AccessEntry, 'key'>): string => ('secret' in key ? key.secret.revealBase64() : key.file);

const inviteOf = (ran: Ran): Invite => {
  const read = parseInvite(present(/^spa1-[0-9a-z]+$/m.exec(ran.stdout())?.[0]));
  return read.ok && read.value.kind === 'plain' ? read.value.invite : expect.fail('it cannot be read');
};

test('the key becomes the old one for thirty days, and the line says the new one and whom it replaces', () => {
  const ran = rotate(SPAD + stanza('alice', 'open_for = 5m\n') + BOB, 'alice');
  expect(ran.code, ran.stderr()).toBe(0);
  const entry = entryOf(ran.text);
  const invite = inviteOf(ran);
  expect(keyOf(entry)).toBe(invite.secret.revealBase64());
  expect(keyOf(entry)).not.toBe(FIRST.revealBase64());
  expect(keyOf(present(entry.old))).toBe(FIRST.revealBase64());
  expect(entry.old?.until).toBe(NOW + 30 * 86_400_000);
  expect(invite).toMatchObject({ server: 'gw1', replaces: FIRST.fingerprint(), reply: true });
  expect(invite.end).toBe(NOW + 86_400_000);
  const without = ran.text.replace(/^old_key.*\n/gm, '').replace(invite.secret.revealBase64(), FIRST.revealBase64());
  expect(without, 'everything else as it was').toBe(SPAD + stanza('alice', 'open_for = 5m\n') + BOB);
  expect(statSync(ran.file).mode & 0o777).toBe(0o600);
  expect(ran.stdout()).toMatch(/^spa1-\S+\n$/);
  expect(ran.stderr()).toContain(`the old key (${FIRST.fingerprint()}) holds until 2026-03-02 23:59:00 UTC`);
  expect(ran.stderr()).toContain('next: systemctl reload spad, then on the client: spa-client join -');
  expect(ran.stderr()).not.toContain(FIRST.revealBase64());
});

test.each([
  ['5s', NOW + 5000],
  ['2026-02-14', Date.UTC(2026, 1, 15)],
  ['2026-02-01T12:00:00Z', Date.UTC(2026, 1, 1, 12)],
])('--grace %s', (grace, until) => {
  expect(entryOf(rotate(SPAD + stanza('alice'), `alice --grace ${grace}`).text).old?.until).toBe(until);
});

describe('a key in a file', () => {
  const conf = (folder: string): string =>
    `${SPAD}\n[access alice]\nkey_file = ${folder}/alice\nallow = tcp/22\nreply = no\n`;

  test('keeps it, and the new one gets one beside it; a second rotation another', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'alice'), `${FIRST.revealBase64()}\n`, { mode: 0o600 });
    const file = inFile(conf(folder));
    const ran = keysOn(file, `rotate alice --text --stanza ${file}`);
    expect(ran.code, ran.stderr()).toBe(0);
    const entry = entryOf(ran.text);
    expect([keyOf(entry), keyOf(present(entry.old))]).toEqual([`${folder}/alice.2`, `${folder}/alice`]);
    expect(readFileSync(`${folder}/alice.2`, 'utf8').trim()).toBe(inviteOf(ran).secret.revealBase64());
    expect(statSync(`${folder}/alice.2`).mode & 0o777).toBe(0o600);
    expect(inviteOf(ran)).toMatchObject({ replaces: FIRST.fingerprint(), reply: false });
    const ended = keysOn(file, `rotate --finish alice --stanza ${file}`);
    expect(ended.stderr()).toContain(`a secret is still in ${folder}/alice`);
    expect(entryOf(keysOn(file, `rotate alice --text --stanza ${file}`, 9).text).old?.key).toEqual({
      file: `${folder}/alice.2`,
    });
  });

  test('is not left behind where nothing came of it', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'k'));
    writeFileSync(join(folder, 'k', 'alice'), `${FIRST.revealBase64()}\n`, { mode: 0o600 });
    const file = inFile(conf(join(folder, 'k')));
    const ran = keysOn(file, `rotate alice --text --passphrase --stanza ${file}`);
    expect(ran.code).not.toBe(0);
    expect(ran.text).toBe(conf(join(folder, 'k')));
    expect(() => statSync(join(folder, 'k', 'alice.2'))).toThrow();
  });
});

describe('a key in a file, and something is in the way: nothing is left of the new one', () => {
  const conf = (folder: string, name: string, more = ''): string =>
    `${SPAD}\n[access alice]\nkey_file = "${folder}/${name}"\nallow = tcp/22\n${more}`;
  const prepared = (name: string, more?: string): { readonly folder: string; readonly file: string } => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), `${FIRST.revealBase64()}\n`, { mode: 0o600 });
    return { folder, file: inFile(conf(folder, name, more)) };
  };

  test.each([
    ['alice', ''],
    ['--again alice', `old_key = ${OTHER.revealBase64()}\nold_key_until = 2027-01-01\n`],
  ])('%s: a name that cannot be written plainly', (words, more) => {
    const { folder, file } = prepared('al ;ice', more);
    const ran = keysOn(file, `rotate ${words} --text --stanza ${file}`);
    expect(ran.stderr()).toContain('cannot be rewritten: rename its key_file');
    expect(ran.code).toBe(2);
    expect(ran.text).toBe(conf(folder, 'al ;ice', more));
    expect(readdirSync(folder)).toEqual(['al ;ice']);
  });

  test('the configuration is changed by somebody else meanwhile', () => {
    const { folder, file } = prepared('alice');
    const io = captureIo(folder, 1);
    const random = (length: number): Uint8Array => {
      writeFileSync(file, `${readFileSync(file, 'utf8')}# mine\n`);
      return io.random(length);
    };
    expect(run(['rotate', 'alice', '--text', '--stanza', file], { ...io, random })).toBe(1);
    expect(io.stderr()).toContain('was changed by another program just now');
    expect(readdirSync(folder)).toEqual(['alice']);
  });
});

describe('a second time', () => {
  const rotated = (): Ran => rotate(SPAD + stanza('alice'), 'alice --grace 10d');

  test('within the grace is refused, and says what there is to do', () => {
    const { file, text } = rotated();
    const again = keysOn(file, `rotate alice --stanza ${file}`, 9);
    expect(again.code).toBe(2);
    expect(again.text).toBe(text);
    expect(again.stderr()).toMatch(
      /was rotated already .* until 2026-02-10 .*spa-keys invite alice .*--again .*--finish/,
    );
  });

  test('invite prints the same line again', () => {
    const before = rotated();
    const ran = keysOn(before.file, `invite alice --text --stanza ${before.file}`, 9);
    expect(inviteOf(ran)).toMatchObject({ replaces: FIRST.fingerprint() });
    expect(inviteOf(ran).secret.fingerprint()).toBe(inviteOf(before).secret.fingerprint());
  });

  test('--again replaces the new key, and the old one ends when it was to', () => {
    const before = rotated();
    const ran = keysOn(before.file, `rotate alice --again --text --stanza ${before.file}`, 9);
    expect(ran.code, ran.stderr()).toBe(0);
    const entry = entryOf(ran.text);
    expect(keyOf(entry)).toBe(inviteOf(ran).secret.revealBase64());
    expect(keyOf(entry)).not.toBe(inviteOf(before).secret.revealBase64());
    expect(keyOf(present(entry.old))).toBe(FIRST.revealBase64());
    expect(entry.old?.until).toBe(NOW + 10 * 86_400_000);
    expect(inviteOf(ran).replaces).toBe(FIRST.fingerprint());
    expect(rotate(SPAD + stanza('alice'), 'alice --again').stderr()).toContain('has no old key that holds');
  });

  test('after the grace the present key becomes the old one, and the older one is gone', () => {
    const old = `old_key = ${OTHER.revealBase64()}\nold_key_until = 2026-01-31T23:59:00Z\n`;
    const ran = rotate(SPAD + stanza('alice', old), 'alice');
    expect(ran.code, ran.stderr()).toBe(0);
    expect(keyOf(present(entryOf(ran.text).old))).toBe(FIRST.revealBase64());
    expect(ran.text).not.toContain(OTHER.revealBase64());
  });

  test('--finish takes the old key out, and nothing else', () => {
    const before = rotated();
    const ran = keysOn(before.file, `rotate --finish alice --stanza ${before.file}`);
    expect(ran.code, ran.stderr()).toBe(0);
    expect(ran.text).toBe(before.text.replace(/^old_key.*\n/gm, ''));
    expect(ran.stdout()).toContain(`(fingerprint ${FIRST.fingerprint()})`);
    expect(ran.stderr()).toContain('systemctl reload spad');
    const twice = keysOn(before.file, `rotate --finish alice --stanza ${before.file}`);
    expect([twice.code, twice.text]).toEqual([0, ran.text]);
    expect(twice.stderr()).toContain('has no old key');
  });
});

describe('refused, and nothing written', () => {
  test.each([
    ['one that is revoked', stanza('alice', 'enabled = no\n'), 'alice', 'is revoked'],
    ['one that has expired', stanza('alice', 'expires = 2026-01-30\n'), 'alice', 'has expired'],
    ['one that is not there', stanza('alice'), 'alcie', 'did you mean "alice"?'],
    ["one of fwknop's", '\n[access alice]\nformat = fwknop\nkey = x\n', 'alice', "fwknop's packets"],
    ['one that is there twice', stanza('alice') + stanza('alice'), 'alice', 'correct the file'],
    ['a grace that is over', stanza('alice'), 'alice --grace 2026-01-01', 'over already'],
    ['a grace of nothing', stanza('alice'), 'alice --grace 0', 'Write how long'],
    ['--again with a grace', stanza('alice'), 'alice --again --grace 1d', 'cannot be used with'],
    ['--finish with a host', stanza('alice'), 'alice --finish --host a', 'cannot be used with'],
  ])('%s', (_, text, words, problem) => {
    const ran = rotate(SPAD + text, words);
    expect(ran.code).toBe(2);
    expect(ran.stderr()).toContain(problem);
    expect(ran.stdout()).toBe('');
    expect(ran.text).toBe(SPAD + text);
  });
});

test('codes that were printed with the old key are spoken of', () => {
  expect(rotate(SPAD + stanza('alice', 'emergency = 1-8\n'), 'alice').stderr()).toContain('spa-keys emergency alice');
});

test('list and show tell of both keys', () => {
  const { file } = rotate(SPAD + stanza('alice'), 'alice --grace 10d');
  const table = keysOn(file, `list ${file}`).stdout();
  expect(table).toMatch(new RegExp(`^alice  old key, until 2026-02-10T23:59:00Z  gw1     ${FIRST.fingerprint()}`, 'm'));
  expect(JSON.parse(keysOn(file, `list --json ${file}`).stdout())).toMatchObject([
    { name: 'alice', old: { fingerprint: FIRST.fingerprint(), until: '2026-02-10T23:59:00Z', holds: true } },
  ]);
  const shown = keysOn(file, `show alice --file ${file}`).stdout();
  expect(shown).toContain(`old key      ${FIRST.fingerprint()}`);
  expect(shown).not.toContain(FIRST.revealBase64());
  const over = `old_key = ${OTHER.revealBase64()}\nold_key_until = 2026-01-30\n`;
  const late = inFile(SPAD + stanza('alice', over));
  expect(keysOn(late, `list ${late}`).stdout()).toMatch(/^alice +old key, ended /m);
});
