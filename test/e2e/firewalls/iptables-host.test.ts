/** The back-ends iptables and ipset on hosts as they are: that drop by policy, publish ports, or have others change rules. */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { steadyMs } from '../../../src/base/units.ts';
import { NOTHING_WANTED } from '../../../src/firewall/desired.ts';
import { chainsOf } from '../../../src/firewall/iptables-chain.ts';
import { readListing } from '../../../src/firewall/iptables-listing.ts';
import { installBatch } from '../../../src/firewall/iptables-script.ts';
import type { Host } from '../../support/host.ts';
import type { Spad } from '../../support/spad.ts';
import { ports } from '../../unit/values.ts';
import { load, savedTables } from './iptables-subject.ts';
import { expectEnd, holders, OUTER, Stage } from './stage.ts';

/** An operator's own rules: nothing comes in or through but what is established. */
const CLOSED = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
COMMIT
`;
/** IPv6 finds its neighbours by ICMP. */
const CLOSED6 = CLOSED.replace('-A INPUT -i lo', '-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -i lo');
const OPEN = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n-F INPUT\n-F FORWARD\nCOMMIT\n';

/** How long the kernel takes to end a rule that nobody takes out: whole seconds, and the tolerance of clocks. */
const KERNEL_LATE_MS = 1350;
const REPAIR_MS = 8000;

let stage: Stage;
let server: Host;
let spad: Spad;

describe.each(['iptables', 'ipset'] as const)('firewall = %s', (firewall) => {
  beforeAll(async () => {
    stage = await Stage.build({
      ...{
        name: firewall,
        firewall,
        listing: (host) => savedTables(host, 'nf_tables'),
        flush: () => Promise.resolve(),
      },
    });
    server = stage.server;
    ({ spad } = stage);
  });
  afterAll(() => stage.lab.close());
  /** Ends spad and takes away all that it has, its memory of grants included. */
  const leave = async (): Promise<void> => {
    if (spad.process.running) await spad.stop();
    await stage.run('-c', spad.confFile, 'flush');
    expect(await savedTables(server, 'nf_tables')).not.toContain('SPAD');
    rmSync(spad.stateDir, { recursive: true, force: true });
    await load(server, 'nf_tables', OPEN);
  };

  const configure = (guard: string | undefined): void => {
    const forward = `${stage.inner.address4}:22, [${stage.inner.address6}]:22, local:8022`;
    const allow = `tcp/22, udp/22, tcp/${OUTER}, tcp/8000-8010`;
    const alice = { key: holders.alice.base64, allow, forward };
    spad.configure({
      daemon: { firewall, guard },
      access: { alice, masked: { ...alice, key: holders.masked.base64, forward_source: 'masquerade' } },
    });
  };

  describe('on a host that drops by policy', () => {
    beforeEach(async () => {
      await load(server, 'nf_tables', CLOSED, ['iptables']);
      await load(server, 'nf_tables', CLOSED6, ['ip6tables']);
    });
    afterEach(leave);

    test.each([
      ['without a guard', undefined],
      ['with a guard', `tcp/22, udp/22, tcp/${OUTER}, tcp/8000-8010`],
    ])('a grant opens, and what is established goes on after it: %s', async (_, guard) => {
      configure(guard);
      await stage.start();
      const caller = stage.caller();
      const places = [{}, { family: 6 }, { port: 8004 }, { port: OUTER }, { family: 6, port: OUTER }] as const;
      for (const where of places) expect(await stage.answer(caller, where)).toBe('silent');
      const allow = `${caller.address4} ${caller.address6}`;
      const told = await stage.ask(caller, { ports: 'tcp/22 udp/22 tcp/8000-8010', allow, openFor: 5 });
      await stage.ask(caller, { ports: `tcp/${OUTER}`, forward: 'local:8022', allow, openFor: 5 });
      for (const family of [4, 6] as const) {
        expect(await stage.answer(caller, { family, protocol: 'udp' })).toMatch(/^server:22 sees/);
        expect(await stage.answer(caller, { family, port: 8004 })).toMatch(/^server:8004 sees/);
        expect(await stage.answer(caller, { family, port: OUTER })).toMatch(/^server:8022 sees/);
        expect(await stage.answerToStranger({ family })).toBe('silent');
      }
      expect(await stage.answer(caller, { port: 8022 }), 'the inner port itself').toBe('silent');
      const goesOn = await stage.hold(caller, { family: 6 });
      await stage.endsOnTime(caller, {}, told);
      expect(await goesOn()).toBe(true);
    });

    test('a grant forwards through a FORWARD that drops all, both ways, and what is established goes on', async () => {
      configure(`tcp/22, tcp/${OUTER}`);
      await stage.start();
      for (const family of [4, 6] as const) {
        const [caller, inner] = [stage.caller(), stage.inner];
        const allow = family === 4 ? caller.address4 : caller.address6;
        const forward = family === 4 ? `${inner.address4}:22` : `[${inner.address6}]:22`;
        const where = { family, port: OUTER };
        const told = await stage.ask(caller, { ports: `tcp/${OUTER}`, forward, allow, openFor: 4 }, {}, 'masked');
        const goesOn = await stage.hold(caller, where);
        const samples = await stage.endsOnTime(caller, where, told);
        expect(samples[0]?.answer).toMatch(/^inner:22 sees/);
        expect(await goesOn(), `IPv${family}`).toBe(true);
      }
    });
  });

  describe('on an open host', () => {
    afterEach(leave);

    test('a port that a container engine has published is guarded, and opens', async () => {
      await load(server, 'nf_tables', published(`${stage.inner.address4}:22`), ['iptables']);
      configure(`tcp/${OUTER}`);
      await stage.start();
      const caller = stage.caller();
      expect(await stage.answer(caller, { port: OUTER })).toBe('silent');
      await stage.ask(caller, { ports: `tcp/${OUTER}`, openFor: 60 });
      expect(await stage.answer(caller, { port: OUTER })).toMatch(/^inner:22 sees/);
      expect(await stage.answerToStranger({ port: OUTER })).toBe('silent');
      const other = stage.caller();
      await stage.ask(other, { ports: `tcp/${OUTER}`, forward: 'local:8022', openFor: 60 });
      expect(await stage.answer(other, { port: OUTER }), 'where the grant leads, whoever publishes').toMatch(
        /^server:8022/,
      );
      await load(server, 'nf_tables', '*nat\n-F PREROUTING\n-F DOCKER\n-X DOCKER\nCOMMIT\n', ['iptables']);
    });

    test('with spad dead the kernel ends grants, never early, at whatever part of a second they end', async () => {
      configure(`tcp/22, tcp/8000-8010, tcp/${OUTER}`);
      await stage.start();
      const callers = [];
      for (const number of [0, 1, 2, 3, 4, 5]) {
        const caller = stage.caller();
        const port = number % 2 === 0 ? 22 : 8000;
        const ports = number % 2 === 0 ? 'tcp/22' : 'tcp/8000-8010';
        const told = await stage.ask(caller, { ports, openFor: 4 });
        callers.push({ caller, port, told });
        await sleep(130);
      }
      await spad.stop('SIGKILL');
      const end = Math.max(...callers.map(({ told }) => told.until)) + KERNEL_LATE_MS + 400;
      const looks = await Promise.all(callers.map(({ caller, port }) => stage.watch(caller, { port }, end)));
      for (const [index, { told }] of callers.entries()) expectEnd(looks[index] ?? [], told.until, KERNEL_LATE_MS);
    });

    test('rules that were saved while a grant was live do not open again when they are loaded later', async () => {
      configure(`tcp/22, tcp/8000-8010`);
      await stage.start();
      const caller = stage.caller();
      const told = await stage.ask(caller, { ports: 'tcp/8000-8010', openFor: 3 });
      const text = await server.run('iptables-save');
      expect(text).toContain(caller.address4);
      await spad.stop('SIGKILL');
      await sleep(told.until - Date.now() + KERNEL_LATE_MS);
      await server.run('iptables-restore', [], { input: text });
      expect(await stage.answer(caller, { port: 8000 })).toBe('silent');
      await stage.start();
      expect(await savedTables(server, 'nf_tables')).not.toContain(caller.address4);
    });

    test('a guard on trial is taken back by the kernel, though nobody is there', async () => {
      configure('tcp/22');
      await stage.start();
      await spad.stop();
      const [begin, late] = [steadyMs(0), KERNEL_LATE_MS + 700];
      const style = { distance: Date.now(), inSets: firewall === 'ipset' };
      const trial = { ...NOTHING_WANTED, guard: ports('tcp/22'), guardEnds: steadyMs(begin + 3000) };
      for (const [program, family] of [['iptables', 4] as const, ['ip6tables', 6] as const]) {
        const listing = readListing(await server.run(`${program}-save`));
        const batch = installBatch(chainsOf(family, trial, false, style), listing);
        await load(server, 'nf_tables', batch.first + batch.last, [program]);
      }
      const end = style.distance + 3000;
      const caller = stage.caller();
      const looks = await Promise.all(([4, 6] as const).map((family) => stage.watch(caller, { family }, end + late)));
      for (const samples of looks) {
        // A question is asked for 0.9 s, so one that began before the end may be answered after it.
        const early = samples.filter(({ began }) => began < end - 1000);
        expect(early.length).toBeGreaterThan(3);
        expect([...new Set(early.map(({ answer }) => answer))]).toEqual(['silent']);
        expect(samples.at(-1)?.answer).toMatch(/^server:22 sees/);
      }
    });

    test('without IPv6 in the kernel IPv4 goes on, and what is for IPv6 is refused', async () => {
      configure('tcp/22');
      await spad.start({
        through: 'exec unshare -m sh -c \'mount -t tmpfs none /proc/sys/net/ipv6 && exec "$@"\' sh "$@"',
      });
      expect(spad.process.output).toMatch(/warning: this kernel has no IPv6/);
      const caller = stage.caller();
      await stage.ask(caller, {});
      expect(await stage.isOpen(caller)).toBe(true);
      const detail = 'this kernel has no IPv6: only IPv4 is guarded, and nothing is opened for IPv6 addresses';
      await stage.ask(caller, { allow: caller.address6 }, { event: 'failed', reason: 'firewall-failed', detail });
      expect(await stage.isOpen(caller)).toBe(true);
      expect((await server.run('ip6tables-save')).includes('SPAD')).toBe(false);
    });

    test('without its programs it does not start, and says what to install', async () => {
      configure('tcp/22');
      const program = firewall === 'ipset' ? 'ipset' : 'iptables-save';
      const said = new RegExp(`the program ${program} is not here: apt-get install ${firewall}$`);
      const through = 'exec unshare -m sh -c \'mount -t tmpfs none /usr/sbin && exec "$@"\' sh "$@"';
      await spad.start({ through, until: said });
      expect(await spad.process.exited).toMatchObject({ code: 1 });
    });
  });

  describe('when somebody', () => {
    beforeAll(async () => {
      configure(`tcp/22, tcp/${OUTER}`);
      await stage.start();
    });
    afterAll(leave);

    const flush = `iptables -t mangle -D PREROUTING -j SPAD-GUARD; iptables -t mangle -F SPAD-GUARD; iptables -t mangle -F SPAD-GRANT; iptables -t mangle -X SPAD-GUARD; iptables -t mangle -X SPAD-GRANT; iptables -F; iptables -X`;
    test.each([
      ['flushes filter', 'iptables -F'],
      ['flushes mangle', 'iptables -t mangle -F'],
      ['flushes nat of IPv6', 'ip6tables -t nat -F'],
      ['flushes and deletes all chains', flush],
      ['takes the guard out', 'iptables -t mangle -D PREROUTING -j SPAD-GUARD'],
      ['takes the drop out', 'ip6tables -t mangle -D SPAD-GRANT -j DROP'],
      ['puts a rule before the guard', 'iptables -t mangle -I PREROUTING -p tcp -j ACCEPT'],
      ['puts a rule before SPAD-ACCEPT', 'iptables -I INPUT -i eth9 -j DROP'],
      ['calls a chain twice', 'iptables -I INPUT -j SPAD-ACCEPT'],
      ['calls it from elsewhere', 'iptables -A FORWARD -i eth9 -g SPAD-ACCEPT'],
      ['adds a rule', 'iptables -A SPAD-ACCEPT -s 192.0.2.9 -j ACCEPT'],
      ...(firewall === 'ipset'
        ? [
            ['empties a set', 'ipset flush spad-grants4'],
            ['lets somebody in', 'ipset add spad-grants4 192.0.2.9,tcp:22 timeout 900'],
            ['destroys the set', `${flush}; ipset destroy spad-grants4`],
          ]
        : []),
    ])('%s, it is repaired once, and others keep what they have', async (_, command = '') => {
      const caller = stage.caller();
      await stage.ask(caller, {
        openFor: 600,
        ports: 'tcp/22 tcp/8000-8010',
        allow: `${caller.address4} ${caller.address6}`,
      });
      const before = await ours();
      const mark = spad.audit.mark();
      await server.run('sh', ['-c', command]);
      expect(await ours()).not.toEqual(before);
      await spad.audit.waitFor({ event: 'repaired' }, mark, REPAIR_MS);
      expect(await ours()).toEqual(before);
      expect(await stage.answer(caller)).toMatch(/^server:22 sees/);
      expect(await stage.answer(caller, { family: 6 })).toMatch(/^server:22 sees/);
      expect(await stage.answerToStranger()).toBe('silent');
      await sleep(1200);
      expect(spad.audit.all({ event: 'repaired' }, mark)).toHaveLength(1);
      const rule = / -I (?:\S+) (-i eth9.*|-p tcp.*)$/.exec(command)?.[1];
      if (rule !== undefined) expect(await savedTables(server, 'nf_tables')).toContain(rule);
      await server.run('sh', ['-c', 'iptables -t mangle -F PREROUTING; iptables -F INPUT; iptables -F FORWARD']);
    });
  });
});

/** Lines of the tables that are about spad, with their places in the chains of others; openings in any order. */
async function ours(): Promise<readonly string[]> {
  const places = new Map<string, number>();
  const lines = (await savedTables(server, 'nf_tables')).split('\n').map((line) => {
    const chain = line.split(' ')[1] ?? '';
    const place = line.startsWith('*') ? 0 : (places.get(chain) ?? 0) + 1;
    if (line.startsWith('*')) places.clear();
    else places.set(chain, place);
    return /^-A (?!SPAD)/.test(line) ? `${place} ${line}` : line;
  });
  return [...lines.filter((line) => line.includes('SPAD')), ...(await elements())].sort();
}

async function elements(): Promise<readonly string[]> {
  const { stdout } = await server.exec('ipset', ['save']);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('add spad-grants'))
    .map((line) => line.replace(/ timeout \d+/, ''));
}

const published = (to: string): string => `*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -p tcp -m tcp --dport ${OUTER} -j DNAT --to-destination ${to}
COMMIT
`;
