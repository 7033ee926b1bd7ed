/** One packet opens once: not from elsewhere, not after a restart or a crash, not at another server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { openConnection, sendSpoofed, startTcpService, tcpState } from '../support/probe.ts';
import { SPA_PORT, Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  await startTcpService(server, [22]);
});
afterAll(() => lab.close());

beforeEach(async () => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
  spad.configure({ access: { alice: { key: alice.base64, allow: 'tcp/22' } } });
  await spad.start();
});
afterEach(async () => {
  await spad.stop();
  await spad.exec('flush');
});

/** Sends a packet that opens tcp/22 for the client, whoever sends it later; gives it for later use. */
async function open(openFor: number, allow: string | undefined = client.address4): Promise<Uint8Array> {
  const packet = alice.seal({ ports: 'tcp/22', openFor, ...(allow === '' ? {} : { allow }) });
  const mark = spad.audit.mark();
  await spad.send(client, packet);
  await spad.audit.waitFor({ event: 'granted', source: client.address4 }, mark);
  return packet;
}

/** Sends a packet again and expects that it is refused and that nothing opens. */
async function expectReplayed(packet: Uint8Array, from: Host): Promise<void> {
  const before = await openInKernel(server);
  const mark = spad.audit.mark();
  await spad.send(from, packet);
  await spad.audit.waitFor({ event: 'rejected', reason: 'replayed', stanza: 'alice', source: from.address4 }, mark);
  expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
  expect(await openInKernel(server)).toEqual(before);
}

async function close(): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(client, alice.seal({ type: 'close', allow: client.address4 }));
  await spad.audit.waitFor({ event: 'closed' }, mark);
}

describe('a packet sent again', () => {
  test('is refused from the same source, while its grant is live and after', async () => {
    const packet = await open(60);
    await expectReplayed(packet, client);
    await close();
    await expectReplayed(packet, client);
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  });

  test('is refused from every other source', async () => {
    const packet = await open(60, '');
    await close();
    await expectReplayed(packet, attacker);
    expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
    const mark = spad.audit.mark();
    await spad.send(attacker, packet, 6);
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed', source: attacker.address6 }, mark);
    const source = { from: '10.99.0.200', fromPort: 4711 };
    await sendSpoofed(attacker, { address: server.address4, port: SPA_PORT }, packet, source);
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed', source: source.from }, mark);
    expect(await openInKernel(server)).toEqual([]);
  });

  test('is refused where the policy refused it the first time', async () => {
    const packet = alice.seal({ ports: 'tcp/80' });
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'rejected', reason: 'port-not-allowed' });
    await expectReplayed(packet, attacker);
  });

  test('opens once where many copies come at once', async () => {
    const packet = alice.seal({ ports: 'tcp/22' });
    await Promise.all([client, attacker].map((host) => spad.send(host, packet)));
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed' });
    expect(spad.audit.all({ event: 'granted' })).toHaveLength(1);
    expect(await openInKernel(server)).toHaveLength(1);
  });
});

describe('after a restart', () => {
  test('in order, the packet is refused and the grant goes on', async () => {
    const packet = await open(60);
    expect(await spad.stop()).toMatchObject({ code: 0 });
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
    await spad.start();
    await spad.audit.waitFor({ event: 'restored', stanza: 'alice', allow: client.address4, ports: ['tcp/22'] });
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    await expectReplayed(packet, client);
    await expectReplayed(packet, attacker);
    await close();
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  });

  test('by kill -9, the kernel has closed on time without a daemon, and the packet is refused', async () => {
    const packet = await open(6);
    const connection = await openConnection(client, server.address4, 22);
    expect(await spad.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
    await waitUntil('the kernel to close', async () => (await openInKernel(server)).length === 0);
    expect(spad.process.running).toBe(false);
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    connection.write('still there?\n');
    await connection.waitForLine(/^still there\?$/);
    await connection.stop();
    const mark = spad.audit.mark();
    await spad.start();
    await expectReplayed(packet, attacker);
    await expectReplayed(packet, client);
    expect(spad.audit.all({ event: 'restored' }, mark)).toEqual([]);
  });

  test('by kill -9 in the middle of a burst, no packet opens a second time', async () => {
    const packets = Array.from({ length: 30 }, (_, index) =>
      alice.seal({ ports: 'tcp/22', allow: `192.0.2.${index + 1}` }),
    );
    const sending = spad.sendAll(client, packets);
    await waitUntil('the burst to be under way', () => spad.audit.all({ event: 'granted' }).length >= 5);
    await spad.stop('SIGKILL');
    await sending;
    const granted = spad.audit.all({ event: 'granted' }).length;
    const mark = spad.audit.mark();
    await spad.start();
    await spad.sendAll(attacker, packets);
    const judged = (): number =>
      spad.audit
        .entries()
        .slice(mark)
        .filter(({ source }) => source !== undefined).length;
    await waitUntil('every packet to be judged', () => judged() >= 30);
    const again = spad.audit.all({ event: 'granted' }, mark).map(({ allow }) => allow);
    const before = spad.audit
      .all({ event: 'granted' })
      .slice(0, granted)
      .map(({ allow }) => allow);
    expect(again.filter((allow) => before.includes(allow))).toEqual([]);
  });
});

test('a packet captured on its way to one server is worthless at another one that holds the same secret', async () => {
  const packet = await open(60, '');
  const other = new Spad(lab, attacker, 'other');
  other.configure({
    daemon: { name: 'gw2' },
    access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/9' } },
  });
  await other.start();
  await other.send(client, packet);
  await other.settle(client, alice.at('gw2'));
  expect(await other.counts()).toMatchObject({ granted: 1 });
  expect(await other.junkCount()).toBe(1);
  expect(await openInKernel(attacker)).toEqual([`${client.address4} tcp/9`]);
  await other.stop();
});
