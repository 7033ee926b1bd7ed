/** When the back-end looks at the kernel, and what it makes of it. The kernel itself is asked in test/e2e. */
import { describe, expect, test } from 'vitest';
import { readGeneration } from '../../../server/firewall/generation.ts';
import { nftables } from '../../../server/firewall/nftables.ts';
import { cutTable, type NftRunner } from '../../../server/firewall/nft-runner.ts';
import { routingWarnings } from '../../../server/routing.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { steadyMs } from '../../../src/base/units.ts';
import { NOTHING_WANTED } from '../../../src/firewall/desired.ts';
import { layOpenings, type Opening } from '../../../src/firewall/opening.ts';
import { grantOf, ip, portOf, ports } from '../values.ts';

/** A kernel that holds what it is told, and counts what it is asked. */
class FakeKernel {
  now = 0;
  generation: number | undefined = 7;
  listing = 'table';
  holds = true;
  /** What a look at the elements costs, in milliseconds. */
  cost = 0;
  /** Whether it refuses every script. */
  refuses = false;
  readonly asked: string[] = [];
  readonly scripts: string[] = [];

  readonly runner: NftRunner = {
    description: 'fake',
    lasts: true,
    run: (script) => {
      this.asked.push('run');
      if (this.refuses) return Promise.reject(new Error('refused'));
      this.scripts.push(script);
      this.change();
      this.listing = 'table';
      this.holds = true;
      return Promise.resolve('');
    },
    list: () => {
      this.asked.push('list');
      return Promise.resolve(this.listing);
    },
    json: () => Promise.resolve(undefined),
    wouldRun: (script) => {
      this.asked.push(`probe ${String(script.split('\n').length)}`);
      this.now += this.cost;
      return Promise.resolve(this.holds);
    },
    generation: () => this.generation,
  };

  /** A transaction, whoever's. */
  change(): void {
    if (this.generation !== undefined) this.generation += 1;
  }

  take(): string[] {
    return this.asked.splice(0);
  }
}

const opening = (fields = {}, ends = 60_000): Opening[] => layOpenings([grantOf('192.0.2.1', 'tcp/22', ends, fields)]);

const setUp = async (forwards = false): Promise<[FakeKernel, ReturnType<typeof nftables>]> => {
  const kernel = new FakeKernel();
  const firewall = nftables(kernel.runner, () => steadyMs(kernel.now));
  await firewall.synchronize({ ...NOTHING_WANTED, openings: opening(), forwards });
  kernel.take();
  return [kernel, firewall];
};

describe('a change of single ports', () => {
  /** Takes messages, or refuses them, and counts what comes as messages. */
  const withBatches = async (takes: boolean): Promise<[FakeKernel, ReturnType<typeof nftables>]> => {
    const kernel = new FakeKernel();
    const batch = (): boolean => {
      kernel.asked.push('batch');
      if (takes) kernel.change();
      return takes;
    };
    const firewall = nftables({ ...kernel.runner, batch }, () => steadyMs(kernel.now));
    await firewall.synchronize({ ...NOTHING_WANTED, openings: [] });
    kernel.take();
    return [kernel, firewall];
  };

  test('goes to the kernel itself, and is known to be ours', async () => {
    const [kernel, firewall] = await withBatches(true);
    await firewall.apply([{ close: [], open: opening() }]);
    expect(kernel.take()).toEqual(['batch']);
    expect(await firewall.repair()).toBe(false);
    expect(kernel.take()).toEqual([]);
    kernel.change();
    await firewall.apply([{ close: [], open: opening({}, 90_000) }]);
    kernel.holds = false;
    expect(await firewall.repair()).toBe(true);
  });

  test('that the kernel refuses is tried as a script, which says why or mends it', async () => {
    const [kernel, firewall] = await withBatches(false);
    await firewall.apply([{ close: [], open: opening() }]);
    expect(kernel.take()).toEqual(['batch', 'run']);
    expect(kernel.scripts.at(-1)).toContain('add element inet spad grant4');
    kernel.refuses = true;
    await expect(firewall.apply([{ close: opening(), open: [] }])).rejects.toThrow('refused');
  });
});

