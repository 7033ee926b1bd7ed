/** Junk by the ten thousand and frames that no kernel would send: the daemon stays up, small and at its work. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { sendDatagram } from '../support/probe.ts';
import { sendFrames } from '../support/send-frames.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';
import { ethernet, extension, fragmentHeader, udp, v4, v6, vlan } from '../unit/frame/frames.ts';

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

/** Resident memory in MiB. */
function residentMiB(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(match?.[1] ?? 'NaN') / 1024;
}

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

/** The same numbers in every run, so that what fails can be looked at. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** To every host on the wire. */
function broadcast(frame: Uint8Array): Uint8Array {
  const bytes = frame.slice();
  bytes.fill(0xff, 0, 6);
  return bytes;
}

/** Headers that lie, one lie at a time. The payload has the right hint, so that whoever believes them goes on to the MAC. */
function lyingFrames(): Uint8Array[] {
  const datagram = udp(junkWithHint());
  const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const whole = ethernet(v4(datagram));
  const packets = [
    ...range(16).map((words) => v4(datagram, { words })),
    ...[0, 19, 20, 27, 28, 29, 203, 205, 65_535].map((total) => v4(datagram, { total })),
    ...[0x2000, 0x2001, 0x1fff, 0x8000, 0xffff].map((fragment) => v4(datagram, { fragment })),
    ...[0, 1, 6, 41, 44, 255].map((protocol) => v4(datagram, { protocol })),
    ...[0, 7, 8, 183, 185, 1208, 65_535].map((length) => v4(udp(junkWithHint(), 1, SPA_PORT, length))),
    ...[0, 1, 7, 8, 183, 185, 65_535].map((length) => v6(datagram, 17, length)),
    ...[0, 43, 44, 50, 51, 58, 59, 60, 135, 255].map((next) => v6(datagram, next)),
    ...[0, 1, 25, 255].map((units) => v6(extension(17, units, datagram), 0)),
    ...[0, 1, 8, 0xfff9].map((offset) => v6(fragmentHeader(17, offset, datagram), 44)),
    v4(v4(datagram), { protocol: 4 }),
    v6(v6(datagram), 41),
  ];
  const tagged = [0x8100, 0x88a8, 0x9100].map((tpid) => vlan(tpid, v4(datagram)));
  const cut = range(whole.length - 13).map((length) => whole.subarray(0, 14 + length));
  const types = [0x0000, 0x0806, 0x8100, 0x86dd, 0x8863, 0xffff].map((type) => ethernet(v4(datagram), type));
  return [...packets.map((packet) => ethernet(packet)), ...tagged, ...cut, ...types].map((frame) =>
    frame.subarray(0, 1514),
  );
}

/** Good frames with some bytes of their headers changed, cut or not. */
function spoiltFrames(count: number): Uint8Array[] {
  const below = numbers(62_201);
  const good = [v4(udp(junkWithHint())), v6(udp(junkWithHint()))].map((packet) => ethernet(packet));
  return Array.from({ length: count }, (_, index) => {
    const bytes = (good[index % good.length] ?? new Uint8Array(14)).slice();
    for (let times = below(4); times >= 0; times--) bytes[12 + below(58)] = below(256);
    return below(4) === 0 ? bytes.subarray(0, 14 + below(bytes.length - 14)) : bytes;
  });
}

test.each([
  ['headers that lie', lyingFrames],
  ['headers spoilt at random', () => spoiltFrames(3000)],
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
