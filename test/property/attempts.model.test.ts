/** Attempts at doors against a naive retelling of the rules, one source and one door at a time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Attempts } from '../../src/knock/attempts.ts';
import type { Door } from '../../src/knock/door.ts';
import { doorsOf, knock, LOCAL, say } from '../unit/knock/doors.ts';

const PORTS = ['1', '2', '3', '2:udp', '9'];
const SOURCES = ['10.0.0.1', '10.0.0.2', 'fd99::2'];

const door = fc
  .record({
    steps: fc.array(fc.constantFrom(...PORTS.slice(0, 4)), { minLength: 1, maxLength: 4 }),
    timeout: fc.integer({ min: 1, max: 4 }),
    flags: fc.constantFrom('', 'tcpflags = syn\n', 'tcpflags = syn,!ack\n'),
  })
  .map(({ steps, timeout, flags }) => `sequence = ${steps.join(',')}\nseq_timeout = ${timeout}\n${flags}`);

const packet = fc.record({
  port: fc.constantFrom(...PORTS),
  from: fc.constantFrom(...SOURCES),
  flags: fc.constantFrom(2, 2, 2, 18, 16),
  wait: fc.constantFrom(0, 0, 0, 0.5, 1),
});

type Packet = typeof packet extends fc.Arbitrary<infer T> ? T : never;

interface State {
  stage: number;
  start: number;
}

const isUdp = (port: string): boolean => port.endsWith(':udp');
const textOf = (step: Door['steps'][number] | undefined): string =>
  step === undefined ? '' : `${step.port}${step.protocol === 'udp' ? ':udp' : ''}`;

/** The lines of one packet; `states` maps source and door to how far it has come. */
const model = (doors: readonly Door[], states: Map<string, State>, { port, from, flags }: Packet, now: number) => {
  const fits = (each: Door): boolean =>
    isUdp(port) || each.tcpFlags === undefined || (flags & each.tcpFlags.mask) === each.tcpFlags.value;
  if (!doors.some((each) => each.steps.some((step) => textOf(step) === port) && fits(each))) return [];
  const lines: string[] = [];
  for (const [key, state] of [...states]) {
    const each = doors[Number(key.split(' ')[1])];
    if (each === undefined || Math.floor(now) - state.start < each.seqTimeout) continue;
    lines.push(`${each.name} late ${state.stage}`);
    states.delete(key);
  }
  const mine = [...states.keys()].filter((key) => key.startsWith(`${from} `));
  for (const [index, each] of doors.entries()) {
    const key = `${from} ${index}`;
    const state = states.get(key) ?? { stage: 0, start: Math.floor(now) };
    if ((mine.length > 0 && !mine.includes(key)) || !fits(each)) continue;
    states.delete(key);
    if (textOf(each.steps[state.stage]) !== port) continue;
    lines.push(`${each.name} ${state.stage + 1}`);
    if (state.stage + 1 === each.steps.length) lines.push(`${each.name} open ${from}`);
    else states.set(key, { ...state, stage: state.stage + 1 });
  }
  return lines;
};

test('every packet does what the rules say', () => {
  fc.assert(
    fc.property(
      fc.array(door, { minLength: 1, maxLength: 4 }),
      fc.array(packet, { maxLength: 60 }),
      (conf, packets) => {
        const doors = doorsOf(conf.map((text, index) => `[d${index}]\n${text}`).join(''));
        const attempts = new Attempts(doors, LOCAL);
        const states = new Map<string, State>();
        let now = 1000;
        for (const one of packets) {
          now += one.wait;
          const to = one.from.includes(':') ? 'fd99::1' : '10.99.0.1';
          const events = attempts.step(knock(one.port, { ...one, to, at: now }));
          // Several attempts that run out in one moment have no order that matters.
          expect(say(doors, events).sort()).toEqual(model(doors, states, one, now).sort());
        }
        expect(attempts.size).toBe(new Set([...states.keys()].map((key) => key.split(' ')[0])).size);
      },
    ),
    { numRuns: 500 },
  );
});

test('whoever knocks the sequence alone and in time gets in, whatever others do', () => {
  const others = fc.array(packet, { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(others, { minLength: 3, maxLength: 3 }), (noise) => {
      const doors = doorsOf('[d]\nsequence = 1,2,3');
      const attempts = new Attempts(doors, LOCAL);
      const lines = ['1', '2', '3'].flatMap((port, index) => {
        for (const one of noise[index] ?? []) attempts.step(knock(one.port, { flags: one.flags, from: '10.0.0.9' }));
        return say(doors, attempts.step(knock(port)));
      });
      expect(lines).toEqual(['d 1', 'd 2', 'd 3', 'd open 10.99.0.2']);
    }),
  );
});

test('the table never grows beyond its bound', () => {
  const attempts = new Attempts(doorsOf('[d]\nsequence = 1,2'), LOCAL, 16);
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom('1', '2'), (from, port) => {
      attempts.step(knock(port, { from }));
      expect(attempts.size).toBeLessThanOrEqual(16);
    }),
    { numRuns: 2000 },
  );
});
