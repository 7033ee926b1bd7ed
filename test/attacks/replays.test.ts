/** Packets that were listened to: sent again, held back, carried elsewhere, dated ahead. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import { kernelGrants, openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { sendSpoofed, tcpState } from '../support/probe.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';
import { type Format, FORMATS, fwknopSender, nativeSender, Scene, type Sender, Side, testBoth } from './scene.ts';

const MINUTE_MS = 60_000;

let scene: Scene;
let client: Host;
let attacker: Host;

beforeAll(async () => {
  scene = await Scene.create();
  ({ client, attacker } = scene);
});
afterAll(() => scene.close());

/** Lets a packet in and waits until the kernel has closed what it opened. */
async function useUp(side: Side, packet: Uint8Array): Promise<void> {
  await side.admit(client, packet);
  await waitUntil('the kernel to close', async () => (await openInKernel(side.server)).length === 0);
}

testBoth('A1 %s: the same packet again from the same source, while it is open and after', async (format) => {
  const side = scene.side(format);
  const packet = side.victim.seal({ openFor: 3 });
  await side.admit(client, packet);
  const [before] = await kernelGrants(side.server);
  await side.refuse(client, packet, 'replayed');
  const [after] = await kernelGrants(side.server);
  expect(after?.expires ?? 0).toBeLessThanOrEqual(before?.expires ?? 0);
  await waitUntil('the kernel to close', async () => (await openInKernel(side.server)).length === 0);
  await side.refuse(client, packet, 'replayed');
  expect(await openInKernel(side.server)).toEqual([]);
  expect(await tcpState(client, side.server.address4, 22)).toBe('filtered');
});

test('A1 fwknop: the same packet in another spelling', async () => {
  const side = scene.side('fwknop');
  const packet = side.victim.seal({ openFor: 1 });
  await useUp(side, packet);
  const text = Buffer.from(packet).toString('latin1');
  // The last letter of an HMAC-SHA-256 in base64 has two bits that say nothing.
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const value = letters.indexOf(text.at(-1) ?? '');
  const others = [1, 2, 3].map((low) => `${text.slice(0, -1)}${letters[value ^ low] ?? ''}`);
  const before = await side.spad.counts();
  const mark = side.spad.audit.mark();
  for (const spelling of others) await side.spad.send(client, Buffer.from(spelling));
  await side.spad.send(client, Buffer.from(`${text}=`));
  await side.countedSince(before, 'bad-alphabet');
  await side.countedSince(before, 'no-key-matched', others.length);
  expect(side.openedSince(mark)).toEqual([]);
  expect(await openInKernel(side.server)).toEqual([]);
});

testBoth('A2 %s: the same packet again from other sources, of both families, real and forged', async (format) => {
  const side = scene.side(format);
  const packet = side.victim.seal({ openFor: 1 });
  await useUp(side, packet);
  await side.refuse(attacker, packet, 'replayed');
  await side.refuse(attacker, packet, 'replayed', 6);
  const mark = side.spad.audit.mark();
  // Each its own, for both run at once and the attacker takes the address for a moment.
  const forged = { from: format === 'native' ? '10.99.0.200' : '10.99.0.201', fromPort: 4711 };
  await sendSpoofed(attacker, { address: side.server.address4, port: SPA_PORT }, packet, forged);
  await side.spad.audit.waitFor({ event: 'rejected', reason: 'replayed', source: forged.from }, mark);
  expect(side.openedSince(mark)).toEqual([]);
  expect(await openInKernel(side.server)).toEqual([]);
});

