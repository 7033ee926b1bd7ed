/** spa-client join: the profile that it makes, what it says, and what it refuses. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AskSecret } from '../../../../client/join/read-invite.ts';
import { runJoin } from '../../../../client/join/run.ts';
import { Trouble } from '../../../../keys/trouble.ts';
import { unixMs } from '../../../../src/base/units.ts';
import { parseProfiles } from '../../../../src/config/profile.ts';
import type { Invite } from '../../../../src/invite/body.ts';
import { formatInvite } from '../../../../src/invite/invite.ts';
import { temporaryFolder } from '../../keys/folder.ts';
import { portOf, secretOf, specs } from '../../values.ts';
import { deriveNativeKey } from '../../../../src/spa/native/keys.ts';
import { answering, OPENED } from '../fake-server.ts';
import { FAKE_NOW, type FakeWorld, fakeIo, networkError, type Seen } from '../fake-io.ts';

const HOUR = 3_600_000;
const REPLY_KEY = deriveNativeKey(secretOf(3), 'gw1', 'reply');

const inviteOf = (fields: Partial<Invite> = {}): Invite => ({
  ...{ secret: secretOf(3), server: 'gw1', hosts: ['192.0.2.1'], port: portOf(4000), access: specs('tcp/22') },
  ...{ reply: true, end: unixMs(FAKE_NOW + HOUR) },
  ...fields,
});

interface Joined extends Seen {
  readonly code: number;
  readonly file: string;
  readonly profiles: () => string;
}

const joinIn = async (
  words: readonly string[],
  world: FakeWorld = {},
  typed: readonly string[] = [],
): Promise<Joined> => {
  const home = world.home ?? temporaryFolder();
  const answers = [...typed];
  const ask: AskSecret = (_, otherwise) => {
    const answer = answers.shift();
    if (answer === undefined) throw new Trouble(otherwise, 1);
    return answer;
  };
  const io = fakeIo({ tcp: 'open', answer: answering(OPENED, {}, REPLY_KEY), ...world, home });
  const file = join(home, '.config/spa/profiles.ini');
  return { ...io, code: await runJoin(words, io, ask), file, profiles: () => readFileSync(file, 'utf8') };
};

const PROFILE = `[gw1]
host = 192.0.2.1
server = gw1
port = 4000
key = ${secretOf(3).revealBase64()}
access = tcp/22
`;

describe('an invite', () => {
  const line = formatInvite(inviteOf());

  test('becomes a profile of mode 0600 that is tried at once', async () => {
    const joined = await joinIn([line]);
    expect(joined.code, joined.stderr()).toBe(0);
    expect(joined.profiles()).toBe(PROFILE);
    expect(statSync(joined.file).mode & 0o777).toBe(0o600);
    expect(joined.sent.map(({ to, port }) => [to.address, port])).toEqual([['192.0.2.1', 4000]]);
    expect(joined.stdout()).toContain(`wrote the profile [gw1] of ${joined.file}\n`);
    expect(joined.stdout()).toContain(`fingerprint of the key: ${secretOf(3).fingerprint()}\n`);
    expect(joined.stdout()).toContain(
      'ready: spa-client gw1 --wait && ssh 192.0.2.1\nor have ssh ask by itself: spa-client install-ssh gw1 && ssh gw1\n',
    );
  });

  test.each([
    [
      'from standard input, in lines as a mail has cut it',
      [`${line.slice(0, 60)}\n`, `${line.slice(60)}\r\n`, 'more\n'],
    ],
    ['from standard input, without a line end', [line]],
  ])('is read %s', async (_, input) => {
    const joined = await joinIn(['-', '--no-test'], { input });
    expect(joined.code, joined.stderr()).toBe(0);
    expect(joined.profiles()).toBe(PROFILE);
    expect(joined.sent).toEqual([]);
    expect(joined.stdout()).toContain('next: spa-client gw1\n');
  });

  test('is read from a file, into another file, under another name', async () => {
    const home = temporaryFolder();
    writeFileSync(join(home, 'invite'), `\n${line.toUpperCase()}\n`);
    const profiles = join(home, 'mine.ini');
    const words = ['--file', join(home, 'invite'), '--profiles', profiles, '--name', 'work', '--no-test'];
    expect((await joinIn(words)).code).toBe(0);
    expect(readFileSync(profiles, 'utf8')).toBe(PROFILE.replace('[gw1]', '[work]'));
  });

  test('is added below what is there, byte for byte', async () => {
    const home = temporaryFolder();
    const first = await joinIn([formatInvite(inviteOf({ server: 'other', secret: secretOf(4) })), '--no-test'], {
      home,
    });
    const before = first.profiles();
    expect((await joinIn([line, '--no-test'], { home })).profiles()).toBe(`${before}\n${PROFILE}`);
  });

  test('of a stanza that answers nobody becomes a profile that waits for no answer', async () => {
    const joined = await joinIn([formatInvite(inviteOf({ reply: false }))], { answer: () => [] });
    expect(joined.code, joined.stderr()).toBe(0);
    expect(joined.profiles()).toBe(`${PROFILE}reply = no\n`);
    expect(joined.sent.length).toBe(1);
  });

  test('without a port of tcp is tried without waiting, and names no ssh', async () => {
    const joined = await joinIn([formatInvite(inviteOf({ access: specs('udp/51820') }))]);
    expect(joined.code, joined.stderr()).toBe(0);
    expect(joined.sent.length).toBe(1);
    expect(joined.stdout()).toMatch(/ready: spa-client gw1\n$/);
  });
});

describe('a profile that is there', () => {
  test('with the same key is left as it is, and tried', async () => {
    const home = temporaryFolder();
    const line = formatInvite(inviteOf());
    const before = (await joinIn([line, '--no-test'], { home })).profiles();
    const again = await joinIn([line], { home });
    expect(again.code, again.stderr()).toBe(0);
    expect(again.profiles()).toBe(before);
    expect(again.stdout()).toContain('there is already the profile [gw1]');
    expect(again.sent.length).toBe(1);
  });

  test('with another key is never replaced, except with --force', async () => {
    const home = temporaryFolder();
    const before = (await joinIn([formatInvite(inviteOf({ secret: secretOf(9) })), '--no-test'], { home })).profiles();
    const line = formatInvite(inviteOf());
    const refused = await joinIn([line], { home });
    expect(refused.code).toBe(2);
    expect(refused.stderr()).toContain('has a profile [gw1] already (line 1), and it is another one');
    expect(refused.profiles()).toBe(before);
    expect(refused.sent).toEqual([]);
    expect((await joinIn([line, '--force', '--no-test'], { home })).profiles()).toBe(PROFILE);
  });
});

describe('several ways', () => {
  const line = formatInvite(inviteOf({ hosts: ['192.0.2.1', '198.51.100.1'] }));
  const unroutable = { '192.0.2.1': networkError('ENETUNREACH') };

  test('are tried in their order, and the one that works is kept', async () => {
    const joined = await joinIn([line], { unroutable });
    expect(joined.code, joined.stderr()).toBe(0);
    expect(joined.sent.map(({ to }) => to.address)).toEqual(['198.51.100.1']);
    expect(joined.profiles()).toBe(PROFILE.replace('192.0.2.1', '198.51.100.1'));
    expect(joined.stdout()).toContain('ssh 198.51.100.1');
  });

  test('of which none works leave the profile, the exit code and a next step', async () => {
    const all = { ...unroutable, '198.51.100.1': networkError('ENETUNREACH') };
    const joined = await joinIn([line], { unroutable: all });
    expect(joined.code).toBe(1);
    expect(parseProfiles(joined.profiles(), '').profiles.map(({ host }) => host)).toEqual(['192.0.2.1']);
    expect(joined.stderr()).toContain('the profile is there and did not work yet');
    expect(joined.stdout()).not.toContain('ready');
  });
});

describe('a passphrase', () => {
  const seal = { passphrase: 'open sesame', salt: new Uint8Array(16).fill(3), cost: 14 };
  const line = formatInvite(inviteOf(), seal);

  test('may be mistyped twice', async () => {
    const joined = await joinIn([line, '--no-test'], { onTerminal: true }, ['a', 'b', 'open sesame']);
    expect(joined.code, joined.stderr()).toBe(0);
    expect(joined.profiles()).toBe(PROFILE);
    expect((await joinIn([line], { onTerminal: true }, ['a', 'b', 'c'])).stderr()).toContain('the passphrase is wrong');
  });

  test('may come from a file', async () => {
    const file = join(temporaryFolder(), 'phrase');
    writeFileSync(file, 'open sesame\n', { mode: 0o600 });
    expect((await joinIn([line, '--passphrase-file', file, '--no-test'])).code).toBe(0);
    writeFileSync(file, 'shut\n', { mode: 0o600 });
    expect((await joinIn([line, '--passphrase-file', file])).stderr()).toContain('the passphrase is wrong');
  });

  test('is not asked for where there is nobody', async () => {
    const joined = await joinIn([line], {}, ['open sesame']);
    expect(joined.code).toBe(2);
    expect(joined.stderr()).toContain('use --passphrase-file FILE');
  });
});

describe('is refused, in one sentence, and nothing is written:', () => {
  const good = formatInvite(inviteOf());
  test.each([
    ['no invite', [], 'give the invite, or - to paste it, or --file FILE'],
    ['an invite and a file', [good, '--file', 'x'], 'give the invite, or -'],
    ['two of them', [good, good], 'one invite at a time'],
    ['an unknown option', [good, '--fast'], "unknown option '--fast'"],
    ['a file that is not there', ['--file', '/nowhere/invite'], 'cannot open /nowhere/invite: no such file'],
    ['a file without a name', ['--file', ''], 'a name or path is empty'],
    ['profiles without a name', [good, '--profiles', ''], 'a name or path is empty'],
    ['another text', ['hello'], 'it does not begin with "spa1-"'],
    ['a newer one', [good.replace('spa1', 'spa2')], 'it was made by a newer version of spa-keys'],
    ['a part of one', [good.slice(0, -3)], 'is a part of it missing, or in it twice?'],
    ['a mistyped one', [good.replace(/.(?=.{20}$)/, (char) => (char === 'x' ? 'y' : 'x'))], 'it is mistyped at place '],
    [
      'one that ended yesterday',
      [formatInvite(inviteOf({ end: unixMs(FAKE_NOW - 25 * HOUR) }))],
      "this invite ended at 2025-12-31 11:00:00 UTC, 1d ago by this host's clock",
    ],
    ['one that ends now', [formatInvite(inviteOf({ end: FAKE_NOW }))], 'just now by this host'],
    ['a name that cannot be one', [good, '--name', 'a\nb'], 'cannot be written as a profile'],
  ])('%s', async (_, words, sentence) => {
    const joined = await joinIn(words);
    expect(joined.stderr()).toContain(sentence);
    expect(joined.stderr().trimEnd()).not.toContain('\n');
    expect(joined.code).toBeGreaterThanOrEqual(1);
    expect(joined.profiles).toThrow('ENOENT');
  });
});

test('--help tells of it', async () => {
  const joined = await joinIn(['--help']);
  expect(joined.code).toBe(0);
  expect(joined.stdout()).toContain('spa-client join');
  expect(joined.stdout()).toContain('--no-test');
});
