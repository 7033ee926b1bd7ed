/** Sets of the operator's own: every shape, what is in them already, sets that are not there or will not do. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Host } from '../../support/host.ts';
import { Keyholder } from '../../support/keyholder.ts';
import { Lab } from '../../support/lab.ts';
import { startTcpService, tcpState } from '../../support/probe.ts';
import { Spad } from '../../support/spad.ts';
import { waitUntil } from '../../support/wait.ts';
import { loadRuleset, ruleset } from './own-ruleset.ts';

const alice = new Keyholder();
const bob = new Keyholder();

let lab: Lab;
let client: Host;
let server: Host;
let spad: Spad;
let runs = 0;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ['client', 'server'] });
  [client, server] = [lab.host('client'), lab.host('server')];
  await startTcpService(server, [22, 8000]);
});
afterAll(() => lab.close());
beforeEach(() => {
  runs += 1;
  spad = new Spad(lab, server, `run${runs}`);
});
afterEach(async () => {
  await spad.stop();
  await spad.exec('-c', spad.confFile, 'flush');
});

const start = async (sets = 'inet filter allowed4, inet filter allowed6', until?: RegExp): Promise<void> => {
  const access = {
    alice: { key: alice.base64, allow: 'tcp/22, tcp/8000-8010, udp/53' },
    bob: { key: bob.base64, allow: 'tcp/22, tcp/8000-8010, udp/8005-8020' },
  };
  spad.configure({ daemon: { guard: undefined, nft_set: sets }, access });
  await spad.start(until === undefined ? {} : { until });
};

const ask = async (by: Keyholder, wish: Parameters<Keyholder['seal']>[0], event = 'granted'): Promise<void> => {
  const allow = wish?.allow ?? client.address4;
  const mark = spad.audit.mark();
  await spad.send(client, by.seal({ openFor: 300, ...wish, allow }));
  await spad.audit.waitFor({ event, allow }, mark);
};

/** What the set holds, without times: of ours and of the operator's. */
const held = async (set = 'allowed4'): Promise<readonly string[]> => {
  const text = await server.run('nft', ['list', 'set', 'inet', 'filter', set]);
  const [, list = ''] = /elements = \{ ([^}]*) \}/.exec(text) ?? [];
  return list
    .split(',')
    .map((element) => element.trim().replace(/ timeout.* expires \S+/, ''))
    .filter((element) => element !== '')
    .sort();
};

const at = (port: number): Promise<string> => tcpState(client, server.address4, port);

describe('the shape of the set', () => {
  test.each(['timeout', 'timeout, interval'])('addresses alone, %s: all that the rule lets through', async (flags) => {
    await loadRuleset(server, lab, ruleset({ key: '', match: '', flags, more4: 'elements = { 203.0.113.9 }' }));
    await start();
    await ask(alice, { ports: 'tcp/22' });
    expect([await at(22), await at(8000)]).toEqual(['open', 'open']);
    await ask(bob, { ports: 'tcp/8000' });
    await ask(alice, { type: 'close', ports: '' }, 'closed');
    expect(await held()).toEqual(['10.99.0.1 comment "spad"', '203.0.113.9']);
    await ask(bob, { type: 'close', ports: '' }, 'closed');
    expect(await held()).toEqual(['203.0.113.9']);
    await ask(alice, { ports: 'tcp/22', allow: '203.0.113.9' });
    expect(await held(), "the operator's own").toEqual(['203.0.113.9']);
    await ask(alice, { ports: 'tcp/22', allow: client.address6 });
    expect(await held('allowed6')).toEqual([`${client.address6} comment "spad"`]);
    const { stdout } = await spad.exec('--check', '-c', spad.confFile);
    expect(stdout).toContain('the set inet filter allowed4 holds addresses without ports: whatever a client asks for');
  });

  test.each([
    ['timeout', ['8000', '8001', '8002', '8003', '8004', '8005'].map((port) => `10.99.0.1 . ${port} comment "spad"`)],
    ['timeout, interval', ['10.99.0.1 . 8000-8005 comment "spad"']],
  ])('ports without protocols, %s', async (flags, elements) => {
    await loadRuleset(server, lab, ruleset({ key: ' . inet_service', match: ' . th dport', flags }));
    await start();
    await ask(alice, { ports: 'tcp/8000-8005' });
    expect(await held()).toEqual(elements);
    expect([await at(22), await at(8000)]).toEqual(['filtered', 'open']);
    await ask(bob, { ports: 'udp/8005-8010' });
    await ask(alice, { type: 'close', ports: '' }, 'closed');
    expect(await at(8000)).toBe('filtered');
    expect((await held()).join()).toContain('8010');
  });

  test('protocols and ports, without intervals', async () => {
    await loadRuleset(server, lab, ruleset({ flags: 'timeout' }));
    await start();
    await ask(alice, { ports: 'tcp/22 tcp/8000-8001' });
    expect(await held()).toEqual(['22', '8000', '8001'].map((port) => `10.99.0.1 . tcp . ${port} comment "spad"`));
  });

  test('by typeof, as newer rulesets have it', async () => {
    const text = ruleset({ flags: 'timeout' }).replace(/type (ipv(4)|ipv6)_addr[^;]*;/g, (_, family: string) => {
      const address = family === 'ipv4' ? 'ip saddr' : 'ip6 saddr';
      return `typeof ${address} . tcp dport;`;
    });
    await loadRuleset(server, lab, text.replaceAll(' . meta l4proto . th dport', ' . tcp dport'));
    await start();
    await ask(alice, { ports: 'tcp/22' });
    expect([await at(22), await at(8000)]).toEqual(['open', 'filtered']);
  });
});

