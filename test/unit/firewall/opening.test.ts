import { describe, expect, test } from 'vitest';
import { formatAllowed } from '../../../src/base/allow-address.ts';
import { formatPortSpec } from '../../../src/base/port-spec.ts';
import { steadyMs } from '../../../src/base/units.ts';
import { DesiredState, NOTHING_WANTED } from '../../../src/firewall/desired.ts';
import { changeBetween, layOpenings, type Opening } from '../../../src/firewall/opening.ts';
import { grantOf, ports } from '../values.ts';

const show = (openings: readonly Opening[]): string =>
  openings.map((opening) => `${formatPortSpec(opening)} until ${String(opening.ends)}`).join(', ');

/** `lay(['tcp/22', 10], ['tcp/1-100', 5])`: grants of one address, each with its end. */
const lay = (...grants: readonly [list: string, ends: number][]): Opening[] =>
  layOpenings(grants.map(([list, ends]) => grantOf('192.0.2.1', list, ends)));

describe('what the grants of an address come to', () => {
  const cases: [string, [string, number][], string][] = [
    ['none', [], ''],
    ['one port', [['tcp/22', 9]], 'tcp/22 until 9'],
    ['two protocols', [['udp/22 tcp/22', 9]], 'tcp/22 until 9, udp/22 until 9'],
    [
      'the longer of two',
      [
        ['tcp/22', 9],
        ['tcp/22', 12],
      ],
      'tcp/22 until 12',
    ],
    [
      'a port in a range, longer',
      [
        ['tcp/20-24', 9],
        ['tcp/22', 12],
      ],
      'tcp/20-21 until 9, tcp/22 until 12, tcp/23-24 until 9',
    ],
    [
      'a port in a range, shorter',
      [
        ['tcp/20-24', 9],
        ['tcp/22', 5],
      ],
      'tcp/20-24 until 9',
    ],
    [
      'overlapping ranges',
      [
        ['tcp/10-20', 9],
        ['tcp/15-30', 12],
      ],
      'tcp/10-14 until 9, tcp/15-30 until 12',
    ],
    [
      'ranges that touch and end together',
      [
        ['tcp/10-20', 9],
        ['tcp/21-30', 9],
      ],
      'tcp/10-30 until 9',
    ],
    [
      'ranges that touch and do not',
      [
        ['tcp/10-20', 9],
        ['tcp/21-30', 8],
      ],
      'tcp/10-20 until 9, tcp/21-30 until 8',
    ],
    [
      'a gap',
      [
        ['tcp/10', 9],
        ['tcp/12', 9],
      ],
      'tcp/10 until 9, tcp/12 until 9',
    ],
    [
      'the last port',
      [
        ['tcp/1-65535', 9],
        ['tcp/65535', 12],
      ],
      'tcp/1-65534 until 9, tcp/65535 until 12',
    ],
  ];
  test.each(cases)('%s', (_, grants, openings) => {
    expect(show(lay(...grants))).toBe(openings);
  });
});

describe('the change between two states', () => {
  const change = (before: [string, number][], after: [string, number][]): string => {
    const { close, open } = changeBetween(lay(...before), lay(...after));
    return `close ${show(close)}; open ${show(open)}`;
  };

  test.each<[string, [string, number][], [string, number][], string]>([
    ['nothing new', [['tcp/22', 9]], [['tcp/22', 9]], 'close ; open '],
    ['a first grant', [], [['tcp/22', 9]], 'close ; open tcp/22 until 9'],
    ['the last one gone', [['tcp/22', 9]], [], 'close tcp/22 until 9; open '],
    ['an extension', [['tcp/22', 9]], [['tcp/22', 12]], 'close ; open tcp/22 until 12'],
    ['a shortening', [['tcp/22', 12]], [['tcp/22', 9]], 'close ; open tcp/22 until 9'],
    [
      'a range that is cut',
      [['tcp/20-24', 9]],
      [
        ['tcp/20-24', 9],
        ['tcp/22', 12],
      ],
      'close tcp/20-24 until 9; open tcp/20-21 until 9, tcp/22 until 12, tcp/23-24 until 9',
    ],
  ])('%s', (_, before, after, text) => {
    expect(change(before, after)).toBe(text);
  });
});

describe('what the firewall ought to show', () => {
  const [ssh] = lay(['tcp/22', 9000]) as [Opening];
  const [web] = lay(['tcp/80', 5000]) as [Opening];
  const state = (): DesiredState => {
    const desired = new DesiredState();
    desired.replace({ ...NOTHING_WANTED, guard: ports('tcp/22'), openings: [ssh, web] });
    return desired;
  };

  test('is what it was told, as long as it has not ended', () => {
    expect(state().wanted(steadyMs(0)).guard).toEqual(ports('tcp/22'));
    expect(show(state().openings(steadyMs(4999)))).toBe('tcp/22 until 9000, tcp/80 until 5000');
    expect(show(state().openings(steadyMs(5000)))).toBe('tcp/22 until 9000');
    expect(show(state().openings(steadyMs(9000)))).toBe('');
  });

  test('takes changes in, and out again', () => {
    const desired = state();
    const undo = desired.apply([{ close: [web], open: [{ ...ssh, ends: steadyMs(20_000) }] }]);
    expect(show(desired.openings(steadyMs(0)))).toBe('tcp/22 until 20000');
    undo();
    const sorted = [...desired.openings(steadyMs(0))].sort((a, b) => a.first - b.first);
    expect(show(sorted)).toBe('tcp/22 until 9000, tcp/80 until 5000');
  });

  test('undoing what was opened twice in one go leaves what was there before', () => {
    const desired = new DesiredState();
    const undo = desired.apply([
      { close: [], open: [ssh] },
      { close: [ssh], open: [web] },
      { close: [], open: [{ ...ssh, ends: steadyMs(1) }] },
    ]);
    undo();
    expect(desired.openings(steadyMs(0))).toEqual([]);
  });

  test('knows what has ended, what ends next and what it holds', () => {
    const desired = state();
    expect(desired.nextEnd).toBe(5000);
    expect(show(desired.ended(steadyMs(5000)))).toBe('tcp/80 until 5000');
    expect(show(desired.held([{ ...ssh, ends: steadyMs(1) }]))).toBe('tcp/22 until 9000');
    desired.replace(NOTHING_WANTED);
    expect(desired.nextEnd).toBeUndefined();
  });

  test('forgets what has ended', () => {
    const desired = state();
    desired.prune(steadyMs(5000));
    expect(show(desired.openings(steadyMs(0)))).toBe('tcp/22 until 9000');
  });

  test('a change of another address is another change', () => {
    const desired = state();
    const [other] = layOpenings([grantOf('192.0.2.2', 'tcp/22', 9000)]);
    if (other === undefined) throw new Error('one opening');
    desired.apply([{ close: [other], open: [] }]);
    expect(desired.openings(steadyMs(0)).map((opening) => formatAllowed(opening.address))).toEqual([
      '192.0.2.1',
      '192.0.2.1',
    ]);
  });
});
