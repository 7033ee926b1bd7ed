/** Grants that forward: to inner hosts and to other ports of the server, by the kernel's own maps, for as long as they last. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/base/address.ts';
import { steadyMs } from '../../src/base/units.ts';
import { NOTHING_WANTED } from '../../src/firewall/desired.ts';
import { changeScript, guardScript } from '../../src/firewall/nft-script.ts';
import { layOpenings } from '../../src/firewall/opening.ts';
import type { Host } from '../support/host.ts';
import { Keyholder, type Wish } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { type Destination, openConnection, startWhoService, tcpState, whoAnswers } from '../support/probe.ts';
import { SpaClient } from '../support/spa-client.ts';
import { Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';
import { grantOf, present } from '../unit/values.ts';

const OUTER = 2222;

const holders = { alice: new Keyholder(), masked: new Keyholder(), named: new Keyholder(), plain: new Keyholder() };

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let inner: Host;
let other: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  inner = await lab.addBehind(server, 'inner');
  other = await lab.addBehind(server, 'other');
  await server.run('ip', ['addr', 'add', '10.99.4.9/24', 'dev', 'to-inner']);
  await startWhoService(server, [22, 8022, OUTER]);
  await startWhoService(inner, [22, 80, 81, OUTER]);
  await startWhoService(other, [22]);
});
afterAll(() => lab.close());
beforeEach(async () => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
  spad.configure({
    daemon: { guard: `tcp/22, tcp/80-81, tcp/${OUTER}, udp/${OUTER}` },
    access: {
      alice: stanza('alice', { forward: `10.99.4.0/24:22-81, 10.99.5.2:22, [fd99:4::/64]:22, local:8022` }),
      masked: stanza('masked', { forward: '10.99.4.2:22, [fd99:4::2]:22', forward_source: 'masquerade' }),
      named: stanza('named', { forward: '10.99.4.2:22', forward_source: '10.99.4.9' }),
      plain: stanza('plain', {}),
    },
  });
  await spad.start();
});
afterEach(async () => {
  if (spad.process.running) await spad.stop();
  await spad.exec('flush');
  expect(await server.run('nft', ['list', 'ruleset'])).toBe('');
});

const stanza = (name: keyof typeof holders, directives: Record<string, string>): Record<string, string> => ({
  ...{ key: holders[name].base64, allow: `tcp/22, tcp/80-81, tcp/${OUTER}, udp/${OUTER}`, ...directives },
});

/** Sends a packet of a client's and waits for the line about it. */
async function ask(name: keyof typeof holders, wish: Wish, event = 'granted'): Promise<{ readonly reason?: string }> {
  const mark = spad.audit.mark();
  await spad.send(client, holders[name].seal({ openFor: 300, ports: `tcp/${OUTER}`, allow: client.address4, ...wish }));
  return spad.audit.waitFor({ event, stanza: name }, mark);
}

const at = (family: 4 | 6, protocol: 'tcp' | 'udp', port = OUTER): Destination => ({
  ...{ address: family === 4 ? server.address4 : server.address6, protocol, port },
});
const who = (from = client, to = at(4, 'tcp')): Promise<string> => whoAnswers(from, to);

/** Elements of spad's maps and sets, by name, the empty ones left out. */
async function elements(): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await server.exec('nft', ['--json', 'list', 'table', 'inet', 'spad']);
  const { nftables } = JSON.parse(stdout) as { nftables: Record<string, { name: string; elem?: unknown[] }>[] };
  const sets = nftables.flatMap(({ set, map }) => [set, map].filter((one) => one !== undefined));
  return Object.fromEntries(sets.flatMap(({ name, elem }) => (elem === undefined ? [] : [[name, elem.length]])));
}

