/** Junk by the ten thousand and frames that no kernel would send: the daemon stays up, small and at its work. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { sendDatagram } from '../support/probe.ts';
import { residentMiB } from '../support/resident.ts';
import { broadcast, lyingFrames, spoiltFrames } from '../unit/frame/lying-frames.ts';
import { sendFrames } from '../support/send-frames.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';
import { ethernet, udp, v4, v6 } from '../unit/frame/frames.ts';

const FLOOD = 20_000;
const COPIES = 5000;

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let attacker: Host;
/** One captures on `any`, the other on one Ethernet. */
let servers: readonly Spad[];
/** To each of the servers a host on a wire of its own: a bridge would let only well-formed frames through. */
let neighbours: readonly Host[];

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server', 'inner'] });
  [client, attacker] = [lab.host('client'), lab.host('attacker')];
  const [server, inner] = [lab.host('server'), lab.host('inner')];
  neighbours = [await lab.addBehind(server, 'near'), await lab.addBehind(inner, 'next')];
  servers = [new Spad(lab, server), new Spad(lab, inner)];
  const access = { alice: { key: alice.base64, allow: 'tcp/22, tcp/9' } };
  for (const spad of servers) {
    const link = spad.host === server ? 'any' : 'to-next';
    spad.configure({ daemon: { capture: 'pcap', interface: link, guard: 'tcp/22, tcp/9' }, access });
    await spad.start();
  }
});
afterAll(() => lab.close());

/** Junk that costs the receiver a MAC: it has the hint of the present minute, which anyone can have seen. */
function junkWithHint(): Uint8Array {
  return Buffer.concat([alice.seal().subarray(0, 8), randomBytes(168)]);
}

describe('a flood', () => {
  test('of junk with a right hint is counted, costs no memory, and does not keep an honest packet out', async () => {
    const [spad] = servers as [Spad];
    const receiver = await spad.receiverPid();
    const before = residentMiB(receiver) + residentMiB(spad.process.pid);
    const mark = spad.audit.mark();
    const flooding = sendDatagram(attacker, spad.host.address4, SPA_PORT, junkWithHint(), { times: FLOOD });
    await waitUntil('the flood to arrive', async () => ((await spad.counts())['bad-mac'] ?? 0) > 0);
    await spad.settle(client, alice, 10);
    await flooding;
    const counts = await waitFor('the flood to be counted', async () => {
      const now = await spad.counts();
      return (now['bad-mac'] ?? 0) + (now['kernel-dropped'] ?? 0) >= FLOOD ? now : undefined;
    });
    expect(counts['bad-mac']).toBeLessThanOrEqual(FLOOD);
    expect(spad.audit.all({ event: 'rejected' }, mark)).toEqual([]);
    await spad.settle(client, alice);
    expect(await spad.receiverPid()).toBe(receiver);
    expect(residentMiB(receiver) + residentMiB(spad.process.pid) - before).toBeLessThan(100);
  });

  test('of copies of a good packet opens once, is counted, and does not fill the log', async () => {
    const [spad] = servers as [Spad];
    const packet = alice.seal({ ports: 'tcp/22', allow: client.address4 });
    const mark = spad.audit.mark();
    const sumOf = (now: Readonly<Record<string, number>>): number =>
      ['replayed', 'kernel-dropped', 'pipe-full', 'shed'].reduce((sum, name) => sum + (now[name] ?? 0), 0);
    const before = sumOf(await spad.counts());
    await sendDatagram(attacker, spad.host.address4, SPA_PORT, packet, { times: COPIES });
    await spad.settle(client, alice, 10);
    const counts = await waitFor('the copies to be counted', async () => {
      const now = await spad.counts();
      return sumOf(now) - before >= COPIES - 1 ? now : undefined;
    });
    expect(spad.audit.all({ event: 'granted', ports: ['tcp/22'] }, mark)).toHaveLength(1);
    const lines = spad.audit.all({ event: 'rejected', reason: 'replayed' }, mark).length;
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThan(500);
    expect(counts['unlogged']).toBe((counts['replayed'] ?? 0) - lines);
    expect(await openInKernel(spad.host)).toContain(`${client.address4} tcp/22`);
  });
});

test.each([
  ['headers that lie', () => lyingFrames(junkWithHint())],
  ['headers spoilt at random', () => spoiltFrames(junkWithHint(), 3000)],
] as const)('frames with %s never end the receiver and open nothing', async (_, make) => {
  for (const [index, spad] of servers.entries()) {
    const neighbour = neighbours[index] as Host;
    const receiver = await spad.receiverPid();
    const mark = spad.audit.mark();
    await sendFrames(neighbour, make().map(broadcast));
    await spad.settle(neighbour, alice);
    expect(await spad.receiverPid()).toBe(receiver);
    const opened = spad.audit.all({ event: 'granted' }, mark).map(({ ports }) => ports);
    expect(opened.filter((ports) => ports?.[0] !== 'tcp/9')).toEqual([]);
    expect(spad.audit.all({ event: 'rejected' }, mark)).toEqual([]);
    expect(spad.process.output).not.toContain('error');
  }
});

test('unusual frames that are right open like any other', async () => {
  for (const [index, spad] of servers.entries()) {
    const packets = [1, 2, 3].map((number) => alice.seal({ ports: 'tcp/22', allow: `192.0.2.${number}` }));
    const [options, plain, whole] = packets.map((packet) => udp(packet, 53)) as [Uint8Array, Uint8Array, Uint8Array];
    const frames = [v4(options, { options: new Uint8Array(40).fill(1) }), v6(plain), v4(whole, { fragment: 0 })];
    await sendFrames(
      neighbours[index] as Host,
      frames.map((packet) => broadcast(ethernet(packet))),
    );
    for (const [number, source] of ['192.0.2.1', '2001:db8::1', '192.0.2.1'].entries()) {
      await spad.audit.waitFor({ event: 'granted', source, allow: `192.0.2.${number + 1}` });
    }
  }
});