describe('repair', () => {
  test('asks nothing while nobody but us has changed anything', async () => {
    const [kernel, firewall] = await setUp();
    expect(await firewall.repair()).toBe(false);
    await firewall.apply([{ close: [], open: opening({}, 90_000) }]);
    kernel.take();
    expect(await firewall.repair()).toBe(false);
    expect(kernel.take()).toEqual([]);
  });

  test('looks once where somebody has, and rests when all is there', async () => {
    const [kernel, firewall] = await setUp();
    kernel.change();
    expect(await firewall.repair()).toBe(false);
    expect(kernel.take()).toEqual(['list', 'probe 1']);
    expect(await firewall.repair()).toBe(false);
    expect(kernel.take()).toEqual([]);
  });

  test('mends what is missing, be it an element or the rest', async () => {
    const [kernel, firewall] = await setUp();
    for (const damage of [() => (kernel.holds = false), () => (kernel.listing = 'something else')]) {
      kernel.now += 1;
      kernel.change();
      damage();
      expect(await firewall.repair()).toBe(true);
      expect(kernel.scripts.at(-1)).toContain('add element inet spad grant4 { 192.0.2.1 . tcp . 22 timeout');
      expect(await firewall.repair()).toBe(false);
    }
  });

  test('does not miss what somebody changed just before or after a change of ours', async () => {
    const [kernel, firewall] = await setUp();
    kernel.change();
    await firewall.apply([{ close: [], open: opening({}, 90_000) }]);
    kernel.holds = false;
    expect(await firewall.repair()).toBe(true);
  });

  test('goes on until the kernel takes it', async () => {
    const [kernel, firewall] = await setUp();
    kernel.refuses = true;
    kernel.change();
    kernel.listing = 'nothing';
    for (let turn = 0; turn < 3; turn += 1) await expect(firewall.repair()).rejects.toThrow('refused');
    kernel.refuses = false;
    expect(await firewall.repair()).toBe(true);
    expect(await firewall.repair()).toBe(false);
  });

  test('sets right what a refused synchronization has left as it was', async () => {
    const [kernel, firewall] = await setUp();
    kernel.refuses = true;
    await expect(firewall.synchronize({ ...NOTHING_WANTED, guard: ports('tcp/22') })).rejects.toThrow('refused');
    kernel.refuses = false;
    expect(await firewall.repair()).toBe(true);
    expect(kernel.scripts.at(-1)).toContain('th dport != { tcp . 22 } accept');
  });

  test('does not look for elements that end within a second', async () => {
    const [kernel, firewall] = await setUp();
    kernel.now = 59_001;
    kernel.change();
    kernel.holds = false;
    expect(await firewall.repair()).toBe(false);
    expect(kernel.take()).toEqual(['list']);
  });

  test('spends at most a twentieth of its time on elements, however busy the ruleset', async () => {
    const [kernel, firewall] = await setUp();
    kernel.cost = 50;
    for (let turn = 0; turn < 20; turn += 1) {
      kernel.change();
      await firewall.repair();
      kernel.now += 100;
    }
    const probes = kernel.take().filter((word) => word.startsWith('probe'));
    expect(probes).toHaveLength(2);
  });

  test('looks at every turn where the kernel does not tell generations', async () => {
    const [kernel, firewall] = await setUp();
    kernel.generation = undefined;
    for (let turn = 0; turn < 3; turn += 1) {
      kernel.now += 1;
      expect(await firewall.repair()).toBe(false);
    }
    expect(kernel.take()).toEqual(['list', 'probe 1', 'list', 'probe 1', 'list', 'probe 1']);
  });
});

describe('the chains of NAT', () => {
  const forwarding = { to: ip('10.0.0.5'), port: portOf(22), source: 'client' } as const;

  test('are there where grants can forward', async () => {
    for (const forwards of [true, false]) {
      const [kernel] = await setUp(forwards);
      expect(kernel.scripts[0]?.includes('type nat')).toBe(forwards);
    }
  });

  test('and where one does that was granted when they still could', async () => {
    const kernel = new FakeKernel();
    const firewall = nftables(kernel.runner, () => steadyMs(kernel.now));
    await firewall.synchronize({ ...NOTHING_WANTED, openings: opening({ forwarding }) });
    expect(kernel.scripts[0]).toContain('type nat');
  });
});

describe('the kernel’s answer about its generation', () => {
  /** What Linux 6.18 answered: generation 134, asked for by process 9852, which is called node. */
  const ANSWER = Buffer.from(
    '300000000f0a0000000000007c260000000000860800010000000086080002000000267c090003006e6f646500000000',
    'hex',
  );

  test('is read', () => {
    expect(readGeneration(ANSWER)).toBe(134);
  });

  test('is undefined where it is an error, cut or empty', () => {
    const error = Uint8Array.from(ANSWER);
    error[4] = 2;
    error[5] = 0;
    for (const bytes of [error, ANSWER.subarray(0, 20), ANSWER.subarray(0, 26), new Uint8Array(0)])
      expect(readGeneration(bytes)).toBeUndefined();
  });
});

test('a host that does not route is told, family by family', () => {
  const told = (ip4: string | undefined, ip6: string): string[] =>
    routingWarnings([4, 6, 'local'], 'spad.conf', (name) => (name.includes('ipv4') ? ip4 : ip6)).map(formatIssue);
  expect(told('1\n', '1\n')).toEqual([]);
  expect(told(undefined, '1\n')).toEqual([]);
  expect(told('0\n', '0\n').join('\n')).toMatch(
    /net\.ipv4\.ip_forward is 0 .*sysctl[^]*net\.ipv6\.conf\.all\.forwarding/,
  );
});

test('the one table is cut out of all of its family', () => {
  const table = 'table inet spad {\n\tset grant4 {\n\t\ttype ipv4_addr\n\t}\n}';
  const others = ['table inet filter {\n}', 'table inet spad2 {\n}'];
  expect(cutTable([others[0], table, others[1], ''].join('\n'), 'inet spad')).toBe(table);
  expect(cutTable(others.join('\n'), 'inet spad')).toBeUndefined();
});