describe('an inner host', () => {
  test.each([
    [4, 'tcp'],
    [4, 'udp'],
    [6, 'tcp'],
    [6, 'udp'],
  ] as const)('is reached with a grant only, by its client only: IPv%d, %s', async (family, protocol) => {
    const to = at(family, protocol);
    const address = family === 4 ? client.address4 : client.address6;
    expect(await who(client, to)).toBe('silent');
    const forward = family === 4 ? `${inner.address4}:22` : `[${inner.address6}]:22`;
    await ask('alice', { ports: `${protocol}/${OUTER}`, allow: address, forward });
    expect(await who(client, to)).toBe(`inner:22 sees ${address}`);
    expect(await who(attacker, to)).toBe('silent');
    await ask('alice', { type: 'close', ports: '', allow: address }, 'closed');
    expect(await who(client, to)).toBe('silent');
    expect(await elements()).toEqual({});
  });

  test('is asked for with spa-client, which waits for the outer port', async () => {
    const program = new SpaClient(lab, client, holders.alice, `run${runs}`);
    const words = ['-A', `tcp/${OUTER}`, '--forward', `${inner.address4}:22`, '-s', '--wait', '5s', server.address4];
    const said = await program.run(...words);
    expect(said).toContain('open');
    expect(await who()).toBe(`inner:22 sees ${client.address4}`);
    expect(spad.audit.all({ event: 'granted', forward: `${inner.address4}:22` })).toHaveLength(1);
  });

  test('sees the server, or the address that the stanza names, where it is told to', async () => {
    await ask('masked', { forward: `${inner.address4}:22` });
    expect(await who()).toBe('inner:22 sees 10.99.4.1');
    await ask('masked', { forward: `[${inner.address6}]:22`, allow: client.address6 });
    expect(await who(client, at(6, 'tcp'))).toBe('inner:22 sees fd99:4::1');
    await ask('named', { forward: `${inner.address4}:22` });
    expect(await who()).toBe('inner:22 sees 10.99.4.9');
  });

  test('and what is only routed through the server keeps its source', async () => {
    await client.run('ip', ['route', 'replace', '10.99.4.0/24', 'via', server.address4]);
    await ask('masked', { forward: `${inner.address4}:22` });
    for (const port of [22, OUTER]) {
      const to = { address: inner.address4, port };
      expect(await who(client, to)).toBe(`inner:${port} sees ${client.address4}`);
    }
    await client.run('ip', ['route', 'del', '10.99.4.0/24']);
  });

  test('ports that a container engine has published go to the granted host', async () => {
    const lines = [
      'add table ip docker',
      'add chain ip docker pre { type nat hook prerouting priority dstnat; }',
      `add rule ip docker pre tcp dport ${OUTER} fib daddr type local dnat to ${other.address4}:22`,
    ];
    await server.run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` });
    await ask('alice', { forward: `${inner.address4}:22` });
    expect(await who()).toBe(`inner:22 sees ${client.address4}`);
    await server.run('nft', ['delete', 'table', 'ip', 'docker']);
  });

  test('several single ports all go to the one port', async () => {
    await ask('alice', { ports: `tcp/22 tcp/${OUTER}`, forward: `${inner.address4}:22` });
    for (const port of [22, OUTER]) {
      expect(await who(client, at(4, 'tcp', port))).toBe(`inner:22 sees ${client.address4}`);
    }
  });
});

test('another port of the server', async () => {
  await ask('alice', { forward: 'local:8022' });
  expect(await who()).toBe(`server:8022 sees ${client.address4}`);
  expect(await who(attacker)).toBe('silent');
  await ask('alice', { forward: 'local:8022', allow: client.address6 });
  expect(await who(client, at(6, 'tcp'))).toBe(`server:8022 sees ${client.address6}`);
});

test.each([
  ['an inner host that is not named', { forward: '10.99.6.2:22' }, 'forward-not-allowed'],
  ['a port that is not named', { forward: '10.99.4.2:82' }, 'forward-not-allowed'],
  ['a port of the server that is not named', { forward: 'local:22' }, 'forward-not-allowed'],
  ['a range to one port', { ports: 'tcp/80-81', forward: '10.99.4.2:80' }, 'forward-of-range'],
  ['IPv4 to IPv6', { forward: '[fd99:4::2]:22' }, 'forward-family'],
])('refused: %s', async (_, wish, reason) => {
  expect(await ask('alice', wish, 'rejected')).toMatchObject({ reason });
  expect(await elements()).toEqual({});
});

test('refused: a stanza that does not forward', async () => {
  expect(await ask('plain', { forward: `${inner.address4}:22` }, 'rejected')).toMatchObject({
    reason: 'forward-not-allowed',
  });
});

test('all ports of a client to the same ports of an inner host, as the scripts can', async () => {
  await spad.stop();
  const source = present(parseAddress('10.99.4.9'));
  const all = { to: present(parseAddress(inner.address4)), port: undefined, source };
  const grant = grantOf(client.address4, 'tcp/1-65535 udp/1-65535', 60_000, { forwarding: all });
  const script =
    guardScript({ ...NOTHING_WANTED, forwards: true }, steadyMs(0)) +
    changeScript({ close: [], open: layOpenings([grant]) }, steadyMs(0));
  await server.run('nft', ['-f', '-'], { input: script });
  for (const port of [22, 80, OUTER]) {
    for (const protocol of ['tcp', 'udp'] as const)
      expect(await who(client, at(4, protocol, port))).toBe(`inner:${port} sees 10.99.4.9`);
  }
  expect(await who(attacker, at(4, 'tcp', 22))).toBe(`server:22 sees ${attacker.address4}`);
});

describe('it ends', () => {
  test('on time in the kernel, though the daemon is dead; what is established goes on', async () => {
    await ask('alice', { forward: `${inner.address4}:22`, openFor: 3 });
    const granted = performance.now();
    const connection = await openConnection(client, server.address4, OUTER);
    await spad.stop('SIGKILL');
    expect(await who()).toBe(`inner:22 sees ${client.address4}`);
    await sleep(3000 - (performance.now() - granted) + 100);
    expect(await who()).toBe('silent');
    expect(await elements()).toEqual({});
    connection.write('still here\n');
    await connection.waitForLine(/^still here$/);
    await connection.stop();
  });

  test('never by letting the client in at the server itself', async () => {
    await ask('alice', { ports: 'tcp/22', forward: `${inner.address4}:22`, openFor: 2 });
    const answers = new Set<string>();
    const deadline = performance.now() + 2600;
    const knocker = async (): Promise<void> => {
      while (performance.now() < deadline) answers.add(await whoAnswers(client, at(4, 'tcp', 22), 150));
    };
    await Promise.all([knocker(), knocker(), knocker()]);
    expect([...answers].sort()).toEqual([`inner:22 sees ${client.address4}`, 'silent']);
  });

  test('later, where the client asks again', async () => {
    await ask('alice', { forward: `${inner.address4}:22`, openFor: 2 });
    await ask('alice', { forward: `${inner.address4}:22`, openFor: 60 }, 'extended');
    await sleep(2300);
    expect(await who()).toBe(`inner:22 sees ${client.address4}`);
    expect(await elements()).toEqual({ grant4: 1, forward4: 1 });
  });
});

describe('where two grants of an address send a port to different places', () => {
  test('the newer one counts until it ends, then the older one again', async () => {
    await ask('alice', { forward: `${inner.address4}:22` });
    await ask('alice', { forward: `${other.address4}:22`, openFor: 2 });
    expect(await who()).toBe(`other:22 sees ${client.address4}`);
    await waitUntil('the older grant', async () => (await who()) === `inner:22 sees ${client.address4}`);
    expect(await elements()).toEqual({ grant4: 1, forward4: 1 });
  });

  test('asking again makes a grant the newest; closing it lets the older one through', async () => {
    await ask('masked', { forward: `${inner.address4}:22` });
    await ask('alice', { forward: `${other.address4}:22` });
    await ask('masked', { forward: `${inner.address4}:22` }, 'extended');
    expect(await who()).toBe('inner:22 sees 10.99.4.1');
    await ask('masked', { type: 'close' }, 'closed');
    expect(await who()).toBe(`other:22 sees ${client.address4}`);
    await ask('alice', { type: 'close' }, 'closed');
    expect(await who()).toBe('silent');
  });

  test('so for a grant that does not forward', async () => {
    await ask('alice', { ports: 'tcp/22', forward: `${inner.address4}:22` });
    await ask('plain', { ports: 'tcp/22' });
    const to = at(4, 'tcp', 22);
    expect(await who(client, to)).toBe(`server:22 sees ${client.address4}`);
    await ask('plain', { type: 'close', ports: 'tcp/22' }, 'closed');
    expect(await who(client, to)).toBe(`inner:22 sees ${client.address4}`);
  });
});

describe('it outlasts', () => {
  const forwards = async (): Promise<void> => {
    expect(await who()).toBe('inner:22 sees 10.99.4.1');
    expect(await elements()).toEqual({ grant4: 1, forward4: 1, masquerade4: 1 });
  };

  test('a crash and a restart, in the order in which it was asked for', async () => {
    await ask('alice', { forward: `${other.address4}:22` });
    await ask('masked', { forward: `${inner.address4}:22` });
    await spad.stop('SIGKILL');
    await forwards();
    const mark = spad.audit.mark();
    await spad.start();
    await spad.audit.waitFor({ event: 'restored', stanza: 'masked', forward: `${inner.address4}:22` }, mark);
    await forwards();
    await spad.reload();
    await forwards();
  });

  test.each([
    ['a flushed ruleset', 'flush ruleset'],
    ['a flushed chain', 'flush chain inet spad forwarding'],
    ['a deleted element of the guard', `delete element inet spad grant4 { CLIENT . tcp . ${OUTER} }`],
    ['a deleted element of a map', `delete element inet spad forward4 { CLIENT . tcp . ${OUTER} : INNER . 22 }`],
    ['a deleted element of a source', `delete element inet spad masquerade4 { CLIENT . INNER . tcp . ${OUTER} }`],
    ['an emptied set', 'flush set inet spad grant4'],
  ])('%s', async (_, script) => {
    await ask('masked', { forward: `${inner.address4}:22` });
    const mark = spad.audit.mark();
    const text = script.replace('CLIENT', client.address4).replace('INNER', inner.address4);
    await server.run('nft', ['-f', '-'], { input: `${text}\n` });
    await spad.audit.waitFor({ event: 'repaired' }, mark);
    await forwards();
    await sleep(1200);
    expect(spad.audit.all({ event: 'repaired' }, mark)).toHaveLength(1);
  });

  test("what others change elsewhere, which is nobody's repair", async () => {
    await ask('masked', { forward: `${inner.address4}:22` });
    const mark = spad.audit.mark();
    for (const verb of ['add', 'delete', 'add', 'delete']) {
      await server.run('nft', [`${verb} table ip elsewhere`]);
      await sleep(300);
    }
    await forwards();
    expect(spad.audit.all({ event: 'repaired' }, mark)).toEqual([]);
  });
});

describe('a server', () => {
  test('whose clients cannot forward has no chain for it', async () => {
    expect(await server.run('nft', ['list', 'table', 'inet', 'spad'])).toContain('type nat hook prerouting');
    await spad.stop();
    spad.configure({ access: { plain: stanza('plain', {}) } });
    await spad.start();
    expect(await server.run('nft', ['list', 'table', 'inet', 'spad'])).not.toMatch(/nat|map/);
  });

  test('that does not route says so', async () => {
    await server.run('sysctl', ['-w', 'net.ipv4.ip_forward=0']);
    await spad.reload();
    await spad.process.waitForLine(/clients may have ports forwarded to IPv4 hosts, .*net\.ipv4\.ip_forward is 0/);
    await server.run('sysctl', ['-w', 'net.ipv4.ip_forward=1']);
    expect(await tcpState(client, server.address4, OUTER)).toBe('filtered');
  });
});
