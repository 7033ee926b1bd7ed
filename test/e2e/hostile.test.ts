/** Packets that must open nothing: each is counted under its reason, and the daemon goes on as if there had been none. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HmacKey } from '../../src/crypto/hmac.ts';
import { deriveNativeKey } from '../../src/spa/native/keys.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { sendDatagram } from '../support/probe.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitFor } from '../support/wait.ts';

type Counts = Readonly<Record<string, number>>;

const MINUTE_MS = 60_000;
const HINT_BITS = 64;
/** Packets that the kernel surely holds for a receiver that a busy machine lets wait. */
const AT_ONCE = 192;

const alice = new Keyholder();
const access = { alice: { key: alice.base64, allow: 'tcp/22, tcp/9' } } as const;

let lab: Lab;
let client: Host;
let attacker: Host;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'sniffing', 'listening'] });
  [client, attacker] = [lab.host('client'), lab.host('attacker')];
});
afterAll(() => lab.close());

/** What has been counted between two readings. */
function difference(before: Counts, after: Counts): Counts {
  const grown = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

/** Sends packets and waits until as many have been counted; says under which reasons. */
async function countAll(spad: Spad, packets: readonly Uint8Array[]): Promise<Counts> {
  const before = await spad.counts();
  await spad.sendAll(attacker, packets);
  return waitFor(`${packets.length} packets to be counted`, async () => {
    const counts = difference(before, await spad.counts());
    const sum = Object.values(counts).reduce((total, count) => total + count, 0);
    return sum >= packets.length ? counts : undefined;
  });
}

/** Takes a packet, changes a byte of what it holds, and makes the MAC right again, as only a client itself could. */
function withBoxSpoilt(packet: Uint8Array, holder: Keyholder): Uint8Array {
  const bytes = packet.slice();
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  const key = new HmacKey(deriveNativeKey(holder.secret, holder.server, 'mac'));
  bytes.set(key.mac(bytes.subarray(0, -32)), bytes.length - 32);
  return bytes;
}

describe('with capture = pcap', () => {
  let spad: Spad;

  beforeAll(async () => {
    spad = new Spad(lab, lab.host('sniffing'));
    spad.configure({ daemon: { capture: 'pcap' }, access });
    await spad.start();
  });

  test.each<readonly [string, string, () => Uint8Array]>([
    ['another key', 'unknown-hint', () => new Keyholder().seal({ ports: 'tcp/22' })],
    ['another server', 'unknown-hint', () => alice.at('gw2').seal({ ports: 'tcp/22' })],
    [
      'the right hint before random bytes',
      'bad-mac',
      () => Buffer.concat([alice.seal().subarray(0, 8), randomBytes(168)]),
    ],
    ['a clock far beyond reach', 'unknown-hint', () => alice.seal({ time: Date.now() + 60 * MINUTE_MS })],
  ])('%s is counted as %s', async (_, reason, make) => {
    const mark = spad.audit.mark();
    expect(await countAll(spad, [make()])).toEqual({ [reason]: 1 });
    expect(spad.audit.all({ event: 'rejected' }, mark)).toEqual([]);
    expect(await openInKernel(spad.host)).toEqual([]);
  });

  test.each<readonly [string, string, number, number]>([
    ['10 minutes behind', 'stale', -10, -600],
    ['10 minutes ahead', 'future', 10, 600],
  ])('a clock %s is told as %s, with the difference', async (_, reason, minutes, skew) => {
    const mark = spad.audit.mark();
    await spad.send(client, alice.seal({ ports: 'tcp/22', time: Date.now() + minutes * MINUTE_MS }));
    const line = await spad.audit.waitFor(
      { event: 'rejected', stanza: 'alice', source: client.address4, reason },
      mark,
    );
    expect(Math.abs((line.skew ?? 0) - skew)).toBeLessThanOrEqual(5);
    expect(await openInKernel(spad.host)).toEqual([]);
  });

  test('a box that does not open, behind a right MAC, is told', async () => {
    await spad.send(client, withBoxSpoilt(alice.seal({ ports: 'tcp/22' }), alice));
    await spad.audit.waitFor({ event: 'rejected', stanza: 'alice', reason: 'unsealing-failed' });
    expect(await openInKernel(spad.host)).toEqual([]);
  });

  test('every bit of a packet counts: any one changed, and it opens nothing', async () => {
    const packet = alice.seal({ ports: 'tcp/22', allow: client.address4 });
    const flipped = Array.from({ length: packet.length * 8 }, (_, bit) => {
      const bytes = packet.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      return bytes;
    });
    const mark = spad.audit.mark();
    const receiver = await spad.receiverPid();
    expect(await countAll(spad, flipped.slice(0, HINT_BITS))).toEqual({ 'unknown-hint': HINT_BITS });
    for (let from = HINT_BITS; from < flipped.length; from += AT_ONCE) {
      const some = flipped.slice(from, from + AT_ONCE);
      expect(await countAll(spad, some)).toEqual({ 'bad-mac': some.length });
    }
    expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
    expect(await openInKernel(spad.host)).toEqual([]);
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'granted', allow: client.address4, ports: ['tcp/22'] }, mark);
    expect(await spad.receiverPid()).toBe(receiver);
  });

  test('a packet dated ahead changes nothing before its time, and counts once when it has come', async () => {
    const quick = new Spad(lab, client, 'quick');
    quick.configure({ daemon: { max_age: '5s' }, access });
    await quick.start();
    const packet = alice.seal({ ports: 'tcp/22', time: Date.now() + 8000 });
    await quick.send(attacker, packet);
    await quick.audit.waitFor({ event: 'rejected', reason: 'future' });
    await quick.settle(attacker, alice);
    await waitFor('the packet to come of age', async () => {
      await quick.send(attacker, packet);
      return quick.audit.all({ event: 'granted', ports: ['tcp/22'] })[0];
    });
    const mark = quick.audit.mark();
    await quick.send(attacker, packet);
    await quick.audit.waitFor({ event: 'rejected', reason: 'replayed' }, mark);
    // Somebody whose clock ran ahead is not locked out once it is right.
    await quick.send(attacker, alice.seal({ ports: 'tcp/22' }));
    await quick.audit.waitFor({ event: 'extended', ports: ['tcp/22'] }, mark);
    await quick.stop();
  });
});

