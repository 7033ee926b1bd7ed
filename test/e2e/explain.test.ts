/** `spad explain` beside the daemon itself: on one capture both say the same of each packet. */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { sendDatagram } from '../support/probe.ts';
import { SpaClient } from '../support/spa-client.ts';
import { Spad } from '../support/spad.ts';
import { LINK_NUMBERS, pcap } from '../unit/frame/captures.ts';
import { udp, v4 } from '../unit/frame/frames.ts';

const alice = new Keyholder();
const bob = new FwknopHolder();

/** A packet that fwknop 2.6.10 has made, and its keys (test/vectors/fwknop). */
const REAL = ((): { readonly lines: readonly string[]; readonly text: string; readonly time: number } => {
  const vectors = JSON.parse(readFileSync(new URL('../vectors/fwknop/real.json', import.meta.url), 'utf8')) as {
    readonly rijndael: readonly {
      readonly passphrase: string;
      readonly hmac: { readonly key: string };
      readonly fields: { readonly time: number };
      readonly text: string;
    }[];
  };
  const [first] = vectors.rijndael;
  if (first === undefined) throw new Error('there is no vector');
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
  const lines = [`KEY_BASE64 ${base64(first.passphrase)}`, `HMAC_KEY_BASE64 ${base64(first.hmac.key)}`];
  return { lines, text: first.text, time: first.fields.time };
})();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

interface Told {
  readonly number: number;
  readonly time: string;
  readonly source?: string;
  readonly format: string;
  readonly outcome: string;
  readonly reason?: string;
  readonly words: string;
  readonly steps: readonly { readonly step: string; readonly words: string }[];
  readonly audit: readonly Readonly<Record<string, unknown>>[];
}

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  spad = new Spad(lab, server);
  const stanzas = [
    'SOURCE ANY',
    'OPEN_PORTS tcp/22',
    ...bob.keyLines,
    'SOURCE ANY',
    'OPEN_PORTS tcp/22',
    ...REAL.lines,
  ];
  writeFileSync(join(spad.dir, 'access.conf'), `${stanzas.join('\n')}\n`, { mode: 0o600 });
});
afterAll(() => lab.close());

const conf = (more: Readonly<Record<string, string>> = {}, state = 'state'): void =>
  spad.writeConf(
    [
      '[spad]',
      'name = gw1',
      'guard = tcp/22',
      'firewall = dry-run',
      `state_dir = ${join(spad.dir, state)}`,
      `audit_log = ${spad.audit.path}`,
      `fwknop_access = ${join(spad.dir, 'access.conf')}`,
      ...Object.entries(more).map(([key, value]) => `${key} = ${value}`),
      '[access alice]',
      `key = ${alice.base64}`,
      'allow = tcp/22',
      '',
    ].join('\n'),
  );

/** What tcpdump sees at the server while `send` sends `count` packets that `filter` passes. */
const capture = async (name: string, count: number, filter: string, send: () => Promise<void>): Promise<string> => {
  const file = join(spad.dir, name);
  const words = [
    '-i',
    name.startsWith('any') ? 'any' : 'eth0',
    '-U',
    '--immediate-mode',
    '-c',
    String(count),
    '-w',
    file,
  ];
  const tcpdump = server.spawn('tcpdump', [...words, filter]);
  await tcpdump.waitForLine(/listening on/);
  await send();
  expect(await tcpdump.exited).toMatchObject({ code: 0 });
  return file;
};

const explain = async (...args: readonly string[]): Promise<readonly Told[]> => {
  const { code, stdout, stderr } = await spad.exec('explain', '--json', ...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told);
};

/** One of each kind; those with a client's MAC first in the list are what the audit log tells of. */
const sendAll = async (): Promise<void> => {
  const packet = alice.seal({ ports: 'tcp/22', openFor: 20 });
  const junk = Buffer.concat([alice.seal().subarray(0, 8), new Uint8Array(168)]);
  const fwknop = bob.seal({ ports: 'tcp/22' });
  const sent = [
    ...[packet, packet, alice.seal({ ports: 'tcp/443' }), alice.seal({ time: Date.now() - 300_000, ports: 'tcp/22' })],
    ...[alice.seal({ time: Date.now() + 300_000, ports: 'tcp/22' }), new Uint8Array(20), new Uint8Array(176), junk],
    ...[fwknop, fwknop, bob.seal({ ports: 'tcp/23' })],
  ];
  for (const bytes of sent) await spad.send(client, bytes);
};
const SENT = 11;

