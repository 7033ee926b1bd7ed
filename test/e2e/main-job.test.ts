/** The main job with the real client: one packet opens a port, for one address, and the kernel closes it on time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { kernelGrants, openInKernel } from '../support/grant-list.ts';
import { Lab } from '../support/lab.ts';
import { openConnection, startTcpService, tcpState, waitForTcpState } from '../support/probe.ts';
import { SpaClient } from '../support/spa-client.ts';
import { Spad } from '../support/spad.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let spad: Spad;
let spaClient: SpaClient;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  await startTcpService(server, [22, 443, 8005, 8011]);
  spad = new Spad(lab, server);
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/443, tcp/8000-8020' },
    access: { alice: { key: alice.base64, allow: 'tcp/22, tcp/443, tcp/8000-8010', default: 'tcp/443' } },
  });
  await spad.start();
  spaClient = new SpaClient(lab, client, alice);
});
afterAll(() => lab.close());

describe.each(['address4', 'address6'] as const)('one packet, %s', (family) => {
  const to = (port: number): readonly [string, number] => [server[family], port];

  test('opens the port for the address it came from, for nobody else, and closes it again', async () => {
    const from = spad.audit.mark();
    const before = await Promise.all([client, attacker].map((host) => tcpState(host, ...to(22))));
    expect(before).toEqual(['filtered', 'filtered']);
    await spaClient.run('--access', 'tcp/22', '--source', '--wait', server[family]);
    expect(await tcpState(client, ...to(22))).toBe('open');
    expect(await tcpState(attacker, ...to(22))).toBe('filtered');
    const granted = await spad.audit.waitFor({ event: 'granted' }, from);
    const about = { stanza: 'alice', format: 'native', source: client[family], allow: client[family] };
    expect(granted).toMatchObject({ ...about, ports: ['tcp/22'] });
    expect(Math.round((Date.parse(granted.until ?? '') - Date.parse(granted.time)) / 1000)).toBe(30);
    await spaClient.run('--close', '--source', '--access', 'tcp/22', server[family]);
    await spad.audit.waitFor({ event: 'closed', ...about, ports: ['tcp/22'] }, from);
    expect(await tcpState(client, ...to(22))).toBe('filtered');
    expect(await openInKernel(server)).toEqual([]);
  });

  test('opens until the kernel closes on time; what is connected by then stays connected', async () => {
    const from = spad.audit.mark();
    await spaClient.run('-A', 'tcp/22', '-a', client[family], '-f', '4s', '--wait', server[family]);
    const connection = await openConnection(client, ...to(22));
    await spad.audit.waitFor({ event: 'expired', stanza: 'alice', allow: client[family], ports: ['tcp/22'] }, from);
    expect(await tcpState(client, ...to(22))).toBe('filtered');
    expect(await openInKernel(server)).toEqual([]);
    connection.write('are you there?\n');
    await connection.waitForLine(/^are you there\?$/);
    await connection.stop();
  });

  test('opens a range as one, and nothing beside it', async () => {
    const from = spad.audit.mark();
    await spaClient.run('-A', 'tcp/8000-8010', '-a', client[family], server[family]);
    await spad.audit.waitFor({ event: 'granted', ports: ['tcp/8000-8010'] }, from);
    expect(await tcpState(client, ...to(8005))).toBe('open');
    expect(await tcpState(client, ...to(8011))).toBe('filtered');
    expect(await tcpState(attacker, ...to(8005))).toBe('filtered');
    expect(await openInKernel(server)).toEqual([`${client[family]} tcp/8000-8010`]);
    await spaClient.run('--close', '-a', client[family], server[family]);
    await waitForTcpState(client, { address: server[family], port: 8005 }, 'filtered');
  });

  test("opens the stanza's default ports where it names none", async () => {
    const from = spad.audit.mark();
    await spaClient.run('-s', server[family]);
    await spad.audit.waitFor({ event: 'granted', ports: ['tcp/443'], allow: client[family] }, from);
    expect(await tcpState(client, ...to(443))).toBe('open');
    expect(await tcpState(client, ...to(22))).toBe('filtered');
    await spaClient.run('--close', '-s', server[family]);
    await spad.audit.waitFor({ event: 'closed' }, from);
  });

  test('asked again, extends the grant and never shortens it', async () => {
    const from = spad.audit.mark();
    const ask = async (openFor: string): Promise<string | undefined> => {
      const mark = spad.audit.mark();
      await spaClient.run('-A', 'tcp/22', '-s', '-f', openFor, server[family]);
      const event = mark === from ? 'granted' : 'extended';
      return (await spad.audit.waitFor({ event, ports: ['tcp/22'] }, mark)).until;
    };
    const left = async (): Promise<number> => (await kernelGrants(server))[0]?.expires ?? 0;
    const first = Date.parse((await ask('10m')) ?? '');
    expect(Math.abs(Date.parse((await ask('5s')) ?? '') - first)).toBeLessThan(50);
    expect(await left()).toBeGreaterThan(500_000);
    expect(Date.parse((await ask('20m')) ?? '') - first).toBeGreaterThan(590_000);
    expect(await left()).toBeGreaterThan(1_100_000);
    expect(await openInKernel(server)).toEqual([`${client[family]} tcp/22`]);
    await spaClient.run('--close', '-s', server[family]);
    await spad.audit.waitFor({ event: 'closed' }, from);
    expect(await openInKernel(server)).toEqual([]);
  });
});

test('a packet that travels over IPv4 opens for the IPv6 address sealed in it', async () => {
  const from = spad.audit.mark();
  await spaClient.run('-A', 'tcp/22', '-a', client.address6, server.address4);
  await spad.audit.waitFor({ event: 'granted', source: client.address4, allow: client.address6 }, from);
  expect(await tcpState(client, server.address6, 22)).toBe('open');
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  await spaClient.run('--close', '-a', client.address6, server.address4);
  await spad.audit.waitFor({ event: 'closed' }, from);
});

test('one packet opens for both addresses of a host', async () => {
  const from = spad.audit.mark();
  await spaClient.run('-A', 'tcp/22', '-a', `${client.address4},${client.address6}`, server.address4);
  await spad.audit.waitFor({ event: 'granted', allow: client.address6 }, from);
  const states = [client.address4, client.address6].map((address) => `${address} tcp/22`);
  expect(await openInKernel(server)).toEqual(states);
  expect(await tcpState(client, server.address4, 22)).toBe('open');
  expect(await tcpState(client, server.address6, 22)).toBe('open');
});
