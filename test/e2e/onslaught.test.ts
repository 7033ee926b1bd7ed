/** Genuine packets as fast as they can be sent, and junk among them: whoever runs the daemon is still heard, and nothing is lost uncounted. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { sendDatagram } from '../support/probe.ts';
import { residentMiB } from '../support/resident.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const GENUINE = 6000;
const JUNK = 20_000;
/** What a packet that was sent can have become. */
const FATES = ['granted', 'bad-mac', 'kernel-dropped', 'pipe-full', 'shed'];

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let attacker: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker] = [lab.host('client'), lab.host('attacker')];
  spad = new Spad(lab, lab.host('server'));
  spad.configure({
    daemon: { max_grants: 100_000 },
    access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/9', open_for: '1h', max_open_for: '1h' } },
  });
  await spad.start();
});
afterAll(() => lab.close());

/** Packets for an address each, no two alike. */
function packets(block: number): readonly Uint8Array[] {
  return Array.from({ length: GENUINE }, (_, index) =>
    alice.seal({ ports: 'tcp/22', allow: `10.${block}.${index >> 8}.${index & 255}` }),
  );
}

function junk(): Uint8Array {
  return Buffer.concat([alice.seal().subarray(0, 8), randomBytes(168)]);
}

/** How many grants the daemon tells of on its control socket. */
function askGrants(): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(join(spad.stateDir, 'control.sock'), () => socket.write('{"command":"grants"}\n'));
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('end', () => {
      const answer = JSON.parse(text) as { ok?: { grants: readonly unknown[] } };
      resolve(answer.ok?.grants.length ?? Number.NaN);
    });
  });
}

async function sumOfFates(): Promise<number> {
  const counts = await spad.counts();
  return FATES.reduce((sum, fate) => sum + (counts[fate] ?? 0), 0);
}

const grantedSo = (): number => spad.audit.all({ event: 'granted' }).length;

test('the control socket and signals are answered in between, and every packet is accounted for', async () => {
  const sealed = packets(1);
  const receiver = await spad.receiverPid();
  const before = residentMiB(receiver) + residentMiB(spad.process.pid);
  const sending = Promise.all([
    spad.sendAll(client, sealed),
    sendDatagram(attacker, spad.host.address4, SPA_PORT, junk(), { times: JUNK }),
  ]);
  await waitUntil('the first grants', () => grantedSo() > 0);
  const answers: number[] = [];
  for (let last = 0; last < 10; last += 1) {
    answers.push(await askGrants());
    await spad.counts();
  }
  expect(answers).toEqual([...answers].sort((a, b) => a - b));
  expect(answers[0]).toBeGreaterThan(0);
  // Somebody was heard before all of it had been done.
  expect(answers[0]).toBeLessThan(GENUINE);
  await sending;
  await waitUntil('every packet to be counted', async () => (await sumOfFates()) >= GENUINE + JUNK);
  expect(await sumOfFates()).toBe(GENUINE + JUNK);
  expect((await spad.counts())['granted']).toBe(grantedSo());
  expect(await askGrants()).toBe(grantedSo());
  expect(residentMiB(receiver) + residentMiB(spad.process.pid) - before).toBeLessThan(200);
});

test('what was measured of the time that a batch takes is in the audit log', () => {
  const lines = spad.audit.all({ event: 'counted' }).filter(({ delay }) => delay !== undefined);
  expect(lines.length).toBeGreaterThan(0);
  for (const { delay } of lines) expect(delay?.max).toBeGreaterThanOrEqual(delay?.p99 ?? Number.NaN);
});

test('SIGHUP is obeyed in the midst of it', async () => {
  const sealed = packets(2);
  const mark = spad.audit.mark();
  const sending = spad.sendAll(client, sealed, 5, 16);
  await waitUntil('the first grants', () => spad.audit.all({ event: 'granted' }, mark).length > 0);
  spad.process.kill('SIGHUP');
  await spad.audit.waitFor({ event: 'reloaded' }, mark);
  await sending;
  const lines = spad.audit.entries().slice(mark);
  const reloaded = lines.findIndex(({ event }) => event === 'reloaded');
  expect(lines.slice(reloaded).some(({ event }) => event === 'granted')).toBe(true);
  await spad.settle(client, alice, 10);
});
