/** The replay journal lost, cut short or spoilt: what was let in before stays out, and honest clients come in again. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../support/audit-reader.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const STATE_FILES = ['replay.journal', 'grants.log'] as const;
const SLOT = 32;
const MAX_AGE_MS = 5000;

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let spad: Spad;
/** What an earlier run has left: its state, and the packets that it has let in. */
let template: string;
let packets: readonly Uint8Array[];
let runs = 0;

function newSpad(maxAge: string): Spad {
  runs += 1;
  const made = new Spad(lab, server, `run${runs}`);
  made.configure({ daemon: { max_age: maxAge }, access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
  return made;
}

const journalOf = (one: Spad): string => join(one.stateDir, STATE_FILES[0]);
const grantLogOf = (one: Spad): string => join(one.stateDir, STATE_FILES[1]);

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  spad = newSpad('10m');
  await spad.start();
  packets = [0, 1, 2].map(() => alice.seal({ ports: 'tcp/22', openFor: 1 }));
  await spad.sendAll(client, packets);
  await waitUntil('three packets to be let in', () => spad.audit.mark() >= 4);
  expect(spad.audit.all({ event: 'rejected' })).toEqual([]);
  await spad.stop('SIGKILL');
  template = spad.stateDir;
  await waitUntil('the kernel to close what was opened', async () => (await openInKernel(server)).length === 0);
});
afterAll(() => lab.close());
afterEach(async () => {
  // The guard stays, as it would; the next daemon makes the table anew.
  await spad.stop();
});

/** Starts a daemon on a copy of the earlier run's state, damaged by `damage`. */
async function startOn(damage: (journal: string) => void): Promise<void> {
  spad = newSpad('10m');
  mkdirSync(spad.stateDir, { mode: 0o700 });
  for (const name of STATE_FILES) copyFileSync(join(template, name), join(spad.stateDir, name));
  damage(journalOf(spad));
  await spad.start();
}

/** Sends a packet and waits until it is judged: refused, and for this reason. */
async function expectRefused(packet: Uint8Array, reasons: readonly string[]): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(attacker, packet);
  const { reason } = await spad.audit.waitFor({ event: 'rejected', stanza: 'alice', source: attacker.address4 }, mark);
  expect(reasons).toContain(reason);
  expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
}

async function expectAllRefused(...reasons: readonly string[]): Promise<void> {
  await spad.sendAll(attacker, packets);
  const judged = (): readonly AuditEntry[] => spad.audit.all({ stanza: 'alice', source: attacker.address4 });
  await waitUntil('every packet to be judged', () => judged().length === packets.length);
  expect(judged().filter(({ event, reason = '' }) => event !== 'rejected' || !reasons.includes(reason))).toEqual([]);
  expect(await openInKernel(server)).toEqual([]);
}

const WARNING =
  /warning: the replay journal .*replay\.journal cannot be relied on: (.*); packets made before .* are refused/;

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

function blank(path: string, slot: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0, SLOT * (slot + 1), SLOT * (slot + 2));
  writeFileSync(path, bytes);
}

test('a whole journal refuses what was let in, and lets the next packet in at once', async () => {
  await startOn(() => undefined);
  expect(spad.process.output).not.toContain('journal');
  await expectAllRefused('replayed');
  await spad.send(client, alice.seal({ ports: 'tcp/22' }));
  await spad.audit.waitFor({ event: 'granted', source: client.address4 });
});

describe('a damaged journal refuses what was let in, and says so:', () => {
  test.each<readonly [string, RegExp, (journal: string) => void]>([
    ['deleted', /^it is missing$/, (path) => rmSync(path)],
    ['empty', /^its header/, (path) => truncateSync(path, 0)],
    ['cut in the header', /^its header/, (path) => truncateSync(path, SLOT - 1)],
    ['cut behind the header', /^it has 32 bytes/, (path) => truncateSync(path, SLOT)],
    ['cut in a record', /^it has 65 bytes/, (path) => truncateSync(path, 2 * SLOT + 1)],
    ['cut behind a record', /^it has 96 bytes/, (path) => truncateSync(path, 3 * SLOT)],
    ['cut by one byte', /^it has \d+ bytes/, (path) => truncateSync(path, readFileSync(path).length - 1)],
    ['another file', /^its header/, (path) => writeFileSync(path, 'replay\n'.repeat(1000))],
    ['with a wrong bit in its header', /^its header/, (path) => flip(path, 20)],
    ['with a wrong bit in a record', /^record 1 is torn$/, (path) => flip(path, 2 * SLOT + 3)],
    ['with a bit set behind the last record', /^record 9 follows an empty one$/, (path) => flip(path, 10 * SLOT)],
    ['with a record blanked', /^record 1 follows an empty one$/, (path) => blank(path, 0)],
  ])('%s', async (_, why, damage) => {
    await startOn(damage);
    expect((await spad.process.waitForLine(WARNING))[1]).toMatch(why);
    await expectAllRefused('replayed', 'below-floor');
  });
});

test('with both files gone it is a first start: older packets are refused, newer ones come in at once', async () => {
  await startOn((journal) => {
    rmSync(journal);
    rmSync(grantLogOf(spad));
  });
  expect(spad.process.output).not.toContain('journal');
  await expectAllRefused('below-floor');
  await spad.send(client, alice.seal({ ports: 'tcp/22' }));
  await spad.audit.waitFor({ event: 'granted', source: client.address4 });
});

test('a lost journal costs honest clients max_age, and a packet dated ahead stays out for good', async () => {
  spad = newSpad('5s');
  await spad.start();
  const started = Date.now();
  const ahead = alice.seal({ ports: 'tcp/22', openFor: 1, time: started + MAX_AGE_MS - 1500 });
  await spad.send(client, ahead);
  await spad.audit.waitFor({ event: 'granted', source: client.address4 });
  await spad.stop('SIGKILL');
  rmSync(journalOf(spad));
  await spad.start();
  await expectRefused(ahead, ['below-floor']);
  await expectRefused(alice.seal({ ports: 'tcp/22' }), ['below-floor']);
  const mark = spad.audit.mark();
  await waitUntil('an honest packet to be let in', async () => {
    await spad.send(client, alice.seal({ ports: 'tcp/22' }));
    return spad.audit.all({ event: 'granted', source: client.address4 }, mark).length > 0;
  });
  expect(Date.now() - started).toBeGreaterThan(MAX_AGE_MS);
  await expectRefused(ahead, ['below-floor', 'stale']);
  expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
});
