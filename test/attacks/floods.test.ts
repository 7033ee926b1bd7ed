/** More than a server can look at: junk at every port, copies under forged sources, and honest clients among it. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { residentMiB } from '../support/resident.ts';
import { type ForgedHeader, sendForged } from '../support/send-forged.ts';
import { childrenOf, SPA_PORT } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';
import { fwknopSender, Scene, type Side, testBoth } from './scene.ts';

/** Clients of fwknop's beside the victim: each would cost every packet of junk one HMAC. */
const MANY = 50;
const FLOOD = 3000;

let scene: Scene;
let client: Host;
let attacker: Host;

beforeAll(async () => {
  scene = await Scene.create({
    daemon: { max_grants: 20_000 },
    access: ({ format }) =>
      Object.fromEntries(
        Array.from({ length: format === 'fwknop' ? MANY : 0 }, (_, index) => [
          `other-${index}`,
          { ...fwknopSender().keys, allow: 'tcp/22' },
        ]),
      ),
    doors: () => '\n[door front]\nsequence = 7000:udp, 7001:udp\nopen = tcp/80\nopen_for = 2s\n',
  });
  ({ client, attacker } = scene);
});
afterAll(() => scene.close());

/** Junk that no look at its shape or its beginning tells from a packet of the victim's. */
const junkFor = (side: Side): Uint8Array =>
  side.format === 'native'
    ? Buffer.concat([side.victim.seal().subarray(0, 8), randomBytes(168)])
    : new FwknopHolder().seal();

/** Addresses in networks of their own. */
const networks = (count: number, port = SPA_PORT): ForgedHeader[] =>
  Array.from({ length: count }, (_, index) => ({ source: `172.${16 + (index >> 8)}.${index & 255}.7`, port }));

const memory = ({ spad }: Side): number =>
  [spad.process.pid, ...childrenOf(spad.process.pid)].reduce((sum, pid) => sum + residentMiB(pid), 0);

const LOST = ['kernel-dropped', 'pipe-full', 'shed'];
const sumOf = (counts: Readonly<Record<string, number>>, ...names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);

/** Sends until one of the packets has opened: under a flood a packet may be lost, as on any line that is full. */
async function opensSoon(side: Side, from: Host): Promise<void> {
  const mark = side.spad.audit.mark();
  const opened = (): unknown => side.openedSince(mark).find(({ source }) => source === from.address4);
  for (let attempt = 0; attempt < 25; attempt += 1) {
    await side.spad.send(from, side.victim.seal({ openFor: 2 }));
    if ((await waitFor('a grant', opened, 1500).catch(() => undefined)) !== undefined) return;
  }
  throw new Error(`${from.name} is not let in: ${JSON.stringify(await side.spad.counts())}`);
}

/** Floods, again and again, until `act` has come to its end. */
async function during(side: Side, headers: readonly ForgedHeader[], act: () => Promise<void>): Promise<void> {
  const flood = { isOver: false };
  const junk = junkFor(side);
  const flooding = (async () => {
    do {
      await sendForged(attacker, side.server.address4, junk, headers);
    } while (!flood.isOver);
  })();
  try {
    await act();
  } finally {
    flood.isOver = true;
    await flooding;
  }
}

const journalOf = ({ spad }: Side): Buffer => readFileSync(join(spad.stateDir, 'replay.journal'));

testBoth('A11 %s: of what is sent, only what is genuine enters the replay cache', async (format) => {
  const side = scene.side(format);
  const hostile = Array.from({ length: 100 }, () => junkFor(side));
  const dated = [-600_000, 600_000].flatMap((off) =>
    Array.from({ length: 20 }, () => side.victim.seal({ time: Date.now() + off })),
  );
  // Of a source that is known: for others there might be nothing left of the budget.
  await side.admit(client, side.victim.seal({ openFor: 1 }));
  const [before, journal] = [await side.spad.counts(), journalOf(side)];
  await side.spad.sendAll(attacker, hostile, 5, 4);
  await side.spad.sendAll(client, dated, 5, 4);
  await side.countedSince(before, 'stale', 20);
  await side.countedSince(before, 'future', 20);
  const junk = format === 'native' ? 'bad-mac' : 'no-key-matched';
  const counts = await waitFor('the junk to be counted', async () => {
    const now = await side.spad.counts();
    return sumOf(now, junk, 'over-budget') - sumOf(before, junk, 'over-budget') >= 100 ? now : undefined;
  });
  expect(counts['granted'] ?? 0).toBe(before['granted'] ?? 0);
  expect(journalOf(side).equals(journal)).toBe(true);
});

