import { describe, expect, test } from 'vitest';
import { type Cidr, parseCidr } from '../../../../src/base/address.ts';
import { formatPortSpec } from '../../../../src/base/port-spec.ts';
import type { PlannedDoor } from '../../../../src/knock/kernel-rules/door-effect.ts';
import { planDoors } from '../../../../src/knock/kernel-rules/plan.ts';
import { doorsOf, issuesOf, PAIR, plansOf, TIMED } from './doors.ts';
import { ports } from '../../values.ts';

const OPEN = 'command = iptables -I INPUT -s %IP% -p tcp --dport 22 -j ACCEPT';
const CLOSE = 'stop_command = iptables -D INPUT -s %IP% -p tcp --dport 22 -j ACCEPT';
const door = (...lines: readonly string[]): string => ['[door]', ...lines].join('\n');

const cidrs = (...texts: readonly string[]): Cidr[] => texts.map(parseCidr).filter((cidr) => cidr !== undefined);

const firstOf = (text: string): PlannedDoor => {
  const [first] = doorsOf(text);
  if (first === undefined) throw new Error('no door');
  return first;
};

describe('what a door opens', () => {
  test('with a stop command: a window, in each family with a command of its own', () => {
    const plans = plansOf(TIMED);
    expect(plans.map(({ family }) => family)).toEqual([4, 6]);
    for (const { doors, guarded } of plans) {
      expect(guarded.map(formatPortSpec)).toEqual(['tcp/22']);
      expect(doors).toMatchObject([
        { number: 1, name: 'openSSH', strict: false, effect: { kind: 'open', window: 30 } },
      ]);
    }
  });

  test('without: until the door with the matching -D', () => {
    const [v4, v6] = plansOf(PAIR);
    expect(v4?.doors).toMatchObject([
      { effect: { kind: 'open', window: undefined } },
      { effect: { kind: 'close', doors: [1] } },
    ]);
    expect(v6?.doors).toEqual([]);
  });

  test('a negative time is for ever', () => {
    const [plan] = plansOf(door('sequence = 1', OPEN, 'cmd_timeout = -1', CLOSE), [4]);
    expect(plan?.doors).toMatchObject([{ effect: { kind: 'open', window: undefined } }]);
  });

  test('an empty command for IPv6 is nothing', () => {
    expect(plansOf(door('sequence = 1', OPEN, 'command_6 =', CLOSE))[1]?.doors).toEqual([]);
  });

  test('a door that says itself what it opens, for the families of its sources and its target', () => {
    const given = { ...firstOf(door('sequence = 1,2')), open: ports('tcp/22'), openFor: 60 };
    const planned = (...sources: readonly string[]): unknown[] => {
      const options = { families: [4, 6] as const, strict: true };
      const { plans, issues } = planDoors([{ ...given, sources: cidrs(...sources) }], options);
      expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
      return (plans ?? []).map(({ doors }) => doors.map(({ effect, sources: from }) => ({ effect, from })));
    };
    const effect = { kind: 'open', ports: given.open, window: 60 };
    expect(planned('0.0.0.0/0', '::/0')).toEqual([[{ effect, from: [] }], [{ effect, from: [] }]]);
    const some = ['192.0.2.0/24', '198.51.100.1'];
    expect(planned(...some)).toEqual([[{ effect, from: cidrs(...some) }], []]);
    expect(planned('192.0.2.0/24', '0.0.0.0/0', '2001:db8::/32')).toEqual([
      [{ effect, from: [] }],
      [{ effect, from: cidrs('2001:db8::/32') }],
    ]);
  });

  test.each([
    ['a sequence from a secret', { timed: {} }, 'the kernel cannot work out a sequence from a secret'],
    ['a limit of opens', { rate: { opens: 3, window: 60 } }, 'kernel rules count no opens'],
    ['ports and a command', { open: ports('tcp/80'), openFor: 5 }, 'it opens ports and runs a command besides'],
  ])('not %s', (_, more, problem) => {
    const given = { ...firstOf(door('sequence = 1', OPEN, CLOSE)), ...more };
    const { plans, issues } = planDoors([given], { families: [4], strict: false });
    expect(plans).toBeUndefined();
    expect(issues.map((issue) => issue.problem)).toEqual([`door "door": ${problem}`]);
  });
});

