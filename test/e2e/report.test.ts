/** `spad report` on the log of a real daemon, whole, rotated, compressed, damaged and from standard input. */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { builtFile } from '../support/paths.ts';
import { Spad } from '../support/spad.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let spad: Spad;

interface Told {
  readonly files: readonly string[];
  readonly troubles: readonly string[];
  readonly lines: number;
  readonly damaged: number;
  readonly outside: number;
  readonly events: Readonly<Record<string, number>>;
  readonly grants: { readonly all: number; readonly latest: readonly Readonly<Record<string, unknown>>[] };
  readonly refusals: {
    readonly byReason: readonly { readonly reason: string; readonly lines: number; readonly counted: number }[];
  };
  readonly daemon: { readonly starts: number; readonly troubles: number; readonly withoutEnd: number };
}

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  client = lab.host('client');
  spad = new Spad(lab, lab.host('server'));
  spad.configure({
    daemon: { firewall: 'dry-run' },
    access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/9', max_open_for: '1h' } },
  });
  await spad.start();
  const packet = alice.seal({ ports: 'tcp/22', openFor: 600 });
  await spad.send(client, packet);
  await spad.audit.waitFor({ event: 'granted', ports: ['tcp/22'] });
  await spad.send(client, packet);
  await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' });
  await spad.send(client, alice.seal({ ports: 'tcp/443' }));
  await spad.audit.waitFor({ event: 'rejected', reason: 'port-not-allowed' });
  // The log is rotated: a new file once the daemon has been told.
  renameSync(spad.audit.path, `${spad.audit.path}.1`);
  await spad.reload();
  await spad.stop('SIGKILL');
  await spad.start();
  await spad.stop();
});
afterAll(() => lab.close());

const rotated = (): string => `${spad.audit.path}.1`;

const tell = async (...args: readonly string[]): Promise<Told> => {
  const { code, stdout, stderr } = await spad.exec('report', '--json', ...args);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Told;
};

describe('the figures', () => {
  test('are those of the daemon’s own log and of what was rotated away', async () => {
    const told = await tell('-c', spad.confFile);
    expect(told.files).toEqual([rotated(), spad.audit.path]);
    expect(told).toMatchObject({ damaged: 0, troubles: [], events: { granted: 1, rejected: 2, stopped: 1 } });
    expect(told.grants.latest[0]).toMatchObject({
      ...{ stanza: 'alice', source: client.address4, allow: client.address4, ports: 'tcp/22', format: 'native' },
    });
    expect(told.refusals.byReason.map(({ reason, lines }) => [reason, lines])).toEqual([
      ['port-not-allowed', 1],
      ['replayed', 1],
    ]);
    // Killed once, which no line tells.
    expect(told.daemon).toMatchObject({ starts: 2, withoutEnd: 1 });
  });

  test('are the same of a compressed file, in any order, and the same of standard input', async () => {
    const packed = join(spad.dir, 'old.gz');
    writeFileSync(packed, gzipSync(readFileSync(rotated())));
    const whole = await tell(rotated(), spad.audit.path);
    const swapped = await tell(spad.audit.path, packed);
    expect(swapped).toEqual({ ...whole, files: [packed, spad.audit.path] });
    const piped = await spad.host.run('sh', [
      '-c',
      'cat "$3" "$4" | "$1" "$2" report --json -',
      ...['sh', process.execPath, builtFile('bin/spad.cjs'), rotated(), spad.audit.path],
    ]);
    expect(JSON.parse(piped)).toEqual({ ...whole, files: ['standard input'] });
  });

  test('leave out what is outside the period', async () => {
    const told = await tell(rotated(), '--since', '2000-01-01', '--until', '2000-01-02T00:00Z');
    expect(told.outside).toBe(told.lines);
    expect(told.events).toEqual({});
    const all = await tell(rotated(), '--since', '1h');
    expect(all.outside).toBe(0);
  });
});

describe('the page', () => {
  test('is one file that allows nothing but its own style', async () => {
    const page = join(spad.dir, 'report.html');
    const { code, stdout } = await spad.exec('report', '-c', spad.confFile, '-o', page);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/report\.html: \d+ lines of 2 files; 20/)]);
    expect(statSync(page).mode & 0o777).toBe(0o640);
    const text = readFileSync(page, 'utf8');
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(text).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-${digest}&#39;`);
    expect(text).not.toMatch(/<script|https?:|url\(|@import| style=/);
    for (const word of ['alice', client.address4, 'tcp/22', 'replayed', 'port-not-allowed'])
      expect(text).toContain(word);
  });

  test('of a hostile and damaged log says how much was damaged, and is a page all the same', async () => {
    const log = join(spad.dir, 'hostile.jsonl');
    writeFileSync(log, readFileSync(rotated()));
    const time = new Date().toISOString();
    const name = '</td><script>alert(1)</script>\u001b[2J';
    appendFileSync(log, `${JSON.stringify({ time, event: 'rejected', stanza: name, source: name, reason: name })}\n`);
    appendFileSync(log, `{"time":"${time}","event":"gran\n\u0000\u0000\u0000\n`);
    const { code, stdout } = await spad.exec('report', log);
    expect(code).toBe(0);
    expect(stdout).toContain('2 of them damaged');
    expect(stdout).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\u{1b}[2J');
    expect(stdout).not.toMatch(/<script|\u001b/);
  });

  test('of an empty log says so', async () => {
    const log = join(spad.dir, 'empty.jsonl');
    writeFileSync(log, '');
    const { code, stdout } = await spad.exec('report', log);
    expect(code).toBe(0);
    expect(stdout).toContain('There is no line here that tells of anything.');
  });
});

describe('what is wrong is said:', () => {
  test('a file that is not there, one that ends in the middle, a time that is none', async () => {
    const cut = join(spad.dir, 'cut.gz');
    writeFileSync(cut, gzipSync(readFileSync(rotated())).subarray(0, -12));
    const half = await spad.exec('report', '--json', cut, join(spad.dir, 'nowhere.jsonl'));
    expect(half.code).toBe(1);
    expect(half.stderr).toMatch(/cut\.gz could not be read to its end: unexpected end of file/);
    expect(half.stderr).toMatch(/nowhere\.jsonl could not be read to its end: ENOENT/);
    const when = await spad.exec('report', '--since', 'yesterday', rotated());
    expect(when.code).toBe(2);
    expect(when.stderr).toContain('a time such as 2026-11-20');
  });
});
