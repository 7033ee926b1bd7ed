import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runKnock } from '../../../../client/knock/run.ts';
import { Secret } from '../../../../src/crypto/secret.ts';
import { type PortRange, timedSequence } from '../../../../src/knock/timed-sequence.ts';
import { fakeKnockIo } from './fake-knock-io.ts';

const MINUTE = 29_453_760;
const NOW = MINUTE * 60_000 + 12_345;

let folder: string;
let secret: Secret;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spa-knock-'));
  const made = Secret.fromBytes(Uint8Array.from({ length: 32 }, (_, index) => index * 3));
  if (made === undefined) throw new Error('not a secret');
  secret = made;
  const key = secret.revealBase64();
  writeFileSync(join(folder, 'door.key'), `${key}\n`, { mode: 0o600 });
  const profiles = `[home]\nhost = gw.example\nserver = gw1\nkey = ${key}\n\n[file]\nserver = gw2\nkey_file = ${folder}/door.key\n`;
  writeFileSync(join(folder, 'profiles.ini'), profiles, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `FOLDER` in the words stands for the folder of this test. */
const knock = async (words: string): Promise<{ code: number; sent: string[]; stderr: string; stdout: string }> => {
  const io = fakeKnockIo({ home: folder, now: NOW });
  const code = await runKnock(words.replaceAll('FOLDER', folder).split(' '), io);
  const sent = io.deeds.filter((deed) => /^(?:tcp|udp) /.test(deed));
  return { code, sent, stderr: io.stderr(), stdout: io.stdout() };
};

const expected = (name: string, count?: number, range?: PortRange): string[] =>
  timedSequence(secret, name, MINUTE, count, range).map(
    ({ protocol, port }) => `${protocol} 192.0.2.1 ${String(port)}`,
  );

describe('a time-based sequence', () => {
  test('from a file and a name', async () => {
    const { code, sent, stdout } = await knock('--secret-file FOLDER/door.key --name front gw');
    expect([code, sent, stdout]).toEqual([0, expected('front'), '']);
  });

  test('from a profile, its host and the name of its server', async () => {
    const { sent, stdout } = await knock('--profiles FOLDER/profiles.ini --profile home -v');
    expect(sent).toEqual(expected('gw1'));
    expect(stdout.split('\n')[0]).toMatch(/^hitting (?:tcp|udp) 192\.0\.2\.1:[0-9]{5}$/);
  });

  test('from a profile with a key file, for another door, of another shape', async () => {
    const { sent } = await knock(
      '--profiles FOLDER/profiles.ini --profile file --name back --count 6 --range 7000-7010 gw',
    );
    expect(sent).toEqual(expected('back', 6, { low: 7000, high: 7010 }));
  });

  test('the delay is slept as ever', async () => {
    const io = fakeKnockIo({ now: NOW });
    await runKnock(['-d', '5', '--secret-file', join(folder, 'door.key'), '--name', 'front', 'gw'], io);
    expect(io.deeds.filter((deed) => deed === 'sleep 5')).toHaveLength(4);
  });

  test.each([
    ['--name front gw', 'give --profile NAME or --secret-file FILE'],
    ['--secret-file FOLDER/door.key gw', 'with --name DOOR'],
    ['--secret-file FOLDER/door.key --name front', 'name the HOST'],
    ['--secret-file FOLDER/door.key --name front gw 7000', 'leave 7000 out'],
    ['--secret-file FOLDER/door.key --name front -u gw', 'leave -u out'],
    ['--secret-file FOLDER/door.key --name front --count 33 gw', '1 to 32'],
    ['--secret-file FOLDER/door.key --name front --count x gw', '--count x'],
    ['--secret-file FOLDER/door.key --name front --range 7000-7002 gw', 'as many ports'],
    ['--secret-file FOLDER/door.key --name front --range 0-7 gw', 'LOW-HIGH'],
    ['--secret-file FOLDER/door.key --profile home gw', 'exclude each other'],
    ['--secret-file FOLDER/door.key --profiles x --name front gw', '--profiles needs --profile'],
    ['--profiles FOLDER/profiles.ini --profile hom', 'did you mean "home"?'],
  ])('%s', async (words, why) => {
    const { code, sent, stderr } = await knock(words);
    expect([code, sent]).toEqual([2, []]);
    expect(stderr).toMatch(/^knock: /);
    expect(stderr).toContain(why);
  });

  test('a secret that others can read is refused', async () => {
    const open = join(folder, 'open.key');
    writeFileSync(open, secret.revealBase64());
    chmodSync(open, 0o644);
    const { code, stderr } = await knock('--secret-file FOLDER/open.key --name front gw');
    expect(code).toBe(2);
    expect(stderr).not.toContain(secret.revealBase64());
  });
});