describe('with capture = udp', () => {
  let spad: Spad;

  beforeAll(async () => {
    spad = new Spad(lab, lab.host('listening'));
    spad.configure({ daemon: { capture: 'udp' }, access });
    await spad.start();
    expect(spad.process.output).toContain('the UDP socket 62201');
  });

  test('a packet cut anywhere is counted as wrong-size, and so is one of any other length', async () => {
    const packet = alice.seal({ ports: 'tcp/22' });
    const cut = Array.from(packet, (_, length) => packet.subarray(0, length));
    expect(await countAll(spad, cut)).toEqual({ 'wrong-size': packet.length });
    const lengths = [177, 208, 431, 433, 1024, 1199, 1201, 1472, 1473, 9000, 65_507];
    const long = lengths.map((length) => Buffer.concat([packet, randomBytes(length - packet.length)]));
    expect(await countAll(spad, long)).toEqual({ 'wrong-size': lengths.length });
    expect(await openInKernel(spad.host)).toEqual([]);
  });

  test('a longer packet cut to a right length is counted as bad-mac', async () => {
    const command = 'x'.repeat(800);
    const packet = alice.seal({ type: 'command', command });
    expect(packet).toHaveLength(1200);
    expect(await countAll(spad, [packet.subarray(0, 432), packet.subarray(0, 176)])).toEqual({ 'bad-mac': 2 });
  });

  test('and an honest packet opens, over IPv4 and IPv6', async () => {
    for (const family of [4, 6] as const) {
      const mark = spad.audit.mark();
      await spad.send(client, alice.seal({ ports: 'tcp/22' }), family);
      const source = family === 4 ? client.address4 : client.address6;
      await spad.audit.waitFor({ event: 'granted', source, allow: source }, mark);
    }
    expect(await openInKernel(spad.host)).toHaveLength(2);
  });
});

test('nothing answers, spad or kernel: not the honest packet, not the junk', async () => {
  const sniffing = lab.host('sniffing');
  const tcpdump = sniffing.spawn('tcpdump', ['-lnni', 'eth0', '--immediate-mode', `port ${SPA_PORT} or icmp or icmp6`]);
  await tcpdump.waitForLine(/listening on/);
  for (const bytes of [alice.seal({ ports: 'tcp/22' }), randomBytes(176), randomBytes(20)]) {
    for (const address of [sniffing.address4, sniffing.address6]) {
      await sendDatagram(client, address, SPA_PORT, bytes, { fromPort: 5555 });
    }
  }
  // A port beside it is refused by the kernel, which shows that such an answer would have been seen.
  await sendDatagram(client, sniffing.address4, SPA_PORT + 1, randomBytes(8), { fromPort: 5556 });
  await tcpdump.waitForLine(new RegExp(`udp port ${SPA_PORT + 1} unreachable`));
  const answers = tcpdump.output
    .split('\n')
    .filter(
      (line) => line.includes(`.${SPA_PORT} >`) || /udp port 62201.*unreachable|unreachable port.*62201/.test(line),
    );
  expect(answers).toEqual([]);
  await tcpdump.stop();
});
