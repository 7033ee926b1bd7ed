/** The reply: told to whose packet is genuine and new, silence to everybody else. Packets are made here, so that each can be wrong. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatAddress } from '../../src/base/address.ts';
import { deriveNativeKey } from '../../src/spa/native/keys.ts';
import { openReply, type Reply, requestMacOf } from '../../src/spa/native/reply.ts';
import type { Host } from '../support/host.ts';
import { Keyholder, type Wish } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { SPA_PORT, Spad, type SpadConfig } from '../support/spad.ts';

const [alice, mute, bob] = [new Keyholder(), new Keyholder(), new Keyholder()];
const access: SpadConfig['access'] = {
  alice: { key: alice.base64, allow: 'tcp/22, tcp/8000-8010' },
  mute: { key: mute.base64, allow: 'tcp/22', reply: 'no' },
};
/** A busy machine's patience. */
const ANSWER_MS = 10_000;
/** Far longer than an answer takes. */
const SILENCE_MS = 1500;

let lab: Lab;
let client: Host;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'nflog', 'pcap', 'udp', 'broken'] });
  client = lab.host('client');
});
afterAll(() => lab.close());

/** A client's socket, and what comes to it. */
class Peer {
  private readonly program: LabProcess;

  constructor(to: string) {
    this.program = client.spawn(process.execPath, [builtFile('test/support/udp-peer.js'), to, String(SPA_PORT)]);
  }

  static async open(to: string): Promise<Peer> {
    const peer = new Peer(to);
    await peer.program.waitForLine(/^ready$/);
    return peer;
  }

  send(datagram: Uint8Array, to = ''): void {
    this.program.write(`${to}${to === '' ? '' : ' '}${Buffer.from(datagram).toString('hex')}\n`);
  }

  /** Sends it and reads the answer to it; where it comes from is told with it. */
  async ask(holder: Keyholder, datagram: Uint8Array, to = ''): Promise<Reply & { readonly from: string }> {
    const from = this.program.mark();
    this.send(datagram, to);
    const line = await this.program.waitForLine(/^(\S+ \d+) ([0-9a-f]{352})$/, ANSWER_MS, from);
    const [, end = '', hex = ''] = line;
    const key = deriveNativeKey(holder.secret, holder.server, 'reply');
    const reply = openReply(Buffer.from(hex, 'hex'), key, requestMacOf(datagram));
    if (!reply.ok) expect.fail(reply.error);
    return { ...reply.value, from: end };
  }

  heard(): readonly string[] {
    return this.program.output.split('\n').filter((line) => / [0-9a-f]+$/.test(line));
  }

  stop(): Promise<unknown> {
    return this.program.stop();
  }
}

const wanted = (holder: Keyholder, wish: Wish = {}): Uint8Array => holder.seal({ reply: true, ...wish });

const start = async (name: string, daemon: SpadConfig['daemon']): Promise<Spad> => {
  const spad = new Spad(lab, lab.host(name));
  spad.configure({ daemon: { ...daemon }, access: access });
  await spad.start();
  return spad;
};

