/** How grants end: at their time whoever is dead, later while they are used, and with or without their connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kernelGrants, openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { openConnection, startTcpService, tcpState } from '../support/probe.ts';
import { Spad, type SpadConfig } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const PUBLISHED = 2222;
const holders = { plain: new Keyholder(), lasting: new Keyholder(), cutting: new Keyholder(), both: new Keyholder() };
type Name = keyof typeof holders;

let lab: Lab;
let client: Host;
let other: Host;
let server: Host;
let container: Host;
let spad: Spad;
let runs = 0;
let words = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'other', 'server'] });
  [client, other, server] = [lab.host('client'), lab.host('other'), lab.host('server')];
  container = await lab.addBehind(server, 'container');
  await startTcpService(server, [22, 8001, 8002, 9]);
  await startTcpService(container, [8080]);
  const to = `tcp dport ${PUBLISHED} fib daddr type local dnat ip to ${container.address4}:8080`;
  const chain = 'add chain inet nat pre { type nat hook prerouting priority dstnat; }';
  await server.run('nft', ['-f', '-'], { input: `add table inet nat\n${chain}\nadd rule inet nat pre ${to}\n` });
});
afterAll(() => lab.close());

const stanza = (name: Name, directives: Readonly<Record<string, string>> = {}): NonNullable<SpadConfig['access']> => ({
  [name]: {
    ...{ key: holders[name].base64, allow: `tcp/9, tcp/22, tcp/${PUBLISHED}, tcp/8000-8010`, default: 'tcp/22' },
    ...directives,
  },
});

beforeEach(async () => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
  spad.configure({
    daemon: { guard: `tcp/22, tcp/${PUBLISHED}, tcp/8000-8010` },
    access: {
      ...stanza('plain'),
      ...stanza('lasting', { while_connected: 'yes' }),
      ...stanza('cutting', { drop_on_expiry: 'yes' }),
      ...stanza('both', { while_connected: 'yes', drop_on_expiry: 'yes' }),
    },
  });
  await spad.start();
});
afterEach(async () => {
  if ((await Promise.race([spad.process.exited, sleep(0)])) === undefined) await spad.stop();
  await spad.exec('flush');
});

/** Opens ports for an address and waits for the line that says so. */
async function open(name: Name, openFor: number, ports = 'tcp/22', allow = client.address4): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(client, holders[name].seal({ ports, allow, openFor }));
  await spad.audit.waitFor({ stanza: name, allow }, mark);
}

/** Whether what is said over a connection is heard and answered. */
async function isAlive(connection: LabProcess, withinMs = 1000): Promise<boolean> {
  words += 1;
  const word = `word ${words}`;
  connection.write(`${word}\n`);
  return connection.waitForLine(new RegExp(word), withinMs).then(
    () => true,
    () => false,
  );
}

const closed = async (): Promise<void> => {
  await waitUntil('the kernel to close', async () => (await openInKernel(server)).length === 0, 30_000);
};