describe('a capture of real packets', () => {
  test.each(['eth0.pcap', 'any.pcap'])('%s: of each packet what the daemon says of it', async (name) => {
    const file = await capture(name, SENT, 'udp dst port 62201', sendAll);
    conf();
    const told = await explain('-c', spad.confFile, file);
    expect(told.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['granted', undefined],
      ['rejected', 'replayed'],
      ['rejected', 'port-not-allowed'],
      ['rejected', 'stale'],
      ['rejected', 'future'],
      ['dropped', 'wrong-size'],
      ['dropped', 'unknown-hint'],
      ['dropped', 'bad-mac'],
      ['granted', undefined],
      ['rejected', 'replayed'],
      ['rejected', 'port-not-allowed'],
    ]);
    expect(told.slice(8).map(({ format }) => format)).toEqual(['fwknop', 'fwknop', 'fwknop']);
    const from = spad.audit.mark();
    conf({ capture: 'file', capture_file: file }, `state-of-${name}`);
    await spad.start();
    expect(await spad.process.exited).toMatchObject({ code: 0 });
    const decided = spad.audit
      .entries()
      .slice(from)
      .filter(({ source }) => source !== undefined);
    // The daemon counts the packets' ends from when it reads them.
    const plain = (line: Readonly<Record<string, unknown>>): unknown => ({ ...line, time: '', until: '', skew: '' });
    expect(told.flatMap(({ audit }) => audit).map(plain)).toEqual(decided.map((line) => plain({ ...line })));
  });

  test('says what real spa-client asked for, step by step, and for people', async () => {
    conf();
    const person = new SpaClient(lab, client, alice);
    const file = await capture('client.pcap', 1, 'udp dst port 62201', async () => {
      await person.run('--access', 'tcp/22', '--open-for', '90s', '--no-reply', server.address4);
    });
    const { code, stdout } = await spad.exec('explain', '-c', spad.confFile, file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/hint +of alice/);
    expect(stdout).toMatch(/MAC +right: alice made it/);
    expect(stdout).toMatch(/unsealed +open tcp\/22 for .*1m30s/);
    expect(stdout).toMatch(/fresh +made 20.* s old; 120 s are allowed/);
    expect(stdout).toMatch(/=> granted tcp\/22 for .* until 20/);
    expect(stdout).not.toContain(alice.base64);
  });

  test('tells every refusal, also where the audit log would count them alone', async () => {
    conf();
    const packet = alice.seal({ ports: 'tcp/22' });
    const file = await capture('copies.pcap', 60, 'udp dst port 62201', async () => {
      for (let copy = 0; copy < 60; copy += 1) await spad.send(client, packet);
    });
    const told = await explain('-c', spad.confFile, file);
    expect(told.filter(({ reason }) => reason === 'replayed')).toHaveLength(59);
    expect(told.filter(({ audit }) => audit.length > 0)).toHaveLength(60);
  });

  test('--at moves the first packet to that time: what was fresh is stale', async () => {
    conf();
    const file = await capture('late.pcap', 1, 'udp dst port 62201', () =>
      spad.send(client, alice.seal({ ports: 'tcp/22' })),
    );
    const late = new Date(Date.now() + 600_000).toISOString();
    const [one] = await explain('-c', spad.confFile, '--at', late, file);
    expect(one).toMatchObject({ outcome: 'rejected', reason: 'stale', time: late });
  });
});

