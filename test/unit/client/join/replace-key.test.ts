/** spa-client join with the line of a rotation: what becomes of the profile, and of the file as it was. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runJoin } from '../../../../client/join/run.ts';
import { unixMs } from '../../../../src/base/units.ts';
import type { Invite } from '../../../../src/invite/body.ts';
import { formatInvite } from '../../../../src/invite/invite.ts';
import { deriveNativeKey } from '../../../../src/spa/native/keys.ts';
import { temporaryFolder } from '../../keys/folder.ts';
import { portOf, secretOf, specs } from '../../values.ts';
import { FAKE_NOW, type FakeWorld, fakeIo, networkError, type Seen } from '../fake-io.ts';
import { answering, OPENED } from '../fake-server.ts';

const [OLD, NEW] = [secretOf(3), secretOf(4)];
const REPLY_KEY = deriveNativeKey(NEW, 'gw1', 'reply');

const lineOf = (fields: Partial<Invite> = {}): string =>
  formatInvite({
    ...{ secret: NEW, server: 'gw1', hosts: ['gw1'], port: portOf(62_201), access: specs('tcp/22'), reply: true },
    ...{ end: unixMs(FAKE_NOW + 3_600_000), replaces: OLD.fingerprint() },
    ...fields,
  });

const section = (name: string, key: string, more = ''): string =>
  `[${name}]\nhost = 192.0.2.1  # at home\nserver = gw1\n${key}\nopen_for = 5m\naccess = tcp/22\n${more}`;
const OTHER = `[gw2]\nhost = 192.0.2.2\nserver = gw2\nkey = ${OLD.revealBase64()}\n`;
const keyLine = (secret: typeof OLD): string => `key = ${secret.revealBase64()}`;

interface Joined extends Seen {
  readonly code: number;
  readonly text: string;
  readonly files: readonly string[];
  readonly home: string;
}

const joinWith = async (text: string, words: readonly string[], world: FakeWorld = {}): Promise<Joined> => {
  const home = world.home ?? temporaryFolder();
  const file = join(home, '.config/spa/profiles.ini');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  const io = fakeIo({ answer: answering(OPENED, {}, REPLY_KEY), ...world, home });
  const code = await runJoin(words, io, (_, otherwise) => expect.fail(otherwise));
  const files = readdirSync(dirname(file)).sort();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return { ...io, code, home, files, text: readFileSync(file, 'utf8') };
};

test('the key is replaced where the old one is, whatever the profile is called, and nothing else is touched', async () => {
  const text = `; mine\n${section('work', keyLine(OLD))}\n${OTHER}`;
  const joined = await joinWith(text, [lineOf()]);
  expect(joined.code, joined.stderr()).toBe(0);
  expect(joined.text).toBe(`; mine\n${section('work', keyLine(NEW))}\n${OTHER}`);
  expect(joined.sent.map(({ to }) => to.address)).toEqual(['192.0.2.1']);
  expect(joined.files).toEqual(['profiles.ini']);
  expect(joined.stdout()).toContain('put the new key into [work] of ');
  expect(joined.stdout()).toContain(`${NEW.fingerprint()}; it was ${OLD.fingerprint()}`);
  expect(joined.stdout()).toContain('the server knows the new key; the old one is gone from here');
});

test('until the server has answered the profiles have the old key, whatever ends this program', async () => {
  const home = temporaryFolder();
  const text = section('gw1', keyLine(OLD));
  const answer = answering(OPENED, {}, REPLY_KEY);
  const seen: string[] = [];
  const joined = await joinWith(text, [lineOf()], {
    home,
    answer: (...words: Parameters<typeof answer>) => {
      seen.push(readFileSync(join(home, '.config/spa/profiles.ini'), 'utf8'));
      return answer(...words);
    },
  });
  expect(joined.code, joined.stderr()).toBe(0);
  expect(seen).toEqual([text]);
});

test('a file that somebody has changed meanwhile is not written over', async () => {
  const home = temporaryFolder();
  const answer = answering(OPENED, {}, REPLY_KEY);
  const other = `${OTHER}; mine\n`;
  const joined = await joinWith(section('gw1', keyLine(OLD)), [lineOf()], {
    home,
    answer: (...words: Parameters<typeof answer>) => {
      writeFileSync(join(home, '.config/spa/profiles.ini'), other);
      return answer(...words);
    },
  });
  expect(joined.code).toBe(1);
  expect(joined.text).toBe(other);
  expect(joined.files).toEqual(['profiles.ini']);
});

test('all profiles that have it get it', async () => {
  const joined = await joinWith(`${section('a', keyLine(OLD))}\n${section('b', keyLine(OLD))}`, [lineOf()]);
  expect(joined.text).toBe(`${section('a', keyLine(NEW))}\n${section('b', keyLine(NEW))}`);
});

test('a key in a file of its own makes room for one in the profile', async () => {
  const home = temporaryFolder();
  writeFileSync(join(home, 'gw1.key'), `${OLD.revealBase64()}\n`, { mode: 0o600 });
  const joined = await joinWith(section('gw1', 'key_file = ~/gw1.key'), [lineOf()], { home });
  expect(joined.code, joined.stderr()).toBe(0);
  expect(joined.text).toContain(`${keyLine(NEW)}\n`);
  expect(joined.text).not.toContain('key_file');
  expect(readFileSync(join(home, 'gw1.key'), 'utf8')).toContain(OLD.revealBase64());
  expect(joined.stdout()).toContain('the old one is still in ~/gw1.key: remove that');
});

test.each<[string, FakeWorld, number]>([
  ['says nothing', { answer: () => [] }, 3],
  ['cannot be reached', { sendError: networkError('ENETUNREACH') }, 1],
])(
  'where the server %s, the file is as it was',
  async (_, world, code) => {
    const text = section('gw1', keyLine(OLD));
    const joined = await joinWith(text, [lineOf()], world);
    expect(joined.code).toBe(code);
    expect(joined.text).toBe(text);
    expect(joined.files).toEqual(['profiles.ini']);
    expect(joined.stderr()).toContain('[gw1] keeps the old key');
    expect(joined.stderr()).toContain('systemctl reload spad');
  },
  60_000,
);

test('a refusal in its own words is an answer, too: the new key stays', async () => {
  const answer = answering({ status: 'refused', reason: 'port-not-allowed' }, {}, REPLY_KEY);
  const joined = await joinWith(section('gw1', keyLine(OLD)), [lineOf()], { answer });
  expect(joined.code).toBe(4);
  expect(joined.text).toBe(section('gw1', keyLine(NEW)));
  expect(joined.files).toEqual(['profiles.ini']);
});

describe('what cannot be told', () => {
  test.each([
    ['because it is not tried', section('gw1', keyLine(OLD)), [lineOf(), '--no-test']],
    ['because the server answers nothing', section('gw1', keyLine(OLD), 'reply = no\n'), [lineOf()]],
  ])('%s leaves the old file beside the new one', async (_, text, words) => {
    const joined = await joinWith(text, words);
    expect(joined.code, joined.stderr()).toBe(0);
    expect(joined.text).toBe(text.replace(keyLine(OLD), keyLine(NEW)));
    const backup = `profiles.ini.old-${OLD.fingerprint().replaceAll(':', '')}`;
    expect(joined.files).toEqual(['profiles.ini', backup]);
    const path = join(joined.home, '.config/spa', backup);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(joined.stdout()).toContain(path);
    expect(joined.sent).toEqual([]);
  });
});

test('a second time it is there already, under the name that it has', async () => {
  const joined = await joinWith(section('work', keyLine(NEW)), [lineOf(), '--no-test']);
  expect(joined.code, joined.stderr()).toBe(0);
  expect(joined.stdout()).toContain('there is already the profile [work]');
  expect(joined.text).toBe(section('work', keyLine(NEW)));
});

test('where nobody has the old key it is an invite like any other', async () => {
  const joined = await joinWith(OTHER, [lineOf(), '--no-test']);
  expect(joined.code, joined.stderr()).toBe(0);
  expect(joined.text).toContain('[gw1]\nhost = gw1\nserver = gw1\n');
  const third = section('gw1', keyLine(secretOf(9)));
  const inTheWay = await joinWith(third, [lineOf()]);
  expect(inTheWay.code).toBe(2);
  expect(inTheWay.text).toBe(third);
});

test('of another server with the same key nothing is touched', async () => {
  const joined = await joinWith(OTHER, [lineOf(), '--no-test', '--name', 'gw2']);
  expect(joined.code).toBe(2);
  expect(joined.text).toBe(OTHER);
});
