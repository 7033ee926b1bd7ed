/** The guard and the grants in the kernel's own hands: published ports, other people's rules, and a flushed ruleset. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kernelGrants, openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { openConnection, startTcpService, tcpState, waitForTcpState } from '../support/probe.ts';
import { Spad, type SpadConfig, type StartOptions } from '../support/spad.ts';

const PUBLISHED = 2222;

const alice = new Keyholder();

let lab: Lab;
let client: Host;
let attacker: Host;
let server: Host;
let container: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'attacker', 'server'] });
  [client, attacker, server] = [lab.host('client'), lab.host('attacker'), lab.host('server')];
  container = await lab.addBehind(server, 'container');
  await startTcpService(server, [22]);
  await startTcpService(container, [8080]);
});
afterAll(() => lab.close());
beforeEach(async () => {
  await publish();
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(async () => {
  await spad.stop();
  await spad.exec('flush');
});

/** Publishes the container's port as container engines do, translated before it is routed; and another table beside. */
async function publish(): Promise<void> {
  const to = `tcp dport ${PUBLISHED} fib daddr type local dnat`;
  const lines = [
    ...['inet nat', 'ip other'].flatMap((table) => [
      `add table ${table}`,
      `delete table ${table}`,
      `add table ${table}`,
    ]),
    'add chain inet nat pre { type nat hook prerouting priority dstnat; }',
    `add rule inet nat pre ${to} ip to ${container.address4}:8080`,
    `add rule inet nat pre ${to} ip6 to [${container.address6}]:8080`,
    'add chain ip other in { type filter hook input priority 0; }',
    'add rule ip other in tcp dport 7 counter drop',
  ];
  await server.run('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` });
}

async function start(daemon: SpadConfig['daemon'] = {}, options: StartOptions = {}): Promise<void> {
  const access = { alice: { key: alice.base64, allow: `tcp/22, tcp/${PUBLISHED}, tcp/8000-8010` } };
  spad.configure({ daemon: { guard: `tcp/22, tcp/${PUBLISHED}`, ...daemon }, access });
  await spad.start(options);
}

/** Opens ports for an address and waits for the line that says so. */
async function open(ports: string, allow = client.address4, event = 'granted'): Promise<void> {
  const mark = spad.audit.mark();
  await spad.send(client, alice.seal({ ports, allow, openFor: 300 }));
  await spad.audit.waitFor({ event, allow }, mark);
}

const state = (host: Host, port = 22): ReturnType<typeof tcpState> => tcpState(host, server.address4, port);

describe('a port published for a container', () => {
  test.each(['address4', 'address6'] as const)('is guarded under its published number, %s', async (family) => {
    const published = { address: server[family], port: PUBLISHED };
    await waitForTcpState(client, published, 'open');
    await start();
    expect(await tcpState(client, published.address, published.port)).toBe('filtered');
    await open(`tcp/${PUBLISHED}`, client[family]);
    expect(await tcpState(client, published.address, published.port)).toBe('open');
    expect(await tcpState(attacker, published.address, published.port)).toBe('filtered');
  });

  test('and what is only routed through the server is not guarded', async () => {
    await start({ guard: 'tcp/1-65535' });
    await client.run('ip', ['route', 'replace', '10.99.4.0/24', 'via', server.address4]);
    expect(await tcpState(client, container.address4, 8080)).toBe('open');
    expect(await tcpState(client, server.address4, PUBLISHED)).toBe('filtered');
  });
});

test('the server reaches its own guarded ports', async () => {
  await start();
  const states = [];
  for (const address of ['127.0.0.1', '::1', server.address4, server.address6]) {
    states.push(await tcpState(server, address, 22));
  }
  expect(states).toEqual(['open', 'open', 'open', 'open']);
});

test('what others have in the firewall stays as it is', async () => {
  const others = async (): Promise<string> =>
    (await server.run('nft', ['list', 'table', 'inet', 'nat'])) +
    (await server.run('nft', ['list', 'table', 'ip', 'other']));
  const before = await others();
  await start();
  await open('tcp/22');
  await spad.reload();
  expect(await others()).toBe(before);
  await spad.stop();
  expect((await spad.exec('flush')).code).toBe(0);
  expect(await others()).toBe(before);
  expect(await server.run('nft', ['list', 'tables'])).toBe('table inet nat\ntable ip other\n');
});

test('established connections pass the start, a reload, a stop and the next start', async () => {
  const connection = await openConnection(client, server.address4, 22);
  const echo = async (word: string): Promise<void> => {
    connection.write(`${word}\n`);
    await connection.waitForLine(new RegExp(`^${word}$`));
  };
  await start();
  await echo('started');
  expect(await state(client)).toBe('filtered');
  await spad.reload();
  await echo('reloaded');
  await spad.stop();
  await echo('stopped');
  await spad.start();
  await echo('again');
  await connection.stop();
});

test('after a stop the guard stays; "spad flush" takes it away, and a second time does no harm', async () => {
  await start();
  await open('tcp/22');
  await spad.stop();
  expect(spad.process.output).toContain('the guard stays in the firewall');
  expect(await state(attacker)).toBe('filtered');
  expect(await state(client)).toBe('open');
  expect(await spad.exec('flush')).toMatchObject({ code: 0 });
  expect(await state(attacker)).toBe('open');
  expect(await spad.exec('flush')).toMatchObject({ code: 0 });
});

describe('when somebody', () => {
  const dropRule = `nft -a list chain inet spad guard | sed -n 's/.*counter.* drop # handle //p'`;
  test.each([
    ['flushes the ruleset', 'nft flush ruleset'],
    ['deletes the table', 'nft delete table inet spad'],
    ['flushes the rules alone', 'nft flush table inet spad'],
    ['adds a rule', 'nft insert rule inet spad guard accept'],
    ['deletes the rule that drops', `nft delete rule inet spad guard handle $(${dropRule})`],
  ])('%s, it is repaired, live grants included', async (_, command) => {
    await start();
    await open('tcp/22');
    const [before] = await kernelGrants(server);
    const mark = spad.audit.mark();
    await server.run('sh', ['-c', command]);
    await spad.audit.waitFor({ event: 'repaired' }, mark);
    await spad.process.waitForLine(/somebody changed what spad has in the firewall/);
    const [after] = await kernelGrants(server);
    expect(after?.what).toBe(`${client.address4} tcp/22`);
    expect(after?.expires).toBeLessThanOrEqual(before?.expires ?? 0);
    expect(await state(client)).toBe('open');
    expect(await state(attacker)).toBe('filtered');
    expect(spad.audit.all({ event: 'repaired' }, mark)).toHaveLength(1);
  });

  test('flushes the ruleset, and a packet comes at once, it opens, and so does what was open', async () => {
    await start();
    await open('tcp/22');
    for (const number of [1, 2, 3]) {
      await server.run('nft', ['flush', 'ruleset']);
      await open('tcp/22', `192.0.2.${number}`);
      const addresses = [client.address4, ...[1, 2, 3].slice(0, number).map((last) => `192.0.2.${last}`)];
      expect(await openInKernel(server)).toEqual(addresses.map((address) => `${address} tcp/22`).sort());
    }
    expect(await state(client)).toBe('open');
    expect(await state(attacker)).toBe('filtered');
  });

  test('deletes the table while no daemon runs, the next one makes it again, with the grants that are live', async () => {
    await start();
    await open('tcp/22');
    await spad.stop();
    await server.run('nft', ['delete', 'table', 'inet', 'spad']);
    expect(await state(attacker)).toBe('open');
    await spad.start();
    expect(await state(attacker)).toBe('filtered');
    expect(await state(client)).toBe('open');
    await spad.audit.waitFor({ event: 'restored', allow: client.address4 });
  });
});

describe('other ways to the firewall:', () => {
  test('where libnftables cannot be loaded, the program nft does the same', async () => {
    const broken = join(lab.dir, 'broken-library');
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, 'libnftables.so.1'), 'no library\n');
    await start({}, { env: { LD_LIBRARY_PATH: broken } });
    expect(spad.process.output).toContain('nftables through the program nft');
    await open('tcp/22');
    await open('tcp/8000-8010', client.address6);
    await open('tcp/22', client.address4, 'extended');
    expect(await openInKernel(server)).toEqual([`${client.address4} tcp/22`, `${client.address6} tcp/8000-8010`]);
    expect(await state(client)).toBe('open');
    expect(await state(attacker)).toBe('filtered');
    const mark = spad.audit.mark();
    await server.run('nft', ['delete', 'table', 'inet', 'spad']);
    await spad.audit.waitFor({ event: 'repaired' }, mark);
    expect(await openInKernel(server)).toHaveLength(2);
  });

  test('dry-run says what it would do and does nothing', async () => {
    await start({ firewall: 'dry-run' });
    expect(spad.process.output).toContain(`would guard tcp/22, tcp/${PUBLISHED}`);
    await open('tcp/22');
    await spad.process.waitForLine(new RegExp(`would open tcp/22 for ${client.address4}`));
    expect(await server.run('nft', ['list', 'tables'])).not.toContain('spad');
    expect(await state(attacker)).toBe('open');
  });

  test.each([
    [undefined, /error: spad changes the firewall .* which takes root or CAP_NET_ADMIN/],
    ['nftables', /error: the firewall could not be set right: .*not permitted/],
  ])('a daemon that may not change the firewall says so and does not start (firewall: %s)', async (firewall, until) => {
    await start({ firewall }, { through: 'exec setpriv --bounding-set -net_admin "$@"', until });
    expect(await spad.process.exited).toMatchObject({ code: 1 });
  });
});
