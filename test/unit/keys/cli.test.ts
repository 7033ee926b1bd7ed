import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../../keys/cli.ts';
import { parseProfiles } from '../../../src/config/profile.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { type CapturedIo, captureIo, temporaryFolder } from './folder.ts';

const secretOf = (seed: number): Secret =>
  Secret.fromBytes(Uint8Array.from({ length: 32 }, (_, index) => seed + index)) ?? expect.fail('a secret');

const SECRET = secretOf(1).revealBase64();
const FINGERPRINT = secretOf(1).fingerprint();

interface Ran extends CapturedIo {
  readonly code: number;
}

const runIn = (home: string, words: string, seed = 1): Ran => {
  const io = captureIo(home, seed);
  return { ...io, code: run(words.split(' '), io) };
};

describe('generate', () => {
  test('prints both halves, each ready for its file', () => {
    const ran = runIn(
      temporaryFolder(),
      'generate --server gw1 --client alice --host 192.0.2.1 --port 1234 --allow tcp/443,tcp/22',
    );
    expect(ran.code).toBe(0);
    const [stanza = '', profile = ''] = ran.stdout().split('\n\n');
    expect(stanza).toBe(
      `# server gw1: add this to /etc/spad/spad.conf (mode 0600), then: systemctl reload spad\n[access alice]\nkey = ${SECRET}\nallow = tcp/22, tcp/443\ndefault = tcp/22`,
    );
    expect(profile).toBe(
      `# client alice: add this to ~/.config/spa/profiles.ini (mode 0600), then: spa-client gw1\n[gw1]\nhost = 192.0.2.1\nserver = gw1\nport = 1234\nkey = ${SECRET}\naccess = tcp/22\n`,
    );
    expect(ran.stderr()).toContain(FINGERPRINT);
  });

  test('what it prints is what spad and spa-client read', () => {
    const [stanza = '', profile = ''] = runIn(temporaryFolder(), 'generate --server gw1').stdout().split('\n\n');
    const { conf, issues } = parseSpadConf(`[spad]\nname = gw1\nguard = tcp/22\n${stanza}`, '');
    expect(issues).toEqual([]);
    expect(conf?.access[0]?.stanza.name).toBe('client');
    expect(parseProfiles(profile, '')).toMatchObject({
      issues: [],
      profiles: [{ name: 'gw1', host: 'gw1', port: 62_201 }],
    });
  });

  test('a range is never the default', () => {
    const printed = runIn(temporaryFolder(), 'generate --server gw1 --allow tcp/8000-8010').stdout();
    expect(printed).not.toContain('default =');
    expect(printed).toContain('access = tcp/8000-8010');
  });

  test('writes both halves and does not print the secret', () => {
    const home = temporaryFolder();
    const [stanza, profile] = [join(home, 'etc', 'spad.conf'), join(home, 'c', 'profiles.ini')];
    const ran = runIn(home, `generate --server gw1 --stanza ${stanza} --profile ${profile}`);
    expect(ran.code).toBe(0);
    expect(ran.stdout()).toBe('');
    expect(ran.stderr()).not.toContain(SECRET.slice(0, 8));
    expect(ran.stderr()).toContain(`wrote the stanza [access client] to ${stanza}`);
    expect(readFileSync(stanza, 'utf8')).toContain(SECRET);
    expect(readFileSync(profile, 'utf8')).toContain(SECRET);
    expect(statSync(stanza).mode & 0o777).toBe(0o600);
  });

  test('appends, and prints the half that has no file', () => {
    const home = temporaryFolder();
    const file = join(home, 'spad.conf');
    const before = '# mine\n[spad]\nname = gw1 ; "here"\n';
    writeFileSync(file, before, { mode: 0o600 });
    const ran = runIn(home, `generate --server gw1 --stanza ${file}`);
    expect(ran.stdout()).toContain('[gw1]');
    expect(ran.stdout()).not.toContain('[access');
    expect(readFileSync(file, 'utf8').startsWith(`${before}\n[access client]\n`)).toBe(true);
  });

  test('refuses a second section of the name, and then writes neither file', () => {
    const home = temporaryFolder();
    const [stanza, profile] = [join(home, 'spad.conf'), join(home, 'profiles.ini')];
    writeFileSync(profile, '[gw1]\nserver = gw1\n', { mode: 0o600 });
    const ran = runIn(home, `generate --server gw1 --stanza ${stanza} --profile ${profile}`);
    expect(ran.code).toBe(2);
    expect(ran.stderr()).toContain(
      `[gw1] already (line 1): write to another file, or run spa-keys remove gw1 --file ${profile}`,
    );
    expect(existsSync(stanza)).toBe(false);
    expect(readFileSync(profile, 'utf8')).toBe('[gw1]\nserver = gw1\n');
    const again = join(home, 'again');
    runIn(home, `generate --server gw1 --stanza ${again}`);
    expect(runIn(home, `generate --server gw1 --stanza ${again}`).stderr()).toContain(
      'choose another name with --client',
    );
  });

  test("refuses to add to another server's file", () => {
    const file = join(temporaryFolder(), 'spad.conf');
    writeFileSync(file, '[spad]\nname = gw2\n', { mode: 0o600 });
    const ran = runIn(temporaryFolder(), `generate --server gw1 --stanza ${file}`);
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr()).toContain('is for the server "gw2", not "gw1"');
  });

  test('refuses a file that others can read, and a symbolic link', () => {
    const home = temporaryFolder();
    const file = join(home, 'spad.conf');
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    symlinkSync(file, join(home, 'link'));
    expect(runIn(home, `generate --server gw1 --stanza ${file}`).stderr()).toContain('(mode 0644): run chmod 600');
    expect(runIn(home, `generate --server gw1 --stanza ${join(home, 'link')}`).stderr()).toContain('symbolic link');
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test.each([
    ['generate', "required option '--server <NAME>' not specified"],
    ['generate --server gw1 --client a/b', 'cannot be a name'],
    ['generate --server gw1 --port 0', 'a port from 1 to 65535'],
    ['generate --server gw1 --allow 22', 'is not a port such as tcp/22'],
    ['generate --server gw1 --alow tcp/22', 'Did you mean --allow?'],
    ['generate --server gw1]x --host #', 'cannot be written as a profile'],
    ['generate --server gw1 --host a\tb', 'cannot be a host'],
    ['generate --server gw1 --stanza x --profile ./x', 'the same file'],
    ['genrate', 'Did you mean generate?'],
  ])('%s: %s', (words, sentence) => {
    const ran = runIn(temporaryFolder(), words);
    expect(ran.stderr()).toContain(sentence);
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stdout()).toBe('');
  });
});

