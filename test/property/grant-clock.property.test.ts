/**
 * Grants against time itself. Sleep, steps of the wall clock and reboots cannot be had here: the clocks are told. The kernel is
 * a list of openings whose timeouts stand still while the machine sleeps, as those of nf_tables do; a restart loses the
 * daemon's memory, a reboot the kernel's, too.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Moment, steadyMs, unixMs } from '../../src/base/units.ts';
import type { Decision } from '../../src/engine/effect.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Input } from '../../src/engine/input.ts';
import { type Opening, openingKey } from '../../src/firewall/opening.ts';
import { decodeGrantLog, encodeGrantEvent } from '../../src/grant/record.ts';
import { candidateAt, engineOf } from '../unit/engine/desk.ts';

const TICK_MS = 500;
/** That of the desk's policy. */
const MAX_AGE_MS = 120_000;

class Machine {
  /** What a good clock beside the machine shows. */
  #true = 0;
  #wallIsAhead = 1_767_225_600_000;
  #bootedAt = 0;
  #asleep = 0;
  #boot = 'boot 0';
  #log = '';
  #ids = 0;
  #engine = this.#newEngine();
  /** By key, when the kernel's own clock ends it. */
  #kernel = new Map<string, number>();
  /** By the source, when its grant is over by the good clock; what the operator was promised. */
  readonly #promised = new Map<string, number>();
  /** By the second, the time of the latest packet in it that the daemon still knows; and below what it refuses for having forgotten. */
  #known = new Map<number, number>();
  #floor = Number.NEGATIVE_INFINITY;

  get now(): Moment {
    return { wall: unixMs(this.#true + this.#wallIsAhead), steady: steadyMs(this.#true - this.#bootedAt) };
  }

  #newEngine(): Engine {
    return engineOf(undefined, 100, { newGrantId: () => `g${String((this.#ids += 1))}` });
  }

  get #kernelClock(): number {
    return this.#true - this.#bootedAt - this.#asleep;
  }

  begin(): void {
    const log = decodeGrantLog(this.#log, { ...this.now, boot: this.#boot });
    this.#engine = this.#newEngine();
    [this.#known, this.#floor] = [new Map<number, number>(), Number.NEGATIVE_INFINITY];
    this.#log = '';
    this.#input({ kind: 'start', grants: log.grants, cuts: log.cuts });
    for (const grant of this.#engine.grants()) this.#record({ kind: 'open', grant });
  }

  ask(source: string): void {
    const { wall } = this.now;
    this.#input(candidateAt(this.now, { source }));
    // A clock that was set back to before a packet that is forgotten: it might be that one.
    if (wall <= this.#floor) return;
    const second = Math.floor(wall / 1000);
    this.#known.set(second, Math.max(this.#known.get(second) ?? 0, wall));
    this.#promised.set(source, this.#true + 30_000);
  }

  /** What is stale by the wall clock is forgotten. */
  #forget(): void {
    for (const [second, latest] of this.#known) {
      if (latest + MAX_AGE_MS >= this.now.wall) continue;
      this.#known.delete(second);
      this.#floor = Math.max(this.#floor, latest);
    }
  }

  step(by: number): void {
    this.#wallIsAhead += by;
  }

  sleep(time: number): void {
    this.#true += time;
    this.#asleep += time;
    this.#input({ kind: 'woke' });
    this.#forget();
  }

  pass(time: number): void {
    for (let left = time; left > 0; left -= TICK_MS) {
      this.#true += Math.min(left, TICK_MS);
      this.#input({ kind: 'tick' });
      this.#forget();
    }
  }

  /** kill -9, and what comes back after a while. */
  restart(away: number): void {
    this.#true += away;
    this.begin();
  }

  reboot(away: number): void {
    this.#true += away;
    this.#kernel.clear();
    [this.#bootedAt, this.#asleep, this.#boot] = [this.#true, 0, `boot ${String(this.#true)}`];
    this.begin();
  }

  check(): void {
    const open = [...this.#kernel].filter(([, ends]) => ends > this.#kernelClock).map(([key]) => key.split(' ')[0]);
    const promised = [...this.#promised].filter(([, ends]) => ends > this.#true).map(([source]) => source);
    expect(open.sort()).toEqual(promised.sort());
  }

  #input(input: Input): void {
    for (const decision of this.#engine.handle(input, this.now)) this.#perform(decision);
  }

  #perform(decision: Decision): void {
    for (const effect of decision) {
      if (effect.kind === 'synchronize-firewall') {
        this.#kernel.clear();
        this.#open(effect.wanted.openings);
      } else if (effect.kind === 'change-firewall') {
        for (const opening of effect.change.close) this.#kernel.delete(openingKey(opening));
        this.#open(effect.change.open);
      } else if (effect.kind === 'record-grants') for (const event of effect.events) this.#record(event);
    }
  }

  #record(event: Parameters<typeof encodeGrantEvent>[0]): void {
    this.#log += `${encodeGrantEvent(event, { ...this.now, boot: this.#boot })}\n`;
  }

  #open(openings: readonly Opening[]): void {
    for (const opening of openings)
      this.#kernel.set(openingKey(opening), this.#kernelClock + (opening.ends - this.now.steady));
  }
}

type Event =
  readonly [keyof Pick<Machine, 'step' | 'sleep' | 'pass' | 'restart' | 'reboot'>, number] | readonly ['ask', string];

const time = fc.integer({ min: 1, max: 20_000 });
const common: readonly fc.Arbitrary<Event>[] = [
  fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1').map((source) => ['ask', source] as const),
  time.map((length) => ['sleep', length] as const),
  time.map((length) => ['pass', length] as const),
  time.map((length) => ['restart', length] as const),
];

const play = (events: readonly Event[]): void => {
  const machine = new Machine();
  machine.begin();
  for (const event of events) {
    if (event[0] === 'ask') machine.ask(event[1]);
    else machine[event[0]](event[1]);
    machine.check();
  }
};

test('a grant ends at its time through sleep, restarts and steps of the wall clock', () => {
  const step = fc.integer({ min: -86_400_000, max: 86_400_000 }).map((by) => ['step', by] as const);
  fc.assert(fc.property(fc.array(fc.oneof(...common, step), { maxLength: 30 }), play), { numRuns: 150 });
});

test('and through reboots, where the wall clock is right', () => {
  const reboot = time.map((length) => ['reboot', length] as const);
  fc.assert(fc.property(fc.array(fc.oneof(...common, reboot), { maxLength: 30 }), play), { numRuns: 150 });
});