test("an element of the operator's that covers a part is left alone, and spad takes the rest", async () => {
  const more4 = 'elements = { 10.99.0.0/24 . tcp . 8003-8004 }';
  await loadRuleset(server, lab, ruleset({ more4 }));
  await start();
  await ask(alice, { ports: 'tcp/8000-8010' });
  expect(await held()).toEqual([
    ...['10.99.0.0/24 . tcp . 8003-8004', '10.99.0.1 . tcp . 8000-8002 comment "spad"'],
    '10.99.0.1 . tcp . 8005-8010 comment "spad"',
  ]);
  await ask(alice, { type: 'close', ports: '' }, 'closed');
  expect(await held()).toEqual(['10.99.0.0/24 . tcp . 8003-8004']);
});

test('an extension of a live element takes hold on this kernel', async () => {
  await loadRuleset(server, lab, ruleset());
  await start();
  await ask(alice, { ports: 'tcp/22', openFor: 2 });
  await ask(alice, { ports: 'tcp/22', openFor: 300 }, 'extended');
  const text = await server.run('nft', ['list', 'set', 'inet', 'filter', 'allowed4']);
  expect(text).toMatch(/10\.99\.0\.1 \. tcp \. 22 timeout (?:5m|4m59s\d+ms) expires/);
});

test('IPv6 without a set for it is refused, and so is told', async () => {
  await loadRuleset(server, lab, ruleset());
  await start('inet filter allowed4');
  await ask(alice, { ports: 'tcp/22', allow: client.address6 }, 'failed');
  await spad.process.waitForLine(/cannot be opened: nft_set names no set of IPv6 addresses/);
  await ask(alice, { ports: 'tcp/22' });
});

describe('a set that is not there', () => {
  test('is told in a sentence, looked for again and again, and used once it is there', async () => {
    await server.run('nft', ['flush', 'ruleset']);
    await start(undefined, /^spad: ready/);
    expect(spad.process.output).toContain(
      'there is no set inet filter allowed4: add to the table "set allowed4 { type ipv4_addr . inet_proto . inet_service; flags timeout, interval; }"',
    );
    await ask(alice, { ports: 'tcp/22' }, 'failed');
    await loadRuleset(server, lab, ruleset());
    await waitUntil('the grant', async () => {
      await spad.send(client, alice.seal({ ports: 'tcp/22', allow: client.address4, openFor: 60 }));
      return (await at(22)) === 'open';
    });
    expect(spad.process.output.match(/cannot be repaired/g)?.length ?? 0).toBeLessThanOrEqual(1);
  });

  test.each([
    [
      'without timeouts',
      ruleset({ flags: 'interval' }),
      'has no flag timeout: write "flags timeout, interval;" into it',
    ],
    [
      'of another type',
      ruleset({ key: ' . ipv4_addr', match: ' . ip daddr' })
        .replace(/ipv6_addr . ipv4_addr/, 'ipv6_addr . ipv6_addr')
        .replace('ip6 saddr . ip daddr', 'ip6 saddr . ip6 daddr'),
      'which holds no openings',
    ],
    ['with auto-merge', ruleset({ key: '', match: '', more4: 'auto-merge;' }), 'has auto-merge'],
  ])('%s is told by --check and at the start', async (_, text, told) => {
    await loadRuleset(server, lab, text);
    await start(undefined, new RegExp(told));
    const { stdout, code } = await spad.exec('--check', '-c', spad.confFile);
    expect(stdout).toContain(told);
    expect(code).toBe(0);
  });
});