/** A home with a profile file and a file of stanzas. */
const homeWithKeys = (): { readonly home: string; readonly profiles: string; readonly conf: string } => {
  const home = temporaryFolder();
  const profiles = join(home, '.config', 'spa', 'profiles.ini');
  const conf = join(home, 'spad.conf');
  writeFileSync(conf, '[spad]\nname = gw1\n', { mode: 0o600 });
  runIn(home, `generate --server gw1 --client alice --stanza ${conf} --profile ${profiles}`);
  return { home, profiles, conf };
};

describe('list', () => {
  test('shows the default file, by fingerprint', () => {
    const { home, profiles } = homeWithKeys();
    const ran = runIn(home, 'list');
    expect(ran.stdout()).toContain(`gw1   profile  gw1     ${FINGERPRINT}  ${profiles}\n`);
    expect(ran.stdout()).not.toContain(SECRET);
  });

  test('knows stanzas of fwknop’s clients, and shows none of their keys', () => {
    const { home, conf } = homeWithKeys();
    const keys = 'key_base64 = QUFBQQ==\nhmac_key = hidden\nfwknop_key = veiled\ngpg_decrypt_pw = covered\n';
    writeFileSync(conf, `[spad]\nname = gw1\n[access bob]\nformat = fwknop\n${keys}allow = tcp/22\n`, { mode: 0o600 });
    const listed = runIn(home, `list ${conf}`);
    expect(listed.stdout()).toMatch(/^bob +stanza +gw1 +- /m);
    expect(listed.stderr()).toContain("its keys are fwknop's, which have no fingerprint");
    const shown = runIn(home, `show bob --file ${conf}`).stdout();
    expect(shown).toContain('allow        tcp/22');
    expect(shown).not.toMatch(/QUFBQQ|hidden|veiled|covered/);
  });

  test('shows named files as JSON', () => {
    const { home, profiles, conf } = homeWithKeys();
    const ran = runIn(home, `list --json ${conf} ${profiles}`);
    expect(JSON.parse(ran.stdout())).toEqual([
      {
        name: 'alice',
        kind: 'stanza',
        server: 'gw1',
        revoked: false,
        fingerprint: FINGERPRINT,
        file: conf,
        line: 4,
        key_file: null,
        problem: null,
        old: null,
      },
      {
        name: 'gw1',
        kind: 'profile',
        server: 'gw1',
        revoked: false,
        fingerprint: FINGERPRINT,
        file: profiles,
        line: 1,
        key_file: null,
        problem: null,
        old: null,
      },
    ]);
  });

  test('follows key_file, and tells what is wrong with it', () => {
    const home = temporaryFolder();
    const file = join(home, 'p.ini');
    writeFileSync(file, '[a]\nserver = a\nkey_file = ~/a.key\n[b]\nserver = b\nkey_file = b.key\n[c]\nserver = c\n', {
      mode: 0o600,
    });
    writeFileSync(join(home, 'a.key'), `${SECRET}\n`, { mode: 0o600 });
    const ran = runIn(home, `list ${file}`);
    expect(ran.stdout()).toMatch(new RegExp(`^a .* ${FINGERPRINT} `, 'm'));
    expect(ran.stdout()).toMatch(/^b .* - /m);
    expect(ran.stderr()).toContain('p.ini:4: key_file = b.key is a relative path');
    expect(ran.stderr()).toContain('p.ini:7: there is neither "key" nor "key_file"');
  });

  test('says so where there is nothing, and fails for a named file that is not there', () => {
    const home = temporaryFolder();
    expect(runIn(home, 'list')).toMatchObject({ code: 0 });
    expect(runIn(home, 'list').stderr()).toContain('spa-keys generate');
    expect(runIn(home, `list ${join(home, 'none')}`)).toMatchObject({ code: 2 });
  });

  test('a default file that others can read is a trouble, and the others are still listed', () => {
    const { home, profiles, conf } = homeWithKeys();
    chmodSync(profiles, 0o640);
    expect(runIn(home, 'list')).toMatchObject({ code: 2 });
    const both = runIn(home, `list ${profiles} ${conf}`);
    expect(both.stdout()).toContain('alice');
    expect(both.stderr()).toContain('chmod 600');
  });

  test('honours XDG_CONFIG_HOME', () => {
    const { home } = homeWithKeys();
    const io = captureIo(temporaryFolder());
    expect(run(['list'], { ...io, env: { HOME: '/nowhere', XDG_CONFIG_HOME: join(home, '.config') } })).toBe(0);
    expect(io.stdout()).toContain('gw1');
  });
});

