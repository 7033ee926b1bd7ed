/**
 * Established connections where nothing had tracked connections before the guard: the kernel takes their next packet for
 * the first of a new one, unless it has been told of them. The client has the first word, for the server's would be enough.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { openConnection, startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22, 8005]);
  spad = new Spad(lab, server);
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/8000-8010' },
    access: { alice: { key: alice.base64, allow: 'tcp/22' } },
  });
});
afterAll(() => lab.close());
afterEach(async () => {
  await spad.stop();
  await spad.exec('flush');
});

/** Whether the connection answers what is said in it. */
async function echoes(connection: LabProcess, word: string): Promise<boolean> {
  const mark = connection.mark();
  connection.write(`${word}\n`);
  return connection.waitForLine(new RegExp(`^${word}$`), 4000, mark).then(
    () => true,
    () => false,
  );
}

test.each(['address4', 'address6'] as const)('go on when the guard goes up, %s', async (family) => {
  const connections = [
    await openConnection(client, server[family], 22),
    await openConnection(client, server[family], 8005),
  ];
  await spad.start();
  for (const connection of connections) expect(await echoes(connection, 'started')).toBe(true);
  expect(await tcpState(client, server[family], 22)).toBe('filtered');
  for (const connection of connections) await connection.stop();
});

test('go on when a reload guards their port', async () => {
  const conf = { access: { alice: { key: alice.base64, allow: 'tcp/22' } } };
  spad.configure({ ...conf, daemon: { guard: 'tcp/443' } });
  await spad.start();
  const connection = await openConnection(client, server.address4, 22);
  spad.configure({ ...conf, daemon: { guard: 'tcp/22, tcp/8000-8010' } });
  await spad.reload();
  expect(await echoes(connection, 'reloaded')).toBe(true);
  expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  await connection.stop();
});

test('go on that were made while somebody had flushed the guard', async () => {
  await spad.start();
  const mark = spad.audit.mark();
  await server.run('nft', ['flush', 'ruleset']);
  const connection = await openConnection(client, server.address4, 22);
  await spad.audit.waitFor({ event: 'repaired' }, mark);
  expect(await echoes(connection, 'repaired')).toBe(true);
  await connection.stop();
});

test('that are over are not let in again: a new one from the same port needs a grant', async () => {
  const connection = await openConnection(client, server.address4, 22);
  const socket = await server.run('ss', ['-Htn', 'state', 'established', 'sport', '=', ':22']);
  const port = /10\.99\.0\.1\]?:(\d+)/.exec(socket)?.[1];
  expect(port).toBeDefined();
  await spad.start();
  expect(await echoes(connection, 'started')).toBe(true);
  await connection.stop();
  const connect = `import socket,sys
s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.settimeout(2)
s.bind(("", ${port ?? ''}))
try: s.connect(("${server.address4}", 22)); print("open")
except TimeoutError: print("filtered")`;
  expect((await client.run('python3', ['-c', connect])).trim()).toBe('filtered');
});
