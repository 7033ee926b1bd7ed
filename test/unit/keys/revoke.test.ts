/** spa-keys revoke: what it writes, and what else knows of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../../keys/cli.ts';
import { secretOf } from '../values.ts';
import { type CapturedIo, captureIo, temporaryFolder } from './folder.ts';

const CONF = `[spad]
name = gw1

# hers
[access alice]
key = ${secretOf(1).revealBase64()}
allow = tcp/22 ; ssh

[access bob]
key = ${secretOf(2).revealBase64()}
allow = tcp/443
`;

interface Ran extends CapturedIo {
  readonly code: number;
}

const runOn = (file: string, words: string): Ran => {
  const io = captureIo(temporaryFolder());
  return { ...io, code: run([...words.split(' '), file], io) };
};

const confFile = (text = CONF): string => {
  const file = join(temporaryFolder(), 'spad.conf');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};

test('writes one line, and the rest stays byte for byte', () => {
  const file = confFile();
  const ran = runOn(file, 'revoke alice --file');
  expect(ran.code, ran.stderr()).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(CONF.replace('; ssh\n', '; ssh\nenabled = no\n'));
  expect(ran.stdout()).toContain(secretOf(1).fingerprint());
  expect(ran.stderr()).toContain('systemctl reload spad');
});

test('takes the place of enabled = yes', () => {
  const file = confFile(`${CONF}enabled = yes ; since May\n`);
  expect(runOn(file, 'revoke bob --file').code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(`${CONF}enabled = no ; since May\n`);
});

test('the list shows it, and nothing is handed out for it any more', () => {
  const file = confFile();
  runOn(file, 'revoke alice --file');
  expect(runOn(file, 'list').stdout()).toMatch(/^alice +revoked .*\nbob +stanza /m);
  expect(JSON.parse(runOn(file, 'list --json').stdout())).toMatchObject([{ revoked: true }, { revoked: false }]);
  for (const words of ['invite alice --stanza', 'emergency alice --file']) {
    const ran = runOn(file, words);
    expect(ran.code).toBe(2);
    expect(ran.stderr()).toContain(`[access alice] is revoked (${file}:5): it holds again with enabled = yes`);
  }
  const again = runOn(file, 'revoke alice --file');
  expect(again.code).toBe(0);
  expect(again.stderr()).toContain('is revoked already');
});

test('is about stanzas: a profile of that name is no way in', () => {
  const file = confFile(`[gw1]\nserver = gw1\nkey = ${secretOf(1).revealBase64()}\n`);
  const ran = runOn(file, 'revoke gw1 --file');
  expect(ran.code).toBe(2);
  expect(ran.stderr()).toContain('there is no "gw1"');
});
