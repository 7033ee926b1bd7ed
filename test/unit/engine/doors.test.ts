/** Knocks at doors: what the engine decides. */
import { describe, expect, test } from 'vitest';
import { withSecret } from '../../../src/config/door.ts';
import { parseSpadConf } from '../../../src/config/spad-conf.ts';
import { watchesOfRules } from '../../../src/engine/doorkeeper.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { formatSteps, type KnockStep } from '../../../src/knock/door.ts';
import type { DoorRule } from '../../../src/knock/door-rule.ts';
import { timedSequence } from '../../../src/knock/timed-sequence.ts';
import { knock, type KnockText, LOCAL } from '../knock/doors.ts';
import { present, secretOf } from '../values.ts';
import { candidateAt, EPOCH, engineOf, moment, policyOf, show, stanzaOf } from './desk.ts';

const rules = (text: string): DoorRule[] => {
  const { conf } = parseSpadConf(`[spad]\nname = gw1\n${text}`, 'spad.conf');
  return present(conf).doors.map((entry) => withSecret(entry, secretOf(1)));
};

const FRONT = '[door front]\nsequence = 7000,8000\nopen = tcp/22\n';

const engineWith = (text: string | readonly DoorRule[]): Engine => {
  const doors = typeof text === 'string' ? rules(text) : text;
  const engine = engineOf(policyOf([stanzaOf('alice')], { doors }));
  engine.handle({ kind: 'local-addresses', addresses: LOCAL }, moment(0));
  return engine;
};

/** What is decided about knocks at `ports`, of which the engine hears at the steady time `now`. */
const knockAt = (engine: Engine, ports: string, how: KnockText = {}, now = 0): string[] =>
  ports.split(' ').flatMap((port) => {
    const at = (EPOCH + now) / 1000;
    return show(engine.handle({ kind: 'knock', knock: knock(port, { at, ...how }) }, moment(now)));
  });

const countsOf = (engine: Engine): Readonly<Record<string, number>> => {
  const [effect] = engine.handle({ kind: 'report' }, moment(0)).flat();
  return effect?.kind === 'audit' ? (effect.line.counts ?? {}) : {};
};

describe('a door that opens ports', () => {
  test('grants them to the knocker; again, the grant is longer', () => {
    const engine = engineWith(FRONT);
    expect(knockAt(engine, '7000 8000')).toEqual([
      'record +g1',
      'open 10.99.0.2 tcp/22 until 30000',
      'audit granted front',
    ]);
    expect(knockAt(engine, '7000 8000', {}, 5000)).toEqual([
      'record +g1',
      'open 10.99.0.2 tcp/22 until 35000',
      'audit extended front',
    ]);
    expect(countsOf(engine)).toEqual({ extended: 1, granted: 1, 'knock-stage': 4 });
  });

  test('says in its line that it was a knock, and from where', () => {
    const engine = engineWith(FRONT);
    const decisions = ['7000', '8000'].flatMap((port) =>
      engine.handle({ kind: 'knock', knock: knock(port) }, moment(0)),
    );
    const line = decisions.flat().find((effect) => effect.kind === 'audit')?.line;
    expect(line).toMatchObject({ event: 'granted', stanza: 'front', format: 'knock', ports: [{ first: 22 }] });
    expect(line?.source).toEqual(line?.allow?.[0]);
  });

  test('is no client, whose packets close only what is theirs', () => {
    const engine = engineWith(FRONT);
    knockAt(engine, '7000 8000');
    engine.handle(candidateAt(moment(0), { source: '10.99.0.2' }), moment(0));
    const close = candidateAt(moment(0), { source: '10.99.0.2', request: { type: 'close' } });
    engine.handle(close, moment(0));
    expect(engine.grants().map(({ stanza }) => stanza)).toEqual(['front']);
  });

  test('opens nothing for an address that no host has, nor beyond max_grants', () => {
    expect(knockAt(engineWith(FRONT), '7000 8000', { from: '127.0.0.1' })).toEqual([
      'audit rejected front address-not-allowed',
    ]);
    const engine = engineOf(policyOf([], { doors: rules(FRONT) }), 1);
    engine.handle({ kind: 'local-addresses', addresses: LOCAL }, moment(0));
    knockAt(engine, '7000 8000');
    expect(knockAt(engine, '7000 8000', { from: '10.99.0.3' })).toEqual(['audit rejected front too-many-grants']);
  });

  test('whose change the firewall refused has granted nothing', () => {
    const engine = engineWith(FRONT);
    const decisions = ['7000', '8000'].flatMap((port) =>
      engine.handle({ kind: 'knock', knock: knock(port) }, moment(0)),
    );
    const decision = present(decisions[0]);
    const effect = present(decision.find(({ kind }) => kind === 'change-firewall'));
    const failure = { effect, decision, message: 'no' };
    expect(show(engine.handle({ kind: 'effect-failed', failure }, moment(0)))).toEqual([
      'record -g1',
      'audit failed front firewall-failed',
    ]);
    expect(engine.grants()).toEqual([]);
  });
});