test('A9 native: junk without a hint dies before any HMAC, most of it in the kernel', async () => {
  const side = scene.side('native');
  const before = await side.spad.counts();
  await side.spad.sendAll(
    attacker,
    Array.from({ length: 2000 }, () => randomBytes(176)),
    2,
  );
  const counts = await waitFor('all of it to be counted', async () => {
    const now = await side.spad.counts();
    return sumOf(now, 'sieved', 'unknown-hint') - sumOf(before, 'sieved', 'unknown-hint') >= 2000 ? now : undefined;
  });
  expect(counts['bad-mac'] ?? 0).toBe(before['bad-mac'] ?? 0);
  expect(counts['sieved'] ?? 0).toBeGreaterThan(0);
});

test('A9 fwknop: a budget bounds the work, and a client who is known gets in meanwhile', async () => {
  const side = scene.side('fwknop');
  await side.admit(client, side.victim.seal({ openFor: 1 }));
  const before = await side.spad.counts();
  const began = performance.now();
  await during(side, networks(FLOOD), async () => {
    await side.countedSince(before, 'no-key-matched');
    await opensSoon(side, client);
  });
  const counts = await side.spad.counts();
  // 50 000 trials a second, and half a second's worth at once; each of these has taken one for every client. It holds at any instant.
  const whole = sumOf(counts, 'no-key-matched') - sumOf(before, 'no-key-matched');
  expect(whole * MANY).toBeLessThanOrEqual(25_000 + 50 * (performance.now() - began));
});

testBoth(
  'A12 %s: one genuine packet under thousands of forged sources costs no memory, and few lines',
  async (format) => {
    const side = scene.side(format);
    const packet = side.victim.seal({ allow: '192.0.2.1', openFor: 1 });
    const before = await side.spad.counts();
    const [resident, mark] = [memory(side), side.spad.audit.mark()];
    await sendForged(attacker, side.server.address4, packet, networks(FLOOD));
    const fates = ['replayed', 'over-budget', 'no-key-matched', ...LOST];
    await waitFor(
      'all copies to be counted',
      async () => {
        const now = await side.spad.counts();
        return sumOf(now, ...fates) - sumOf(before, ...fates) >= FLOOD - 1 ? now : undefined;
      },
      45_000,
    );
    expect(side.openedSince(mark).filter(({ allow }) => allow === '192.0.2.1').length).toBeLessThanOrEqual(1);
    expect(side.spad.audit.all({ event: 'rejected' }, mark).length).toBeLessThan(500);
    expect(memory(side) - resident).toBeLessThan(100);
  },
);

testBoth('A13 %s: junk in a client’s name does not lock that client out', async (format) => {
  const side = scene.side(format);
  await opensSoon(side, client);
  const headers = Array.from({ length: FLOOD }, () => ({ source: client.address4, port: SPA_PORT }));
  await during(side, headers, () => opensSoon(side, client));
  await opensSoon(side, client);
  // Nor anybody else of that network, once it is over.
  await opensSoon(side, attacker);
});

/** Junk at the SPA port, at the door's, and at others. */
const everywhere = (): ForgedHeader[] =>
  networks(2 * FLOOD).map(({ source }, index) => ({
    source,
    port: [SPA_PORT, 7000, SPA_PORT, 7001, 22, 9999, 53, 40_000 + (index % 1000)][index % 8] ?? 0,
  }));

testBoth(
  'A20 %s: under junk at all ports, signals, timers and the control socket are served and an honest packet opens',
  async (format) => {
    const side = scene.side(format);
    const { spad } = side;
    const [resident, mark, receiver] = [memory(side), spad.audit.mark(), await spad.receiverPid()];
    const before = await spad.counts();
    await during(side, everywhere(), async () => {
      await opensSoon(side, client);
      await spad.counts();
      expect((await spad.exec('grants', '--json', '-c', spad.confFile)).code).toBe(0);
      await spad.audit.waitFor({ event: 'expired', stanza: 'victim' }, mark);
    });
    await spad.audit.waitFor({ event: 'expired', stanza: 'victim' }, mark);
    const after = await spad.counts();
    expect(sumOf(after, 'knock-stage', 'bad-mac', 'no-key-matched', 'over-budget')).toBeGreaterThan(
      sumOf(before, 'knock-stage', 'bad-mac', 'no-key-matched', 'over-budget'),
    );
    expect(side.openedSince(mark).filter(({ source = '' }) => source.startsWith('172.'))).toEqual([]);
    expect(memory(side) - resident).toBeLessThan(100);
    expect(await spad.receiverPid()).toBe(receiver);
    await waitUntil('the kernel to close', async () => (await openInKernel(side.server)).length === 0);
  },
);