describe('show', () => {
  test('the secret only when asked for', () => {
    const { home } = homeWithKeys();
    const plain = runIn(home, 'show gw1');
    expect(plain.stdout()).toContain(FINGERPRINT);
    expect(plain.stdout() + plain.stderr()).not.toContain(SECRET);
    expect(runIn(home, 'show gw1 --secret').stdout()).toContain(SECRET);
  });

  test('a misspelt name', () => {
    const { home } = homeWithKeys();
    const ran = runIn(home, 'show gw2');
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr()).toContain('did you mean "gw1"?');
  });
});

describe('remove', () => {
  test('gives the file back as it was', () => {
    const { home, conf, profiles } = homeWithKeys();
    const ran = runIn(home, `remove alice --file ${conf}`);
    expect(ran.stdout()).toBe(`removed the stanza "alice" (fingerprint ${FINGERPRINT}) from ${conf}\n`);
    expect(readFileSync(conf, 'utf8')).toBe('[spad]\nname = gw1\n');
    expect(runIn(home, 'remove gw1')).toMatchObject({ code: 0 });
    expect(readFileSync(profiles, 'utf8')).toBe('');
    expect(statSync(profiles).mode & 0o777).toBe(0o600);
  });

  test('never removes [spad]', () => {
    const { home, conf } = homeWithKeys();
    expect(runIn(home, `remove spad --file ${conf}`)).toMatchObject({ code: 2 });
  });

  test('an ambiguous name is refused, and both places are named', () => {
    const home = temporaryFolder();
    const file = join(home, '.config', 'spa', 'profiles.ini');
    mkdirSync(join(home, '.config', 'spa'), { recursive: true });
    const text = '[x]\nserver = a\n[x]\nserver = b\n';
    writeFileSync(file, text, { mode: 0o600 });
    const ran = runIn(home, 'remove x');
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr()).toContain(`${file} (profile, line 1) and in ${file} (profile, line 3)`);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

test('--help and --version', () => {
  const help = runIn('/', '--help');
  expect(help).toMatchObject({ code: 0 });
  expect(help.stdout()).toContain('Exit codes:');
  expect(runIn('/', '--version').stdout()).toMatch(/^spa-keys \d+\.\d+\.\d+\n$/);
});
