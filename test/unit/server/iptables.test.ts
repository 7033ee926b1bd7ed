/**
 * The back-ends iptables and ipset against tables in memory, which read what `iptables-restore` would: for what a real kernel
 * cannot be made to do in a test, such as to set its clock or to lack a module. The real programs: test/e2e/firewalls.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { FirewallError } from '../../../server/firewall/backend.ts';
import { type IpsetRunner, TimedSets } from '../../../server/firewall/ipset.ts';
import { IptablesFirewall } from '../../../server/firewall/iptables.ts';
import type { IptablesTools } from '../../../server/firewall/iptables-tools.ts';
import { KeptFirewall } from '../../../server/firewall/kept.ts';
import type { Family } from '../../../src/base/address.ts';
import { type Moment, steadyMs, unixMs } from '../../../src/base/units.ts';
import { NOTHING_WANTED, type Wanted } from '../../../src/firewall/desired.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import { forwardingTo, openingOf } from '../firewall/openings.ts';
import { ports } from '../values.ts';

/** The tables of a family: chains of rules, as `iptables-restore` changes them. */
class Tables {
  readonly #tables = new Map<string, Map<string, string[]>>();

  restore(text: string): void {
    let chains = new Map<string, string[]>();
    for (const line of text.trimEnd().split('\n')) {
      if (line.startsWith('*')) {
        chains = new Map([...(this.#tables.get(line) ?? BUILT_IN)].map(([name, rules]) => [name, [...rules]]));
        this.#tables.set(line, chains);
      } else if (line.startsWith(':')) chains.set(line.slice(1).split(' ')[0] ?? '', []);
      else if (line !== 'COMMIT') changeRule(chains, line);
    }
  }

  get text(): string {
    return [...this.#tables]
      .map(([table, chains]) => {
        const names = [...chains.keys()].map((name) => `:${name} - [0:0]\n`);
        const rules = [...chains].flatMap(([name, list]) => list.map((rule) => `-A ${name} ${rule}\n`));
        return `${table}\n${[...names, ...rules].join('')}COMMIT\n`;
      })
      .join('');
  }
}

const BUILT_IN: ReadonlyMap<string, string[]> = new Map(
  ['PREROUTING', 'INPUT', 'FORWARD', 'POSTROUTING'].map((name) => [name, []]),
);

function changeRule(chains: Map<string, string[]>, line: string): void {
  const [, verb, name = '', at, rule = ''] = /^-([AIDFX]) (\S+)(?: (\d+)(?= ))?(?: (.*))?$/.exec(line) ?? [];
  const rules = chains.get(name);
  if (rules === undefined) throw new FirewallError(`no chain: ${line}`);
  if (verb === 'A') rules.push(rule);
  else if (verb === 'I') rules.splice(Number(at) - 1, 0, rule);
  else if (verb === 'F') rules.length = 0;
  else if (verb === 'X') chains.delete(name);
  else if (rules.includes(rule)) rules.splice(rules.indexOf(rule), 1);
  else throw new FirewallError(`no such rule: ${line}`);
}

const BEGIN = Date.UTC(2026, 0, 1);

let clock: { wall: number; steady: number };
let tables: Readonly<Record<Family, Tables>>;
let said: string[];
let calls: string[];
let refuses: (text: string) => boolean;
let hasIpv6: boolean;
let firewall: KeptFirewall;
let generation: number | undefined;

const now = (): Moment => ({ wall: unixMs(clock.wall), steady: steadyMs(clock.steady) });
const pass = (ms: number): void => {
  clock.wall += ms;
  clock.steady += ms;
};

const tools: IptablesTools = {
  save: (family) => Promise.resolve(tables[family].text),
  restore: (family, text) => {
    calls.push(text);
    if (refuses(text)) return Promise.reject(new FirewallError('the kernel refuses'));
    tables[family].restore(text);
    return Promise.resolve();
  },
  hasIpv6: () => hasIpv6,
};

const say = (text: string): void => void said.push(text);
const logger = { info: say, warn: say, error: say };

const make = (sets?: TimedSets): KeptFirewall =>
  new KeptFirewall(new IptablesFirewall({ tools, sets, now, logger }), {
    ...{ now, sweeps: true, generation: () => generation, onTrouble: say },
  });

beforeEach(() => {
  clock = { wall: BEGIN, steady: 0 };
  tables = { 4: new Tables(), 6: new Tables() };
  [said, calls, refuses, hasIpv6] = [[], [], () => false, true];
  generation = undefined;
  firewall = make();
});

const one = openingOf('192.0.2.1', 'tcp/22', 60_000);
const six = openingOf('2001:db8::1', 'tcp/22', 60_000);
const wanted = (openings: readonly Opening[], fields: Partial<Wanted> = {}): Wanted => ({
  ...{ ...NOTHING_WANTED, guard: ports('tcp/22'), openings },
  ...fields,
});

const grants = (family: Family = 4): readonly string[] =>
  [...tables[family].text.matchAll(/^-A SPAD-GRANT (.* -j RETURN)$/gm)].map(([, rule = '']) => rule);
const ends = (): readonly string[] => grants().map((rule) => /datestop (\S+)/.exec(rule)?.[1] ?? 'none');

/** A look that KeptFirewall does not put off. */
const repair = (): Promise<boolean> => {
  pass(6000);
  return firewall.repair();
};

describe('when the wall clock is set', () => {
  test.each([
    ['an hour forward', 3_600_000, '2026-01-01T01:01:00'],
    ['an hour back', -3_600_000, '2025-12-31T23:01:00'],
    ['half a second and a little forward', 501, '2026-01-01T00:01:00'],
  ])('%s, ends are written anew', async (_, step, end) => {
    await firewall.synchronize(wanted([one]));
    expect(ends()).toEqual(['2026-01-01T00:01:00']);
    clock.wall += step;
    expect(await repair()).toBe(true);
    expect(ends()).toEqual([end]);
    expect(said).toEqual([
      `the clock was set by ${(step / 1000).toFixed(1)} s: the ends of all rules are written anew`,
    ]);
    expect(await repair()).toBe(false);
  });

  test('a change writes all ends by the new clock', async () => {
    await firewall.synchronize(wanted([one]));
    clock.wall += 3_600_000;
    await firewall.apply([{ close: [], open: [{ ...one, ends: steadyMs(90_000) }] }]);
    expect(ends()).toEqual(['2026-01-01T01:01:30']);
  });

  test('by no more than rules bear, nothing happens', async () => {
    await firewall.synchronize(wanted([one]));
    clock.wall += 200;
    expect(await repair()).toBe(false);
  });
});

describe('a kernel that cannot end rules', () => {
  beforeEach(() => {
    refuses = (text) => text.includes('-m time');
  });

  test('gets rules without an end, which is said once; spad ends them', async () => {
    await firewall.synchronize(wanted([one]));
    expect(ends()).toEqual(['none']);
    expect(said).toEqual([expect.stringMatching(/^this kernel cannot end rules by itself .*xt_time/)]);
    expect(tables[4].text).not.toContain('SPAD-PROBE');
    await firewall.synchronize(wanted([one]));
    expect(said).toHaveLength(1);
    pass(60_000);
    expect(await firewall.repair()).toBe(false);
    expect(grants()).toEqual([]);
  });

  test('and one that refuses everything is not taken for it', async () => {
    refuses = () => true;
    await expect(firewall.synchronize(wanted([one]))).rejects.toThrow('the kernel refuses');
    expect(said).toEqual([]);
  });
});

test('a hook that somebody takes out between the look and the batch is no error', async () => {
  await firewall.synchronize(wanted([one]));
  tables[4].restore('*filter\n-I INPUT 1 -i lo -j ACCEPT\n');
  refuses = (text) => {
    refuses = () => false;
    tables[4].restore('*filter\n-D INPUT -j SPAD-ACCEPT\n');
    return text !== '';
  };
  expect(await repair()).toBe(true);
  expect(tables[4].text).toMatch(/^-A INPUT -j SPAD-ACCEPT\n-A INPUT -i lo -j ACCEPT$/m);
});

describe('without IPv6 in the kernel', () => {
  beforeEach(() => {
    hasIpv6 = false;
  });

  test('IPv4 goes on alone, which is said once; what is for IPv6 is refused', async () => {
    await firewall.synchronize(wanted([]));
    await expect(firewall.apply([{ close: [], open: [six] }])).rejects.toThrow(/no IPv6.*nothing is opened for IPv6/);
    await firewall.apply([{ close: [], open: [one] }]);
    expect(grants()).toHaveLength(1);
    expect(said).toHaveLength(1);
    await repair();
    expect(await repair()).toBe(false);
    expect(tables[6].text).toBe('');
  });

  test('a grant of an earlier start does not keep it from starting', async () => {
    await firewall.synchronize(wanted([one, six]));
    expect(grants()).toHaveLength(1);
    expect(await repair()).toBe(false);
  });
});

describe('each change', () => {
  test('is one batch of the family that it is about', async () => {
    await firewall.synchronize(wanted([]));
    expect(calls).toHaveLength(2);
    calls = [];
    await firewall.apply([{ close: [], open: [one] }]);
    await firewall.apply([{ close: [], open: [{ ...one, ends: steadyMs(90_000) }] }]);
    expect(calls).toHaveLength(2);
    expect(ends()).toEqual(['2026-01-01T00:01:30']);
    await firewall.apply([{ close: [one], open: [six] }]);
    expect([grants(4).length, grants(6).length]).toEqual([0, 1]);
    expect(await repair()).toBe(false);
  });

  test('that is the first to forward brings what forwarding takes, which stays', async () => {
    await firewall.synchronize(wanted([]));
    const onward = { ...one, forwarding: forwardingTo('10.0.0.5', 22, 'masquerade') };
    await firewall.apply([{ close: [], open: [onward] }]);
    expect(tables[4].text).toContain('-A SPAD-SOURCE -s 192.0.2.1/32 -d 10.0.0.5/32 ');
    await firewall.apply([{ close: [onward], open: [] }]);
    expect(tables[4].text).not.toContain('10.0.0.5');
    expect(await repair()).toBe(false);
    await firewall.flush();
    expect(tables[4].text).not.toContain('SPAD');
  });

  test('that finds nothing of what was there makes it anew', async () => {
    await firewall.synchronize(wanted([one]));
    tables[4].restore('*mangle\n-F SPAD-GRANT\n');
    await firewall.apply([{ close: [one], open: [{ ...one, ends: steadyMs(90_000) }] }]);
    expect(ends()).toEqual(['2026-01-01T00:01:30']);
    expect(await repair()).toBe(false);
  });
});

test('a change looks first where somebody has just changed the rules, though it would not fail', async () => {
  generation = 1;
  await firewall.synchronize(wanted([]));
  tables[4].restore('*mangle\n-D PREROUTING -j SPAD-GUARD\n');
  await firewall.apply([{ close: [], open: [one] }]);
  expect(tables[4].text, 'nothing tells of it').not.toContain('-A PREROUTING -j SPAD-GUARD');
  generation = 2;
  await firewall.apply([{ close: [one], open: [] }]);
  expect(tables[4].text).toContain('-A PREROUTING -j SPAD-GUARD');
});

test('with sets, who may pass is changed after where to is known, and before it is forgotten', async () => {
  const sets = new Set<string>();
  const run: IpsetRunner = (args, input) => {
    if (args[0] === 'list') return Promise.resolve([...sets].join('\n'));
    for (const [, name = ''] of input.matchAll(/^create (\S+)/gm)) sets.add(name);
    for (const [, name = ''] of input.matchAll(/^destroy (\S+)/gm)) sets.delete(name);
    if (input !== '') calls.push(input);
    return Promise.resolve('');
  };
  firewall = make(new TimedSets(run, () => now().steady));
  await firewall.synchronize(wanted([], { forwards: true }));
  const order = (): string[] =>
    calls.splice(0).map((text) => text.slice(0, text.indexOf(' ') + 4).split('\n')[0] ?? '');
  expect(order()).toEqual(['create spa', '*nat', '*nat', 'create spa']);
  const onward = { ...one, forwarding: forwardingTo('10.0.0.5', 22) };
  await firewall.apply([{ close: [], open: [onward] }]);
  expect(order()).toEqual(['*nat', 'add spa']);
  await firewall.apply([{ close: [onward], open: [] }]);
  expect(order()).toEqual(['*filter', 'del spa', '*nat']);
  await firewall.flush();
  expect([...sets]).toEqual([]);
});