describe('what the kernel cannot do is an error of that door and line', () => {
  test.each([
    ['a command', door('sequence = 1', 'command = /bin/mail root'), 'error 3: door "door": "/bin/mail" is a program'],
    [
      'a command for IPv6',
      door('sequence = 1', OPEN, CLOSE, 'command_6 = /bin/true'),
      'error 5: door "door": "/bin/true"',
    ],
    [
      'iptables for IPv6',
      door('sequence = 1', OPEN, CLOSE, `start_${OPEN.replace('command', 'command_6')}`),
      'error 5: door "door": iptables knows no IPv6 (say ip6tables)',
    ],
    ['no command', door('sequence = 1'), 'error 1: door "door": it opens nothing'],
    [
      'a one-time file',
      door('one_time_sequences = /etc/once', OPEN, CLOSE),
      'error 2: door "door": the kernel cannot use up a file of one-time sequences',
    ],
    [
      'no time',
      door('sequence = 1,2', 'seq_timeout = 0', OPEN, CLOSE),
      'error 3: door "door": no time for a second knock',
    ],
    [
      'no window',
      door('sequence = 1', OPEN, 'cmd_timeout = 0', CLOSE),
      'error 4: door "door": it closes at the moment it opens',
    ],
    [
      'a target by name',
      door('sequence = 1', 'target = example.org', OPEN, CLOSE),
      'error 3: door "door": "example.org" is not an address',
    ],
    [
      'another stop command',
      door('sequence = 1', OPEN, 'stop_command = /bin/true'),
      'error 4: door "door": "/bin/true" is a program',
    ],
    [
      'a stop command for another port',
      door('sequence = 1', OPEN, CLOSE.replace('22', '23')),
      'error 4: door "door": it does not take out just the rule that start_command puts in',
    ],
    [
      'a door that closes what none opens',
      door('sequence = 1', CLOSE.slice('stop_'.length)),
      'error 3: door "door": it takes out a rule that no other door puts in',
    ],
    [
      'a door that closes and opens',
      door('sequence = 1', CLOSE.slice('stop_'.length), `stop_${OPEN}`),
      'error 4: door "door": a door that closes cannot open again',
    ],
    [
      'a target of the other family',
      door('sequence = 1', 'target = 2001:db8::1', OPEN, CLOSE),
      'error 1: door "door": it opens nothing',
    ],
  ])('%s', (_, text, issue) => {
    expect(issuesOf(text, [4])).toEqual([expect.stringContaining(issue)]);
  });

  test('all of them at once, in the order of the lines', () => {
    const text = `${door('sequence = 1', 'command = a')}\n${door('sequence = 1', 'command = b')}`;
    expect(issuesOf(text).map((issue) => issue.slice(0, 8))).toEqual(['error 3:', 'error 6:']);
  });

  test("a door's name reaches no terminal unseen through", () => {
    expect(issuesOf('[a\u001b[2Jb]\nsequence = 1\n')[0]).toContain('door "a\\u{1b}[2Jb"');
  });
});

describe('what may surprise is a warning', () => {
  test('a port that no door opens over IPv6 is shut there all the same', () => {
    expect(issuesOf(door('sequence = 1', OPEN, CLOSE))).toEqual([
      'warning 0: tcp/22 is shut to everyone over IPv6, where no door opens it (give the door a start_command_6 with ip6tables, or say --family 4 to leave IPv6 alone)',
    ]);
    expect(issuesOf(door('sequence = 1', OPEN, CLOSE), [4])).toEqual([]);
  });

  test('a door that nothing closes', () => {
    expect(issuesOf(door('sequence = 1', OPEN), [4])).toEqual([
      'warning 1: door "door": nothing closes it again (give it a stop_command, or another door with -D)',
    ]);
    expect(issuesOf(PAIR, [4])).toEqual([]);
  });
});
