/** Whom a packet opens for, how wide and until when: what the stanza says, and where grants meet. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditPattern } from '../support/audit-reader.ts';
import { kernelGrants, openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder, type Wish } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { startTcpService, tcpState } from '../support/probe.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';

const holders = {
  alice: new Keyholder(),
  bob: new Keyholder(),
  strict: new Keyholder(),
  local: new Keyholder(),
  past: new Keyholder(),
  ending: new Keyholder(),
  brief: new Keyholder(),
} as const;

type Name = keyof typeof holders;

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let spad: Spad;
/** When the stanza `ending` ends: far enough to be used before, near enough to cut a grant of an hour. */
let end: number;

const access = (name: Name, directives: object = {}): object => ({
  [name]: { key: holders[name].base64, allow: 'tcp/22, tcp/8000-8020', default: 'tcp/22', ...directives },
});

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  await startTcpService(server, [22, 8001, 8004, 8008]);
  spad = new Spad(lab, server);
  end = Math.ceil(Date.now() / 1000) * 1000 + 600_000;
  spad.configure({
    daemon: { guard: 'tcp/22, tcp/8000-8020', max_grants: 8 },
    access: {
      ...access('alice'),
      ...access('bob', { allow: 'tcp/8000-8020', default: 'tcp/8008' }),
      ...access('strict', { require_address: 'yes' }),
      ...access('local', { source: `${client.address4}, ${client.address6}/128`, default: '' }),
      ...access('past', { expires: '2024-02-29' }),
      ...access('ending', { expires: new Date(end).toISOString().replace('.000Z', 'Z'), max_open_for: '2h' }),
      ...access('brief', { open_for: '20s', max_open_for: '40s' }),
    },
  });
  await spad.start();
});
afterAll(() => lab.close());

/** Sends a packet and waits for the line about it. */
async function ask(
  name: Name,
  wish: Wish,
  wanted: AuditPattern,
  from = client,
): Promise<{ until: number; time: number }> {
  const mark = spad.audit.mark();
  await spad.send(from, holders[name].seal(wish));
  const entry = await spad.audit.waitFor({ ...wanted, stanza: name, source: from.address4 }, mark);
  return { until: Date.parse(entry.until ?? ''), time: Date.parse(entry.time) };
}

/** Takes back what a test has opened; a packet closes what its own stanza has opened. */
async function close(name: Name, allow: string): Promise<void> {
  await ask(name, { type: 'close', allow }, { event: 'closed' });
}

async function refused(name: Name, wish: Wish, reason: string, from = client): Promise<void> {
  const before = await openInKernel(server);
  const mark = spad.audit.mark();
  await ask(name, wish, { event: 'rejected', reason }, from);
  expect(spad.audit.all({ event: 'granted' }, mark)).toEqual([]);
  expect(await openInKernel(server)).toEqual(before);
}

describe('an address sealed in the packet', () => {
  test('is the only one that opens, whoever forwards the packet first', async () => {
    const packet = holders.alice.seal({ ports: 'tcp/22', allow: client.address4 });
    const mark = spad.audit.mark();
    await spad.send(attacker, packet);
    const granted = { event: 'granted', stanza: 'alice', source: attacker.address4, allow: client.address4 };
    await spad.audit.waitFor(granted, mark);
    expect(await tcpState(client, server.address4, 22)).toBe('open');
    expect(await tcpState(attacker, server.address4, 22)).toBe('filtered');
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed', source: client.address4 }, mark);
    await close('alice', client.address4);
  });

  test('is demanded by require_address', async () => {
    await refused('strict', { ports: 'tcp/22' }, 'address-required');
    await refused('strict', { ports: 'tcp/22' }, 'address-required', attacker);
    await ask('strict', { ports: 'tcp/22', allow: client.address4 }, { event: 'granted', allow: client.address4 });
    await close('strict', client.address4);
  });

  test('else whoever sends the packet first is let in', async () => {
    const packet = holders.alice.seal({ ports: 'tcp/22' });
    const mark = spad.audit.mark();
    await spad.send(attacker, packet);
    await spad.audit.waitFor({ event: 'granted', source: attacker.address4, allow: attacker.address4 }, mark);
    await spad.send(client, packet);
    await spad.audit.waitFor({ event: 'rejected', reason: 'replayed', source: client.address4 }, mark);
    await close('alice', attacker.address4);
  });

  test.each(['127.0.0.1', '224.0.0.1', '255.255.255.255', '::1', 'ff02::1'])('opens nothing for %s', async (allow) => {
    await refused('alice', { ports: 'tcp/22', allow }, 'address-not-allowed');
  });
});