describe.each(['nflog', 'pcap', 'udp'] as const)('capture = %s', (capture) => {
  let spad: Spad;
  beforeAll(async () => {
    spad = await start(capture, { capture });
  });
  afterAll(() => spad.stop());

  test.each(['address4', 'address6'] as const)('opened: until when, and whom the server saw (%s)', async (family) => {
    const from = spad.audit.mark();
    const peer = await Peer.open(spad.host[family]);
    const sent = Date.now();
    const reply = await peer.ask(alice, wanted(alice, { ports: 'tcp/22', openFor: 40 }));
    const granted = await spad.audit.waitFor({ event: 'granted', allow: client[family] }, from);
    expect(reply.outcome).toEqual({ status: 'opened', ends: Date.parse(granted.until ?? '') });
    expect(formatAddress(reply.source)).toBe(client[family]);
    expect(reply.from).toBe(`${spad.host[family]} ${String(SPA_PORT)}`);
    expect(Math.abs(reply.time - sent)).toBeLessThan(5000);
    const again = await peer.ask(alice, wanted(alice, { ports: 'tcp/22', openFor: 50 }));
    expect(again.outcome.status).toBe('opened');
    const closed = await peer.ask(alice, wanted(alice, { type: 'close' }));
    expect(closed.outcome).toEqual({ status: 'closed' });
    await peer.stop();
  });

  test('refused by policy: which rule', async () => {
    const peer = await Peer.open(spad.host.address4);
    const port = await peer.ask(alice, wanted(alice, { ports: 'tcp/443' }));
    expect(port.outcome).toEqual({ status: 'refused', reason: 'port-not-allowed' });
    const none = await peer.ask(alice, wanted(alice));
    expect(none.outcome).toEqual({ status: 'refused', reason: 'no-port-named' });
    const close = await peer.ask(alice, wanted(alice, { type: 'close', ports: 'tcp/8000' }));
    expect(close.outcome).toEqual({ status: 'refused', reason: 'nothing-to-close' });
    await peer.stop();
  });

  test('silence to everybody else: nothing at all comes back', async () => {
    const tcpdump = client.spawn('tcpdump', [
      '-lnni',
      'eth0',
      '--immediate-mode',
      `src ${spad.host.address4} and not arp`,
    ]);
    await tcpdump.waitForLine(/listening on/);
    const peer = await Peer.open(spad.host.address4);
    const good = wanted(alice, { ports: 'tcp/22' });
    await peer.ask(alice, good);
    const before = peer.heard().length;
    const spoilt = Uint8Array.from(good, (byte, place) => (place === good.length - 1 ? byte ^ 1 : byte));
    const silent = [
      good,
      spoilt,
      wanted(bob, { ports: 'tcp/22' }),
      wanted(alice.at('gw2'), { ports: 'tcp/22' }),
      wanted(alice, { ports: 'tcp/22', time: Date.now() - 130_000 }),
      wanted(alice, { ports: 'tcp/22', time: Date.now() + 130_000 }),
      wanted(mute, { ports: 'tcp/22' }),
      alice.seal({ ports: 'tcp/22' }),
      randomBytes(176),
      randomBytes(17),
    ];
    // By the very socket that has just been answered: connection tracking takes these for more of the same.
    for (const datagram of silent) peer.send(datagram);
    const asked = await peer.ask(alice, wanted(alice, { ports: 'tcp/22' }));
    expect(asked.outcome.status).toBe('opened');
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    expect(peer.heard().length).toBe(before + 1);
    await peer.stop();
    await tcpdump.stop();
    const seen = tcpdump.output.split('\n').filter((line) => / IP6? /.test(line));
    expect(seen.length).toBe(2);
    expect(seen.every((line) => line.includes('length 176'))).toBe(true);
  });

  test('comes from the address that was asked, where the server has several', async () => {
    // One that the client has not met yet as another host's.
    const second = `10.99.0.${String(200 + ['nflog', 'pcap', 'udp'].indexOf(capture))}`;
    await spad.host.run('ip', ['addr', 'add', `${second}/24`, 'dev', 'eth0']);
    const peer = await Peer.open(spad.host.address4);
    const reply = await peer.ask(alice, wanted(alice, { ports: 'tcp/22' }), second);
    expect(reply.outcome.status).toBe('opened');
    // A socket of all addresses answers by the one that the route begins at.
    if (capture !== 'udp') expect(reply.from).toBe(`${second} ${String(SPA_PORT)}`);
    await peer.stop();
    await spad.host.run('ip', ['addr', 'del', `${second}/24`, 'dev', 'eth0']);
  });
});

test('failed: the machine could not do it, and the port is shut', async () => {
  const spad = await start('broken', {
    firewall: 'command',
    guard: undefined,
    open_command: '/bin/false {address}',
    close_command: '/bin/true {address}',
  });
  const from = spad.audit.mark();
  const peer = await Peer.open(spad.host.address4);
  const reply = await peer.ask(alice, wanted(alice, { ports: 'tcp/22' }));
  expect(reply.outcome).toEqual({ status: 'failed' });
  await spad.audit.waitFor({ event: 'failed', reason: 'firewall-failed' }, from);
  await peer.stop();
  await spad.stop();
});
