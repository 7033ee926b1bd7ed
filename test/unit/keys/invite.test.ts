/** spa-keys invite: what is written, what is printed, and what is refused. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../../keys/cli.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import type { Invite } from '../../../src/invite/body.ts';
import { parseInvite } from '../../../src/invite/invite.ts';
import { present, secretOf } from '../values.ts';
import { type CapturedIo, captureIo, temporaryFolder } from './folder.ts';

const SPAD = '[spad]\nname = gw1\nguard = tcp/22\n';

interface Ran extends CapturedIo {
  readonly code: number;
  readonly file: string;
}

/** Runs `invite` in a folder with this configuration. */
const inviteIn = (conf: string, words: string, typed: readonly string[] = []): Ran => {
  const home = temporaryFolder();
  const file = join(home, 'spad.conf');
  writeFileSync(file, conf, { mode: 0o600 });
  const io = captureIo(home, 1, typed);
  return { ...io, file, code: run(['invite', ...words.split(' '), '--stanza', file], io) };
};

const lineOf = (ran: Ran): string => present(/^spa1-[0-9a-z]+$/m.exec(ran.stdout())?.[0]);

const plainOf = (line: string): Invite => {
  const read = parseInvite(line);
  return read.ok && read.value.kind === 'plain' ? read.value.invite : expect.fail('it cannot be read');
};

const KEY = secretOf(5).revealBase64();

describe('a new stanza', () => {
  test('is added to the file, and its line says all that the client needs', () => {
    const ran = inviteIn(`${SPAD}port = 4000\n`, 'alice --host gw1.example.net --host 203.0.113.7 --text');
    expect(ran.code, ran.stderr()).toBe(0);
    const { conf } = parseSpadConf(readFileSync(ran.file, 'utf8'), '');
    const [access] = present(conf).access;
    const invite = plainOf(lineOf(ran));
    expect(invite).toMatchObject({ server: 'gw1', hosts: ['gw1.example.net', '203.0.113.7'], port: 4000, reply: true });
    expect(invite.access.map(formatPortSpec)).toEqual(['tcp/22']);
    expect(invite.end).toBe(Date.UTC(2026, 1, 1, 23, 59));
    if (access === undefined || !('secret' in access.key)) expect.fail('no stanza with a key');
    expect(access.stanza.name).toBe('alice');
    expect(access.key.secret.revealBase64()).toBe(invite.secret.revealBase64());
    expect(ran.stderr()).toContain(invite.secret.fingerprint());
    expect(ran.stdout()).toBe(`${lineOf(ran)}\n`);
  });

  test('has the ports and the end that are asked for', () => {
    const ran = inviteIn(SPAD, 'bob --allow tcp/443,udp/53 --expires 90d --join-within 10m');
    expect(ran.code, ran.stderr()).toBe(0);
    const [access] = present(parseSpadConf(readFileSync(ran.file, 'utf8'), '').conf).access;
    expect(access?.stanza.allow.map(formatPortSpec)).toEqual(['tcp/443', 'udp/53']);
    expect(access?.stanza.expires).toBe(Date.UTC(2026, 4, 1, 23, 59));
    const invite = plainOf(lineOf(ran));
    expect(invite.access.map(formatPortSpec)).toEqual(['tcp/443']);
    expect(invite.end).toBe(Date.UTC(2026, 1, 1, 0, 9));
    expect(ran.stdout()).toContain('\u2588');
  });

  test('that ends before its invite would ends that, too', () => {
    expect(plainOf(lineOf(inviteIn(SPAD, 'bob --expires 1h'))).end).toBe(Date.UTC(2026, 1, 1, 0, 59));
  });

  test("without --host, packets go to the server's name, which is told", () => {
    const ran = inviteIn(SPAD, 'alice');
    expect(plainOf(lineOf(ran)).hosts).toEqual(['gw1']);
    expect(ran.stderr()).toContain('packets will go to the host "gw1"');
  });
});

test('a stanza that is there is taken as it is', () => {
  const stanza = `[access carol]\nkey = ${KEY}\nallow = tcp/22, tcp/443\n`;
  const ran = inviteIn(`${SPAD}\n${stanza}`, 'carol');
  expect(ran.code, ran.stderr()).toBe(0);
  expect(readFileSync(ran.file, 'utf8')).toBe(`${SPAD}\n${stanza}`);
  const invite = plainOf(lineOf(ran));
  expect(invite.secret.revealBase64()).toBe(KEY);
  expect(invite.access.map(formatPortSpec)).toEqual(['tcp/22', 'tcp/443']);
  expect(ran.stderr()).toContain('hands out the key that it has');
});

