/** Expectations are runs of the real knockd 0.8, except where a test says that it differs. */
import { describe, expect, test } from 'vitest';
import { Attempts } from '../../../src/knock/attempts.ts';
import { type Door, TCP_FLAG_BITS } from '../../../src/knock/door.ts';
import { address, doorsOf, knock, type KnockText, LOCAL, say, SERVER6 } from './doors.ts';

const { syn, ack, rst, psh, urg } = TCP_FLAG_BITS;

const A = '[A]\nsequence = 7000,8000,9000\ntcpflags = syn\n';

class Bench {
  readonly attempts: Attempts;
  readonly #doors: readonly Door[];

  constructor(conf: string | readonly Door[], maxSources?: number) {
    this.#doors = typeof conf === 'string' ? doorsOf(conf) : conf;
    this.attempts = new Attempts(this.#doors, LOCAL, maxSources);
  }

  knock(ports: string, how: KnockText = {}): string[] {
    return ports.split(' ').flatMap((port) => say(this.#doors, this.attempts.step(knock(port, how))));
  }
}

describe('a sequence', () => {
  test('opens at its last knock and may be knocked again at once', () => {
    const bench = new Bench(A);
    const once = ['A 1', 'A 2', 'A 3', 'A open 10.99.0.2'];
    expect(bench.knock('7000 8000 9000')).toEqual(once);
    expect(bench.knock('7000 8000 9000')).toEqual(once);
    expect(bench.attempts.size).toBe(0);
  });

  test.each([
    ['a door port too early', '7000 9000 8000 9000', ['A 1']],
    ['the first port twice: the second is used up', '7000 7000 8000 9000', ['A 1']],
    ['a middle port twice', '7000 8000 8000 9000', ['A 1', 'A 2']],
    ['three times: the third begins anew', '7000 7000 7000 8000', ['A 1', 'A 1', 'A 2']],
    ['a port of no door is not seen', '7000 1234 8000', ['A 1', 'A 2']],
    ['the same port by the other protocol is not seen', '7000 8000:udp 8000', ['A 1', 'A 2']],
  ])('%s', (_name, ports, lines) => {
    expect(new Bench(A).knock(ports)).toEqual(lines);
  });

  test('of one knock opens at every packet', () => {
    const bench = new Bench('[one]\nsequence = 7000:udp\nseq_timeout = -1');
    expect(bench.knock('7000:udp 7000:udp')).toEqual(['one 1', 'one open 10.99.0.2', 'one 1', 'one open 10.99.0.2']);
  });

  test('may repeat a port', () => {
    expect(new Bench('[r]\nsequence = 7,7,7').knock('7 7 7')).toEqual(['r 1', 'r 2', 'r 3', 'r open 10.99.0.2']);
  });
});

describe('TCP flags', () => {
  test('that do not fit leave the attempt as it is; further ones do not matter', () => {
    const bench = new Bench('[A]\nsequence = 7000,8000,9000\ntcpflags = syn,!ack');
    expect(bench.knock('7000', { flags: syn })).toEqual(['A 1']);
    for (const flags of [syn | ack, ack, rst]) expect(bench.knock('7000', { flags })).toEqual([]);
    expect(bench.knock('8000', { flags: syn | psh | urg })).toEqual(['A 2']);
    expect(bench.knock('9000', { flags: syn | 0xc0 })).toEqual(['A 3', 'A open 10.99.0.2']);
  });

  test('are not asked of UDP', () => {
    const bench = new Bench('[U]\nsequence = 7000:udp,8000:tcp\ntcpflags = syn');
    expect(bench.knock('7000:udp 8000')).toEqual(['U 1', 'U 2', 'U open 10.99.0.2']);
  });
});

describe('several doors', () => {
  const SHORT = '[short]\nsequence = 1,2\n';
  const LONG = '[long]\nsequence = 1,2,3\n';

  test('with a common beginning go on together; knockd forgets the longer one (its list bug)', () => {
    const bench = new Bench(SHORT + LONG);
    expect(bench.knock('1 2 3')).toEqual([
      ...['short 1', 'long 1', 'short 2', 'short open 10.99.0.2', 'long 2', 'long 3', 'long open 10.99.0.2'],
    ]);
  });

  test('a port of another door resets too, and begins nothing', () => {
    const bench = new Bench(`${A}[B]\nsequence = 5000,5001`);
    expect(bench.knock('7000 5000 5001')).toEqual(['A 1']);
  });

  test('one that is finished takes no other source with it, as it does in knockd', () => {
    const bench = new Bench(A);
    const other = { from: '10.99.0.3' };
    expect([...bench.knock('7000'), ...bench.knock('7000', other)]).toEqual(['A 1', 'A 1']);
    expect(bench.knock('8000 9000')).toEqual(['A 2', 'A 3', 'A open 10.99.0.2']);
    expect(bench.knock('8000 9000', other)).toEqual(['A 2', 'A 3', 'A open 10.99.0.3']);
  });
});

describe('time', () => {
  test('is that of the first knock, in whole seconds, and is noticed at the next packet of anyone', () => {
    const bench = new Bench('[A]\nsequence = 7000,8000,9000\nseq_timeout = 3');
    expect(bench.knock('7000', { at: 1000.9 })).toEqual(['A 1']);
    expect(bench.knock('8000', { at: 1002.99 })).toEqual(['A 2']);
    expect(bench.knock('7000', { at: 1003.0, from: '10.99.0.3' })).toEqual(['A late 2', 'A 1']);
    expect(bench.knock('9000', { at: 1003.1 })).toEqual([]);
  });

  test('zero and less leave only doors of one knock', () => {
    const bench = new Bench('[Z]\nsequence = 1,2\nseq_timeout = 0\n[N]\nsequence = 1,2\nseq_timeout = -5');
    expect(bench.knock('1 2')).toEqual(['Z 1', 'N 1', 'Z late 1', 'N late 1']);
  });

  test('an expired attempt makes room for a new one in the same packet', () => {
    const bench = new Bench(A);
    bench.knock('7000', { at: 1000 });
    expect(bench.knock('7000', { at: 1025 })).toEqual(['A late 1', 'A 1']);
  });

  test('late ones are told oldest first', () => {
    const bench = new Bench('[A]\nsequence = 7,8,9\nseq_timeout = 5\n[B]\nsequence = 5,6,4\nseq_timeout = 1');
    bench.knock('7', { at: 1000 });
    bench.knock('5', { at: 1001, from: '10.99.0.3' });
    expect(bench.knock('6', { at: 1009, from: '10.99.0.4' })).toEqual(['A late 1', 'B late 1']);
  });
});

describe('addresses', () => {
  const W = '[wake]\nsequence = 7000\ntarget = 10.99.0.77\n[own]\nsequence = 7000\n';

  test('a target counts instead of our own', () => {
    expect(new Bench(W).knock('7000', { to: '10.99.0.77' })).toEqual(['wake 1', 'wake open 10.99.0.2']);
    expect(new Bench(W).knock('7000')).toEqual(['own 1', 'own open 10.99.0.2']);
    expect(new Bench(W).knock('7000', { to: '10.99.0.78' })).toEqual([]);
  });

  test('a target in any spelling of IPv6, unlike knockd; one that is no address is never met', () => {
    const bench = new Bench('[six]\nsequence = 1\ntarget = FD99:0::77\n[name]\nsequence = 1\ntarget = host.example');
    expect(bench.knock('1', { from: 'fd99::2', to: 'fd99::77' })).toEqual(['six 1', 'six open fd99::2']);
  });

  test('knocks may be spread over our addresses of a family; IPv4 and IPv6 are two sources', () => {
    const bench = new Bench(A);
    expect(bench.knock('7000')).toEqual(['A 1']);
    expect(bench.knock('7000', { from: 'fd99::2', to: SERVER6 })).toEqual(['A 1']);
    expect(bench.knock('8000 9000')).toEqual(['A 2', 'A 3', 'A open 10.99.0.2']);
  });

  test('that are ours from now on count from now on', () => {
    const bench = new Bench(A);
    expect(bench.knock('7000', { to: '10.99.0.9' })).toEqual([]);
    bench.attempts.setLocal([...LOCAL, address('10.99.0.9')]);
    expect(bench.knock('7000', { to: '10.99.0.9' })).toEqual(['A 1']);
  });
});

describe('beyond knockd', () => {
  test('a strict door is reset by any port, the others are not', () => {
    const [strict, lax] = [...doorsOf(A), ...doorsOf(A.replace('[A]', '[B]'))];
    if (strict === undefined || lax === undefined) throw new Error('two doors');
    const bench = new Bench([{ ...strict, strict: true }, lax]);
    expect(bench.knock('7000 1234 8000')).toEqual(['A 1', 'B 1', 'B 2']);
    expect(bench.knock('1234:udp 9000')).toEqual(['B 3', 'B open 10.99.0.2']);
  });

  test('a door whose sequence is replaced forgets who was on the way', () => {
    const doors = doorsOf(A);
    const bench = new Bench(doors);
    bench.knock('7000 8000');
    bench.attempts.replaceDoor(0, { ...(doors[0] as Door), steps: [{ protocol: 'tcp', port: 9000 }] });
    expect(bench.attempts.size).toBe(0);
    expect(bench.knock('9000')).toEqual(['A 1', 'A open 10.99.0.2']);
    bench.attempts.replaceDoor(0, { ...(doors[0] as Door), steps: [] });
    expect(bench.knock('9000 7000')).toEqual([]);
  });

  test('the table is bounded: first knocks push out first knocks, not whoever came further', () => {
    const bench = new Bench(A, 10);
    bench.knock('7000 8000');
    bench.knock('7000', { from: '10.99.0.3' });
    for (let host = 0; host < 100; host += 1) bench.knock('7000', { from: `10.1.0.${host}` });
    expect(bench.attempts.size).toBe(10);
    expect(bench.attempts.evicted).toBe(92);
    expect(bench.knock('8000', { from: '10.99.0.3' })).toEqual([]);
    expect(bench.knock('9000')).toEqual(['A 3', 'A open 10.99.0.2']);
  });
});