test('a door with a command has it run, once the firewall shows the grant if there is one', () => {
  const command = 'start_command = a\nstart_command_6 =\n';
  const door = `[door light]\nsequence = 7000\n${command}[door both]\nsequence = 8000\n${command}open = tcp/22\n`;
  const engine = engineWith(door);
  expect(knockAt(engine, '7000')).toEqual(['run light for 10.99.0.2', 'audit knocked light']);
  expect(knockAt(engine, '8000')).toEqual([
    'record +g1',
    'open 10.99.0.2 tcp/22 until 30000',
    'run both for 10.99.0.2',
    'audit granted both',
  ]);
  expect(countsOf(engine)).toMatchObject({ knocked: 1, granted: 1 });
});

test('source says who may knock, and rate how often, whoever it is', () => {
  const engine = engineWith(`${FRONT}source = 10.99.0.0/29\nrate = 2/1m\n`);
  expect(knockAt(engine, '7000 8000', { from: '10.99.0.9' })).toEqual(['audit rejected front source-not-allowed']);
  expect(knockAt(engine, '7000 8000', { from: '10.99.0.2' })).toContain('audit granted front');
  expect(knockAt(engine, '7000 8000', { from: '10.99.0.3' })).toContain('audit granted front');
  expect(knockAt(engine, '7000 8000', { from: '10.99.0.4' })).toEqual(['audit rejected front rate-limited']);
  // Half a minute later there is room for one.
  expect(knockAt(engine, '7000 8000', { from: '10.99.0.4' }, 30_000)).toContain('audit granted front');
  expect(knockAt(engine, '7000 8000', { from: '10.99.0.5' }, 30_000)).toEqual(['audit rejected front rate-limited']);
});

test('strict = yes: any other port starts the sequence over', () => {
  const engine = engineWith(`${FRONT}strict = yes\n`);
  expect(knockAt(engine, '7000 9 8000')).toEqual([]);
  expect(knockAt(engine, '7000 9:udp 8000')).toEqual([]);
  expect(knockAt(engine, '7000 8000')).toContain('audit granted front');
});