describe('a passphrase', () => {
  test('that is typed twice seals the line', () => {
    const ran = inviteIn(SPAD, 'alice --passphrase', ['open sesame', 'open sesame']);
    expect(ran.code, ran.stderr()).toBe(0);
    const read = parseInvite(lineOf(ran));
    if (!read.ok || read.value.kind !== 'sealed') expect.fail('it is not sealed');
    expect(read.value.unseal('open sesame')).toMatchObject({ ok: true, value: { server: 'gw1' } });
    expect(read.value.unseal('open')).toBeUndefined();
  });

  test('may come from a file', () => {
    const phrase = join(temporaryFolder(), 'phrase');
    writeFileSync(phrase, 'from a file\nnot this\n', { mode: 0o600 });
    const read = parseInvite(lineOf(inviteIn(SPAD, `alice --passphrase-file ${phrase}`)));
    if (!read.ok || read.value.kind !== 'sealed') expect.fail('it is not sealed');
    expect(read.value.unseal('from a file')).toMatchObject({ ok: true });
  });

  test.each([
    [['one', 'another'], 'the two are not the same'],
    [[''], 'the passphrase is empty'],
    [[], 'there is no terminal to ask for the passphrase'],
  ])('%j: nothing is written', (typed, sentence) => {
    const ran = inviteIn(SPAD, 'alice --passphrase', typed);
    expect(ran.code).toBe(1);
    expect(ran.stderr()).toContain(sentence);
    expect(ran.stdout()).toBe('');
    expect(readFileSync(ran.file, 'utf8')).toBe(SPAD);
  });
});

test.each([
  ['there is no name', SPAD, '--text', 'name the client: spa-keys invite alice'],
  ['the name cannot be one', SPAD, 'a/b', '"a/b" cannot be a name'],
  ['the host is none', SPAD, 'alice --host -oProxyCommand', "Write a host's name or address"],
  ['there are five hosts', SPAD, 'alice --host a,b,c,d,e', 'room for 4 hosts'],
  ["the server's name is no host", '[spad]\nname = my gateway\n', 'alice', "name the server's with --host"],
  ['the server has no name', '[access alice]\nkey = x\n', 'bob', 'does not say the server'],
  ['the end is over', SPAD, 'alice --expires 2025-01-01', 'That is over already'],
  ['the end is none', SPAD, 'alice --expires soon', 'Write how long, such as 90d'],
  [
    'ports for a stanza that is there',
    `${SPAD}[access a]\nkey = ${KEY}\nallow = tcp/22\n`,
    'a --allow tcp/1',
    'for a new one',
  ],
  [
    'a stanza that has expired',
    `${SPAD}[access a]\nkey = ${KEY}\nallow = tcp/22\nexpires = 2026-01-01\n`,
    'a',
    'has expired',
  ],
  [
    "a stanza of fwknop's",
    `${SPAD}[access a]\nformat = fwknop\nkey = x\nhmac_key = y\nallow = tcp/22\n`,
    'a',
    'for our own alone',
  ],
  ['a file for --fwknop', SPAD, 'alice --file x', 'go with --fwknop'],
])('is refused where %s', (_, conf, words, sentence) => {
  const ran = inviteIn(conf, words);
  expect(ran.code).toBe(2);
  expect(ran.stderr()).toContain(sentence);
  expect(ran.stdout()).toBe('');
  expect(readFileSync(ran.file, 'utf8')).toBe(conf);
});

test('is refused where there is no configuration', () => {
  const home = temporaryFolder();
  const io = captureIo(home);
  expect(run(['invite', 'alice', '--stanza', join(home, 'none')], io)).toBe(2);
  expect(io.stderr()).toContain('there is no file');
  expect(existsSync(join(home, 'none'))).toBe(false);
});

test('generate writes the end, too', () => {
  const io = captureIo(temporaryFolder());
  expect(run(['generate', '--server', 'gw1', '--expires', '2027-12-31'], io)).toBe(0);
  expect(io.stdout()).toContain('expires = 2027-12-31\n');
});
