/** Several doors, several sources: who disturbs whom. */
import { lines, type Scenario } from '../harness/scenario.ts';

function doors(...named: readonly (readonly [string, string])[]): string {
  const sections = named.map(
    ([name, sequence]) => `[${name}]\n\tsequence = ${sequence}\n\ttcpflags = syn\n\tcommand = /bin/true ${name} %IP%\n`,
  );
  return `[options]\n\tlogfile = LOGFILE\n${sections.join('')}`;
}

export const severalDoors: readonly Scenario[] = [
  {
    name: 'prefix-door-first',
    conf: doors(['short', '7000,8000'], ['long', '7000,8000,9000']),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 9000');
    },
    differs: {
      why: 'knockd forgets all other attempts when the oldest one ends',
      spad: {
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: short: Stage 1
[TS] 10.99.0.2: long: Stage 1
[TS] 10.99.0.2: short: Stage 2
[TS] 10.99.0.2: short: OPEN SESAME
[TS] 10.99.0.2: long: Stage 2
[TS] short: running command: /bin/true short 10.99.0.2

[TS] 10.99.0.2: long: Stage 3
[TS] 10.99.0.2: long: OPEN SESAME
[TS] long: running command: /bin/true long 10.99.0.2

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'prefix-door-last',
    conf: doors(['long', '7000,8000,9000'], ['short', '7000,8000']),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000');
      await run.knock('10.99.0.1 9000');
    },
  },
  {
    name: 'common-prefix-doors-advance-together',
    conf: doors(['nine', '7000,8000,9000'], ['ten', '7000,8000,10000']),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000 9000');
      await run.knock('10.99.0.1 7000 8000');
    },
  },
  {
    name: 'inner-door-is-not-matched-in-the-tail',
    conf: doors(['outer', '7000,8000,9000'], ['inner', '8000,9000']),
    async steps(run) {
      await run.knock('10.99.0.1 7000 8000 9000');
      await run.knock('10.99.0.1 8000 9000');
    },
  },
  {
    name: 'ports-of-other-doors-reset',
    conf: doors(['A', '7000,8000'], ['B', '5000,5001']),
    async steps(run) {
      await run.knock('10.99.0.1 7000 5000 8000');
      await run.knock('10.99.0.1 7000 5000 5001');
      await run.knock('10.99.0.1 5000 5001');
    },
  },
  {
    name: 'two-doors-of-one-name-and-one-sequence',
    conf: doors(['A', '7000,8000'], ['A', '7000,8000'], ['B', '5000']),
    async steps(run) {
      await run.knock('10.99.0.1 5000');
      await run.knock('10.99.0.1 7000 8000');
    },
    unordered: ['log'],
  },
  {
    name: 'names-of-doors-are-taken-as-they-are',
    conf: doors(
      ['  a = [b] ', '7000'],
      ['Options', '7001'],
      [' ', '7002'],
      ['%d%s%n', '7005'],
      ['x'.repeat(140), '7003'],
      ['é', '7004'],
    ),
    async steps(run) {
      for (const port of [7000, 7001, 7002, 7003, 7004, 7005]) await run.knock(`10.99.0.1 ${port}`);
    },
  },
  {
    name: 'two-sources-at-the-same-time',
    conf: doors(['A', '7000,8000,9000']),
    async steps(run) {
      const [a, b] = ['src=10.99.0.2', 'src=10.99.0.3'];
      await run.frames(`${a},dport=7000`, `${b},dport=7000`, `${a},dport=8000`, `${a},dport=9000`);
      await run.frames(`${b},dport=8000`, `${b},dport=9000`);
    },
    differs: {
      why: 'knockd forgets all other attempts when the oldest one ends',
      spad: {
        log: lines(`
[TS] starting up, listening on eth0
[TS] 10.99.0.2: A: Stage 1
[TS] 10.99.0.3: A: Stage 1
[TS] 10.99.0.2: A: Stage 2
[TS] 10.99.0.2: A: Stage 3
[TS] 10.99.0.2: A: OPEN SESAME
[TS] A: running command: /bin/true A 10.99.0.2

[TS] 10.99.0.3: A: Stage 2
[TS] 10.99.0.3: A: Stage 3
[TS] 10.99.0.3: A: OPEN SESAME
[TS] A: running command: /bin/true A 10.99.0.3

[TS] shutting down
`),
      },
    },
  },
  {
    name: 'sources-do-not-help-each-other',
    conf: doors(['A', '7000,8000']),
    async steps(run) {
      await run.frames('src=10.99.0.3,dport=7000');
      await run.frames('src=10.99.0.4,dport=8000');
      await run.frames('src=10.99.0.3,dport=8000');
    },
  },
  {
    name: 'spoofed-and-odd-sources-count',
    conf: doors(['A', '7000,8000']),
    async steps(run) {
      for (const port of [7000, 8000]) await run.onClient(`hping3 -q -c 1 -S -a 10.99.0.200 -p ${port} 10.99.0.1`);
      for (const src of ['127.0.0.1', '0.0.0.0', '224.0.0.1', '10.99.0.1', '::', 'fd99::1']) {
        await run.frames(`src=${src},dport=7000`, `src=${src},dport=8000`);
      }
    },
  },
  {
    name: 'foreign-hosts-broadcast-and-own-packets-do-not-count',
    conf: doors(['A', '7000']),
    async steps(run) {
      await run.frames('dst=10.99.0.77,dport=7000', 'dst=10.99.0.255,mac=ff:ff:ff:ff:ff:ff,dport=7000');
      await run.frames('dst=255.255.255.255,mac=ff:ff:ff:ff:ff:ff,dport=7000', 'dst=224.0.0.1,dport=7000');
      await run.onServer('knock 10.99.0.2 7000; knock 10.99.0.1 7000');
      await run.frames('src=10.99.0.9,dport=7000');
    },
  },
  {
    name: 'two-hundred-doors',
    conf: doors(
      ...Array.from({ length: 200 }, (_, door): [string, string] => [
        `d${door}`,
        Array.from({ length: 8 }, (_, step) => 10_000 + door * 8 + step).join(','),
      ]),
    ),
    async steps(run) {
      await run.logged('starting up', 1, 40_000);
      await run.settle();
      for (const door of [0, 99, 199]) {
        const ports = Array.from({ length: 8 }, (_, step) => 10_000 + door * 8 + step);
        await run.knock(`10.99.0.1 ${ports.join(' 9999 ')}`);
        await run.knock(`-u fd99::1 ${ports.join(' ')}`);
        await run.knock(`fd99::1 ${ports.join(' ')}`);
      }
    },
    differs: {
      why: 'the filter is too long for the kernel: libpcap warns, ours is kept shorter',
      spad: { stderr: '' },
    },
  },
];