describe('while_connected', () => {
  test('a grant goes on while a connection uses it, and ends soon after', async () => {
    const mark = spad.audit.mark();
    await open('lasting', 4);
    await open('lasting', 4, 'tcp/22', other.address4);
    await open('lasting', 4, 'tcp/8001');
    const connection = await openConnection(client, server.address4, 22);
    await spad.audit.waitFor(
      { event: 'extended', reason: 'connected', allow: client.address4, ports: ['tcp/22'] },
      mark,
    );
    await spad.audit.waitFor({ event: 'expired', allow: other.address4 }, mark);
    await spad.audit.waitFor({ event: 'expired', allow: client.address4, ports: ['tcp/8001'] }, mark);
    await sleep(16_000);
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`]);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    expect(spad.audit.all({ event: 'extended' }, mark)).toHaveLength(1);
    await connection.stop('SIGTERM', 5000);
    const ended = performance.now();
    await closed();
    expect(performance.now() - ended).toBeLessThan(20_000);
    await spad.audit.waitFor({ event: 'expired', allow: client.address4, ports: ['tcp/22'] }, mark);
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
  });

  test.each([
    ['a published port', 'address4', PUBLISHED, 'address4'],
    ['IPv6', 'address6', 22, 'address6'],
    ['a range', 'address4', 8002, 'address4'],
  ] as const)('also for %s', async (_, family, port, own) => {
    const mark = spad.audit.mark();
    await open('lasting', 3, port === 8002 ? 'tcp/8000-8010' : `tcp/${port}`, client[family]);
    const connection = await openConnection(client, server[own], port);
    await spad.audit.waitFor({ event: 'extended', reason: 'connected', allow: client[family] }, mark);
    await connection.stop('SIGTERM', 5000);
  });

  test('only routed connections do not count, and after kill -9 the kernel closes within a slice', async () => {
    const mark = spad.audit.mark();
    await client.run('ip', ['route', 'replace', `${container.address4}/32`, 'via', server.address4]);
    await open('lasting', 3, 'tcp/8000-8010');
    await startTcpService(container, [8001]);
    await openConnection(client, container.address4, 8001);
    await spad.audit.waitFor({ event: 'expired', stanza: 'lasting' }, mark);
    await open('lasting', 3);
    const connection = await openConnection(client, server.address4, 22);
    await spad.audit.waitFor({ event: 'extended', reason: 'connected' }, mark);
    await spad.stop('SIGKILL');
    expect((await kernelGrants(server))[0]?.expires).toBeLessThanOrEqual(18_000);
    await closed();
    expect(await isAlive(connection)).toBe(true);
  });
});

describe('drop_on_expiry', () => {
  test('the kernel cuts connections on time, though the daemon is dead; by default they survive', async () => {
    await open('cutting', 4);
    await open('plain', 4, 'tcp/22', other.address4);
    const cut = await openConnection(client, server.address4, 22);
    const kept = await openConnection(other, server.address4, 22);
    expect([await isAlive(cut), await isAlive(kept)]).toEqual([true, true]);
    await spad.stop('SIGKILL');
    expect(await isAlive(cut)).toBe(true);
    await closed();
    expect([await isAlive(cut), await isAlive(kept)]).toEqual([false, true]);
    // A daemon that comes back, and one that reads its configuration anew, bring nothing back to life.
    await spad.start();
    expect(await isAlive(cut)).toBe(false);
    await spad.reload();
    expect([await isAlive(cut), await isAlive(kept)]).toEqual([false, true]);
    expect(await tcpState(client, server.address4, 22)).toBe('filtered');
    await open('cutting', 60);
    // What was said in vain is said again, by TCP itself.
    expect(await isAlive(cut, 20_000)).toBe(true);
  });

  test.each(['tcp/8001', 'tcp/8000-8010'])('closing %s cuts at once, and nothing else', async (ports) => {
    const mark = spad.audit.mark();
    await open('cutting', 60, ports);
    const cut = await openConnection(client, server.address4, 8001);
    const unguarded = await openConnection(client, server.address4, 9);
    await spad.send(client, holders.cutting.seal({ type: 'close' }));
    await spad.audit.waitFor({ event: 'closed' }, mark);
    expect([await isAlive(cut), await isAlive(unguarded)]).toEqual([false, true]);
    expect(await tcpState(client, server.address4, 9)).toBe('open');
    await spad.stop();
    await spad.start();
    expect(await isAlive(cut)).toBe(false);
  });

  test('a removed stanza and a forwarded port', async () => {
    await open('cutting', 60, `tcp/${PUBLISHED}`);
    const cut = await openConnection(client, server.address4, PUBLISHED);
    expect(await isAlive(cut)).toBe(true);
    spad.configure({
      daemon: { guard: `tcp/22, tcp/${PUBLISHED}` },
      access: stanza('plain'),
    });
    await spad.reload();
    expect(await isAlive(cut)).toBe(false);
  });

  test('where two meet both must have ended, and then all is cut; one that is asked for later lifts it', async () => {
    await open('cutting', 3);
    await open('plain', 8);
    const connection = await openConnection(client, server.address4, 22);
    const mark = spad.audit.mark();
    await spad.audit.waitFor({ event: 'expired', stanza: 'cutting' }, mark);
    expect(await isAlive(connection)).toBe(true);
    await closed();
    expect(await isAlive(connection)).toBe(false);
    await open('plain', 4);
    expect(await isAlive(connection, 20_000)).toBe(true);
    await closed();
    expect(await isAlive(connection)).toBe(true);
  });

  test('with while_connected: what is used is not cut, what the operator closes is', async () => {
    const mark = spad.audit.mark();
    await open('both', 3);
    const connection = await openConnection(client, server.address4, 22);
    await spad.audit.waitFor({ event: 'extended', reason: 'connected' }, mark);
    await sleep(4000);
    expect(await isAlive(connection)).toBe(true);
    await spad.send(client, holders.both.seal({ type: 'close' }));
    await spad.audit.waitFor({ event: 'closed' }, mark);
    expect(await isAlive(connection)).toBe(false);
  });
});