describe('one packet', () => {
  test('as a file, as base64, as hexadecimal digits; it leaves no trace', async () => {
    conf();
    const packet = Buffer.from(alice.seal({ ports: 'tcp/22' }));
    const file = join(spad.dir, 'packet.bin');
    writeFileSync(file, packet);
    const before = [readdirSync(spad.dir), statSync(spad.audit.path).size];
    for (const text of [file, packet.toString('base64'), packet.toString('hex')]) {
      const [one] = await explain('-c', spad.confFile, '--from', '203.0.113.9', text);
      expect(one).toMatchObject({ format: 'native', outcome: 'granted', source: '203.0.113.9' });
      expect(one?.audit[0]).toMatchObject({ stanza: 'alice', allow: '203.0.113.9', ports: ['tcp/22'] });
    }
    expect([readdirSync(spad.dir), statSync(spad.audit.path).size]).toEqual(before);
  });

  test('a text of fwknop’s as it was sent', async () => {
    conf();
    const [one] = await explain('-c', spad.confFile, bob.sealText({ ports: 'tcp/22', user: 'bobby' }));
    expect(one).toMatchObject({ format: 'fwknop', outcome: 'granted' });
    expect(one?.audit[0]).toMatchObject({ stanza: 'stanza-1', user: 'bobby' });
  });

  test('one that fwknop itself has made is good at its time, and stale later', async () => {
    conf();
    const [then] = await explain('-c', spad.confFile, '--at', `@${REAL.time}`, REAL.text);
    expect(then).toMatchObject({ format: 'fwknop', outcome: 'granted' });
    expect(then?.audit[0]).toMatchObject({ stanza: 'stanza-2', user: 'root', allow: '1.2.3.4', ports: ['tcp/22'] });
    const [later] = await explain('-c', spad.confFile, '--at', `@${REAL.time + 3600}`, REAL.text);
    expect(later).toMatchObject({ outcome: 'rejected', reason: 'stale' });
  });

  test('--state knows what the daemon has let in, and changes nothing', async () => {
    conf({}, 'other-state');
    const from = spad.audit.mark();
    await spad.start();
    const packet = Buffer.from(alice.seal({ ports: 'tcp/22' }));
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'granted' }, from);
    await spad.stop();
    const journal = join(spad.dir, 'other-state', 'replay.journal');
    const before = readFileSync(journal);
    const [known] = await explain('-c', spad.confFile, '--state', packet.toString('hex'));
    expect(known).toMatchObject({ outcome: 'rejected', reason: 'replayed' });
    expect(await explain('-c', spad.confFile, packet.toString('hex'))).toMatchObject([{ outcome: 'granted' }]);
    expect(readFileSync(journal).equals(before)).toBe(true);
  });
});

test('knocks at the doors of a knockd.conf: the stages of each attempt', async () => {
  const doors = join(spad.dir, 'knockd.conf');
  writeFileSync(
    doors,
    '[options]\n[ssh]\n sequence = 7000:udp,8000:udp,9000:udp\n seq_timeout = 15\n command = /bin/true %IP%\n',
  );
  const file = await capture('knocks.pcap', 5, 'udp dst portrange 7000-9999', async () => {
    for (const port of [7000, 8000, 9000, 7000, 9000])
      await sendDatagram(client, server.address4, port, new Uint8Array(1));
  });
  const told = await explain('--knockd', doors, '--local', server.address4, file);
  expect(
    told.map(({ format, outcome, steps }) => [format, outcome, steps.map(({ words }) => words).join('; ')]),
  ).toEqual([
    ['knock', 'nothing', '[ssh] stage 1 of 3'],
    ['knock', 'nothing', '[ssh] stage 2 of 3'],
    ['knock', 'knocked', '[ssh] stage 3 of 3; [ssh] the sequence is whole'],
    ['knock', 'nothing', '[ssh] stage 1 of 3'],
    ['knock', 'nothing', expect.stringContaining('continues no attempt')],
  ]);
  expect(told[2]?.words).toContain(`the commands of [ssh] would be run for ${client.address4}`);
});

test('what is wrong is said: no packet, a broken configuration, a file that ends in the middle', async () => {
  conf();
  const none = await spad.exec('explain', '-c', spad.confFile, '/nowhere.pcap');
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('there is no such file')]);
  const file = await capture('cut.pcap', 1, 'udp dst port 62201', () =>
    spad.send(client, alice.seal({ ports: 'tcp/22' })),
  );
  writeFileSync(file, Buffer.concat([readFileSync(file), new Uint8Array(7)]));
  const cut = await spad.exec('explain', '-c', spad.confFile, file);
  expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('ends in the middle of a packet')]);
  expect(cut.stdout).toContain('=> granted');
  spad.writeConf('[spad]\nnam = gw1\n');
  const broken = await spad.exec('explain', '-c', spad.confFile, file);
  expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('the configuration has errors')]);
});

test('whoever reads has read enough, or the disk is full: it ends, and never with a trace', async () => {
  conf();
  const frames = Array.from({ length: 3000 }, () => ({ seconds: 1, parts: 0, bytes: v4(udp(new Uint8Array(9))) }));
  const file = join(spad.dir, 'long.pcap');
  writeFileSync(file, pcap({ little: true, nano: false, link: LINK_NUMBERS.raw }, frames));
  const run = (script: string) =>
    spad.execThrough({ prefix: ['sh', '-c', script, 'sh'] }, 'explain', '-c', spad.confFile, file);
  const enough = await run('"$@" | head -n 1');
  expect([enough.stdout.slice(0, 3), enough.stderr]).toEqual(['#1 ', '']);
  const full = await run('"$@" > /dev/full');
  expect(full.code).toBe(1);
  expect(full.stderr).toMatch(/^spad: error: standard output cannot be written: .*ENOSPC[^\n]*\n$/);
});