describe('one-time sequences', () => {
  const steps = (...ports: number[]): KnockStep[] => ports.map((port) => ({ protocol: 'tcp', port }));
  const oneTime = (): DoorRule[] =>
    rules('[door once]\none_time_sequences = /o\nopen = tcp/22\nsource = 10.99.0.0/29\n').map((rule) => ({
      ...rule,
      door: { ...rule.door, steps: steps(1, 2) },
      nextSteps: [steps(3, 4)],
    }));

  test('are marked before anything opens, serve once, and run out', () => {
    const engine = engineWith(oneTime());
    expect(knockAt(engine, '1 2')).toEqual([
      'use 1:tcp,2:tcp of /o',
      'record +g1',
      'open 10.99.0.2 tcp/22 until 30000',
      'audit granted once',
    ]);
    expect(knockAt(engine, '1 2')).toEqual([]);
    expect(knockAt(engine, '3 4')).toContain('use 3:tcp,4:tcp of /o');
    expect(knockAt(engine, '1 2 3 4')).toEqual([]);
  });

  test('are not used up by whom the door refuses', () => {
    const engine = engineWith(oneTime());
    expect(knockAt(engine, '1 2', { from: '10.99.0.9' })).toEqual(['audit rejected once source-not-allowed']);
    expect(knockAt(engine, '1 2')).toContain('audit granted once');
  });

  test('that cannot be marked open nothing', () => {
    const engine = engineWith(oneTime());
    engine.handle({ kind: 'knock', knock: knock('1') }, moment(0));
    const decision = present(engine.handle({ kind: 'knock', knock: knock('2') }, moment(0))[0]);
    const failure = { effect: present(decision[0]), decision, message: 'disk full' };
    expect(show(engine.handle({ kind: 'effect-failed', failure }, moment(0)))).toEqual([
      'audit failed once sequence-failed',
    ]);
    expect(engine.grants()).toEqual([]);
    expect(knockAt(engine, '1 2')).toEqual([]);
  });

  test('that are to come are looked out for', () => {
    expect(watchesOfRules(oneTime(), moment(0).wall)).toMatchObject([{ protocol: 'tcp', ports: [1, 2, 3, 4] }]);
  });
});

describe('sequences that follow from the minute', () => {
  const MINUTE = '[door minute]\nsequence_secret_file = /k\nopen = tcp/22\n';
  const now = Math.floor(EPOCH / 60_000);
  const stepsAt = (offset: number): readonly KnockStep[] => timedSequence(secretOf(1), 'minute', now + offset);
  const portsAt = (offset: number): string => formatSteps(stepsAt(offset)).replaceAll(',', ' ');

  test.each([
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ])('the minute %i opens: %s', (offset, opens) => {
    const decided = knockAt(engineWith(MINUTE), portsAt(offset));
    expect(decided.includes('audit granted minute')).toBe(opens);
  });

  test('a sequence that is begun in one minute may be ended in the next, and is stale after that', () => {
    const engine = engineWith(MINUTE);
    const [first = '', ...rest] = portsAt(0).split(' ');
    knockAt(engine, first, {}, 59_000);
    expect(knockAt(engine, rest.join(' '), {}, 61_000)).toContain('audit granted minute');
    expect(knockAt(engine, portsAt(0), {}, 119_000)).toContain('audit granted minute');
    expect(knockAt(engine, portsAt(0), {}, 121_000)).toEqual([]);
    engine.handle({ kind: 'tick' }, moment(121_000));
    expect(knockAt(engine, portsAt(3), {}, 121_000)).toContain('audit extended minute');
  });

  test('are looked out for some minutes ahead, and not told anew each minute', () => {
    const watched = (steady: number): Set<string> =>
      new Set(
        watchesOfRules(rules(MINUTE), moment(steady).wall).flatMap(({ protocol, ports = [] }) =>
          ports.map((port) => `${port}:${protocol}`),
        ),
      );
    for (let minute = 0; minute < 25; minute += 1) {
      const seen = watched(60_000 * minute);
      for (const offset of [-1, 0, 1])
        for (const step of stepsAt(minute + offset)) expect(seen.has(formatSteps([step]))).toBe(true);
    }
    expect(new Set(Array.from({ length: 20 }, (_, minute) => [...watched(60_000 * minute)].join())).size).toBeLessThan(
      4,
    );
  });
});

test('a reload brings other doors; what the old ones had opened is taken back', () => {
  const engine = engineWith(FRONT);
  knockAt(engine, '7000 8000 7000');
  const policy = policyOf([], { doors: rules('[door back]\nsequence = 8000\nopen = tcp/22\n') });
  expect(show(engine.handle({ kind: 'reload', policy }, moment(0)))).toEqual([
    'synchronize tcp/22: ',
    'record -g1',
    'audit revoked front stanza-removed',
    'audit reloaded',
  ]);
  expect(knockAt(engine, '8000')).toContain('audit granted back');
});