testBoth(
  'A3 %s: a packet held back and sent first by the attacker opens for the sealed address alone',
  async (format) => {
    const side = scene.side(format);
    const line = await side.admit(attacker, side.victim.seal({ allow: client.address4, openFor: 3 }));
    expect(line).toMatchObject({ source: attacker.address4, allow: client.address4 });
    expect(await openInKernel(side.server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(attacker, side.server.address4, 22)).toBe('filtered');
    await waitUntil('the kernel to close', async () => (await openInKernel(side.server)).length === 0);
  },
);

testBoth('A3 %s: with no sealed address, require_address decides', async (format) => {
  const side = scene.side(format);
  const held = side.strict.seal({ openFor: 2 });
  await side.refuse(attacker, held, 'address-required');
  expect(await openInKernel(side.server)).toEqual([]);
  // Without it the packet opens for whoever sends it first, and for nobody after that.
  const free = side.victim.seal({ openFor: 2 });
  expect(await side.admit(attacker, free)).toMatchObject({ allow: attacker.address4 });
  await side.refuse(client, free, 'replayed');
  expect(await openInKernel(side.server)).toEqual([`${attacker.address4} tcp/22`]);
  await waitUntil('the kernel to close', async () => (await openInKernel(side.server)).length === 0);
});

/** A server of another name with clients of its own, on the attacker's host. */
async function startOther(access: Readonly<Record<string, Sender>>): Promise<Side> {
  const other = new Side('native', new Spad(scene.lab, attacker, Object.keys(access).join('-')));
  const stanzas = Object.entries(access).map(([name, { keys }]) => [name, { ...keys, allow: 'tcp/22' }]);
  const witness = { witness: { key: other.witness.base64, allow: 'tcp/9' } };
  const all = { ...Object.fromEntries(stanzas), ...witness } as Record<string, Record<string, string>>;
  other.spad.configure({ daemon: { name: 'gw2' }, access: all });
  await other.spad.start();
  await sleep(1000);
  return other;
}

test('A5 native: replayed at another server that holds the same secret', async () => {
  const holder = new Keyholder('gw1');
  const other = await startOther({ same: nativeSender(holder) });
  await other.spad.send(client, nativeSender(holder).seal());
  await other.spad.settle(client, other.witness.at('gw2'));
  expect(await other.spad.junkCount()).toBe(1);
  expect(other.openedSince(0)).toEqual([]);
  // The secret itself is right: a packet for that server opens.
  await other.admit(client, nativeSender(holder.at('gw2')).seal({ openFor: 1 }));
  await other.spad.stop();
});

test('A5 fwknop: replayed at another server, which has a key of its own for the HMAC', async () => {
  const [here, shared] = [new FwknopHolder(), new FwknopHolder()];
  const there = new FwknopHolder({ passphrase: here.passphrase });
  const other = await startOther({ fwknop: fwknopSender(there), twin: fwknopSender(shared) });
  const before = await other.spad.counts();
  await other.spad.send(client, fwknopSender(here).seal());
  await other.countedSince(before, 'no-key-matched');
  expect(other.openedSince(0)).toEqual([]);
  // The format has no server's name: where all keys are shared, so is the packet.
  await other.admit(client, fwknopSender(shared).seal({ openFor: 1 }));
  await other.spad.stop();
});

const journalOf = (side: Side): Buffer => readFileSync(join(side.spad.stateDir, 'replay.journal'));

testBoth('A7 %s: a packet dated ahead is refused and changes no state', async (format) => {
  const side = scene.side(format);
  const packet = side.victim.seal({ time: Date.now() + 10 * MINUTE_MS });
  const before = journalOf(side);
  await side.refuse(attacker, packet, 'future');
  await side.refuse(attacker, packet, 'future');
  expect(journalOf(side).equals(before)).toBe(true);
  await useUp(side, side.victim.seal({ openFor: 1 }));
  expect(journalOf(side).equals(before)).toBe(false);
});

testBoth('A8 %s: a client whose clock ran ahead is let in once it is right', async (format) => {
  const side = scene.side(format);
  await side.refuse(client, side.victim.seal({ time: Date.now() + 10 * MINUTE_MS }), 'future');
  // Ahead, but no more than max_age: it counts, and later ones with a right clock do all the same.
  await useUp(side, side.victim.seal({ time: Date.now() + 1.5 * MINUTE_MS, openFor: 1 }));
  await useUp(side, side.victim.seal({ openFor: 1 }));
});

/** Behind the client's host, which translates addresses, sits a neighbour with it. */
async function addNeighbours(): Promise<readonly [Host, Host]> {
  const hosts = [await scene.lab.addBehind(client, 'inside'), await scene.lab.addBehind(client, 'neighbour')] as const;
  const rules = [
    'add table ip nat',
    'add chain ip nat post { type nat hook postrouting priority 100; }',
    'add rule ip nat post oifname "eth0" masquerade',
  ];
  await client.run('nft', ['-f', '-'], { input: `${rules.join('\n')}\n` });
  return hosts;
}

test('A4 both: a neighbour behind the same NAT has what was asked for, while it is open, and no more', async () => {
  const [inside, neighbour] = await addNeighbours();
  for (const format of FORMATS satisfies readonly Format[]) {
    const side = scene.side(format);
    const { address4 } = side.server;
    await side.admit(inside, side.victim.seal({ openFor: 4 }));
    expect(await openInKernel(side.server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(neighbour, address4, 22)).toBe('open');
    expect(await tcpState(neighbour, address4, 80)).toBe('filtered');
    await waitUntil('the kernel to close', async () => (await openInKernel(side.server)).length === 0);
    expect(await tcpState(neighbour, address4, 22)).toBe('filtered');
    // Who does not say for how long has it for half a minute.
    await side.admit(inside, side.victim.seal({ ports: 'tcp/80' }));
    const [grant] = await kernelGrants(side.server);
    expect(grant?.what).toBe(`${client.address4} tcp/80`);
    expect(grant?.expires).toBeLessThanOrEqual(30_000);
  }
});