describe('the stanza', () => {
  test('names where packets may come from and what may be opened', async () => {
    await refused('local', { ports: 'tcp/22' }, 'source-not-allowed', attacker);
    await refused('local', { ports: 'tcp/22', allow: client.address4 }, 'source-not-allowed', attacker);
    await refused('local', { ports: 'tcp/22', allow: attacker.address4 }, 'address-not-allowed');
    await ask('local', { ports: 'tcp/22', allow: client.address6 }, { event: 'granted', allow: client.address6 });
    await close('local', client.address6);
  });

  test('names the ports', async () => {
    await refused('bob', { ports: 'tcp/22' }, 'port-not-allowed');
    await refused('bob', { ports: 'tcp/8000-8021' }, 'port-not-allowed');
    await refused('bob', { ports: 'tcp/8001 udp/8001' }, 'port-not-allowed');
    await refused('local', {}, 'no-port-named');
    await refused('alice', { type: 'command', command: 'true' }, 'command-not-allowed');
  });

  test('ends, and with it every grant', async () => {
    await refused('past', { ports: 'tcp/22' }, 'stanza-expired');
    const { until } = await ask('ending', { ports: 'tcp/22', openFor: 7200 }, { event: 'granted' });
    expect(Math.abs(until - end)).toBeLessThan(50);
    expect((await kernelGrants(server))[0]?.expires).toBeLessThanOrEqual(600_000);
    await close('ending', client.address4);
  });

  test('says how long, and how long at most', async () => {
    const byDefault = await ask('brief', { ports: 'tcp/22' }, { event: 'granted' });
    expect(Math.round((byDefault.until - byDefault.time) / 1000)).toBe(20);
    const atMost = await ask('brief', { ports: 'tcp/22', openFor: 3600 }, { event: 'extended' });
    expect(Math.round((atMost.until - atMost.time) / 1000)).toBe(40);
    await close('brief', client.address4);
  });

  test('closes only what is its own', async () => {
    await refused('bob', { type: 'close' }, 'nothing-to-close');
    await ask('alice', { ports: 'tcp/8008' }, { event: 'granted' });
    await refused('bob', { type: 'close', ports: 'tcp/8008' }, 'nothing-to-close');
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/8008`]);
    await close('alice', client.address4);
  });
});

describe('two clients behind one address', () => {
  const [low, high] = ['tcp/8000-8005', 'tcp/8003-8010'];

  test('end independently where their ranges overlap, by time', async () => {
    const mark = spad.audit.mark();
    await ask('alice', { ports: low, openFor: 5 }, { event: 'granted' });
    await ask('bob', { ports: high, openFor: 300 }, { event: 'granted' });
    expect(await tcpState(client, server.address4, 8001)).toBe('open');
    await spad.audit.waitFor({ event: 'expired', stanza: 'alice' }, mark);
    await waitUntil('the kernel to close the rest', async () => (await openInKernel(server)).length === 1);
    expect(await openInKernel(server)).toEqual([`${client.address4} ${high}`]);
    expect(await tcpState(client, server.address4, 8001)).toBe('filtered');
    expect(await tcpState(client, server.address4, 8004)).toBe('open');
    await close('bob', client.address4);
    expect(await openInKernel(server)).toEqual([]);
  });

  test('end independently where their ranges overlap, by closing', async () => {
    const allow = client.address6;
    await ask('alice', { ports: low, allow }, { event: 'granted' });
    await ask('bob', { ports: high, allow }, { event: 'granted' });
    await ask('bob', { ports: 'tcp/8004', allow }, { event: 'granted' });
    await close('bob', allow);
    expect(await openInKernel(server)).toEqual([`${allow} ${low}`]);
    expect(await tcpState(client, server.address6, 8004)).toBe('open');
    expect(await tcpState(client, server.address6, 8008)).toBe('filtered');
    await close('alice', allow);
    expect(await openInKernel(server)).toEqual([]);
  });

  test('use each what the other has left of a range', async () => {
    const mark = spad.audit.mark();
    await ask('alice', { ports: 'tcp/8000-8020', openFor: 2 }, { event: 'granted' });
    await spad.audit.waitFor({ event: 'expired', stanza: 'alice' }, mark);
    await ask('bob', { ports: high }, { event: 'granted' });
    await ask('alice', { ports: 'tcp/8005-8020' }, { event: 'granted' });
    expect(await tcpState(client, server.address4, 8004)).toBe('open');
    await close('bob', client.address4);
    await close('alice', client.address4);
    expect(await openInKernel(server)).toEqual([]);
  });
});

test('the server grants no more than max_grants, and again when there is room', async () => {
  const addresses = [1, 2, 3, 4].map((number) => `192.0.2.${number} fd99::${number}00`);
  for (const allow of addresses) await ask('alice', { ports: 'tcp/22', allow }, { event: 'granted' });
  expect(await openInKernel(server)).toHaveLength(8);
  await refused('bob', { ports: 'tcp/8008' }, 'too-many-grants');
  await ask('alice', { ports: 'tcp/22', allow: addresses[0] ?? '' }, { event: 'extended' });
  for (const allow of addresses) await close('alice', allow);
  expect(await openInKernel(server)).toEqual([]);
  await ask('bob', { ports: 'tcp/8008' }, { event: 'granted' });
});
