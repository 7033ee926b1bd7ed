import { describe, expect, test } from 'vitest';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import { decodeGrantLog, encodeGrantEvent, eventsOfLog } from '../../../src/grant/record.ts';
import type { Forwarding } from '../../../src/grant/forwarding.ts';
import { grantOf, ip, portOf, ports } from '../values.ts';

const WALL = 1_767_225_600_000;
const now = { wall: unixMs(WALL), steady: steadyMs(5000), boot: 'this-run' };
const line = (fields: object): string => JSON.stringify(fields);
const open = { open: 'a1', stanza: 'alice', address: '192.0.2.1', ports: ['tcp/22'], until: WALL + 30_000 };

describe('the grant log', () => {
  test('is one JSON object a line', () => {
    const grant = grantOf('2001:DB8::1', 'tcp/22 udp/60000-60010', 0, { id: 'a1', until: unixMs(WALL) });
    expect(JSON.parse(encodeGrantEvent({ kind: 'open', grant }, now))).toEqual({
      ...{ open: 'a1', stanza: 'alice', address: '2001:db8::1' },
      ...{ ports: ['tcp/22', 'udp/60000-60010'], until: WALL },
      ...{ left: 0, boot: 'this-run', ends: 0 },
    });
    expect(JSON.parse(encodeGrantEvent({ kind: 'end', id: 'a1' }, now))).toEqual({ end: 'a1' });
  });

  test('a name cannot break the line', () => {
    const grant = grantOf('192.0.2.1', 'tcp/22', 0, { stanza: 'a\n{"end":"x"}' });
    expect(encodeGrantEvent({ kind: 'open', grant }, now)).not.toContain('\n');
  });

  test('what is open and has not ended is live, its end by the steady clock', () => {
    const { grants, unreadable } = decodeGrantLog(`${line(open)}\n`, now);
    expect(unreadable).toBe(0);
    expect(grants).toEqual([
      {
        ...{ id: 'a1', stanza: 'alice', address: ip('192.0.2.1'), ports: ports('tcp/22') },
        ...{ ends: 35_000, until: WALL + 30_000 },
      },
    ]);
  });

  describe('the end', () => {
    const written = { ...open, left: 30_000, boot: 'this-run', ends: 35_000 };
    const endAt = (fields: object, moment = now): number | undefined =>
      decodeGrantLog(line({ ...written, ...fields }), moment).grants[0]?.ends;

    test('is what the steady clock says within one run of the machine, wherever the wall clock has gone', () => {
      for (const step of [0, 3_600_000, -3_600_000])
        expect(endAt({}, { ...now, wall: unixMs(WALL + step) })).toBe(35_000);
    });

    test('is what the wall clock says in another run, and where no run is named', () => {
      const later = { wall: unixMs(WALL + 10_000), steady: steadyMs(100), boot: 'another' };
      expect(endAt({}, later)).toBe(20_100);
      expect(endAt({}, { ...later, boot: '' })).toBe(20_100);
      expect(endAt({ boot: '' }, { ...later, boot: '' })).toBe(20_100);
      expect(endAt({ boot: undefined, ends: undefined, left: undefined }, later)).toBe(20_100);
    });

    test('is never further away than it was, though a clock without a battery begins in 1970', () => {
      expect(endAt({}, { wall: unixMs(0), steady: steadyMs(100), boot: 'another' })).toBe(30_100);
    });

    test.each([['text'], [-1], [1.5], [null]])('is not taken from %j', (ends) => {
      expect(endAt({ ends })).toBe(35_000);
      expect(endAt({ ends, until: WALL + 1 })).toBe(5001);
    });
  });

  test('what has ended and stays cut is told apart, until that ends, too', () => {
    const flags = { cuts: true, whileConnected: true } as const;
    const grant = grantOf('192.0.2.1', 'tcp/22', 35_000, { id: 'a1', until: unixMs(WALL), ...flags });
    const opened = encodeGrantEvent({ kind: 'open', grant }, now);
    const read = (...lines: string[]): unknown => decodeGrantLog(lines.join('\n'), now);
    expect(read(opened)).toEqual({ grants: [grant], cuts: [], unreadable: 0 });
    expect(read(opened, line({ cut: 'a1' }))).toEqual({ grants: [], cuts: [grant], unreadable: 0 });
    expect(read(opened, line({ cut: 'a1' }), line({ end: 'a1' }))).toEqual({ grants: [], cuts: [], unreadable: 0 });
    expect(read(line({ cut: 'a1' }))).toEqual({ grants: [], cuts: [], unreadable: 0 });
    const rewritten = eventsOfLog({ grants: [], cuts: [grant] }).map((event) => encodeGrantEvent(event, now));
    expect(read(...rewritten)).toEqual({ grants: [], cuts: [grant], unreadable: 0 });
  });

  test('the last line about a grant counts', () => {
    const lines = [
      line(open),
      line({ ...open, open: 'b2' }),
      line({ ...open, until: WALL + 60_000 }),
      line({ end: 'b2' }),
    ];
    const { grants } = decodeGrantLog(lines.join('\n'), now);
    expect(grants.map(({ id, ends }) => [id, ends])).toEqual([['a1', 65_000]]);
  });

  test('opened, ended, opened again', () => {
    expect(decodeGrantLog([line(open), line({ end: 'a1' }), line(open)].join('\n'), now).grants).toHaveLength(1);
    expect(decodeGrantLog([line({ end: 'a1' }), line(open), line({ end: 'a1' })].join('\n'), now).grants).toEqual([]);
  });

  test('an end that has passed lies behind now on the steady clock, too', () => {
    expect(decodeGrantLog(line({ ...open, until: WALL - 500 }), now).grants[0]?.ends).toBe(now.steady - 500);
    expect(decodeGrantLog(line({ ...open, until: WALL + 1 }), now).grants[0]?.ends).toBe(now.steady + 1);
  });

  test.each([
    ['torn', line(open).slice(0, -5)],
    ['not JSON', 'hello'],
    ['a number', '5'],
    ['null', 'null'],
    ['a list', '[]'],
    ['nothing known', '{}'],
    ['no stanza', line({ ...open, stanza: undefined })],
    ['a number for an id', line({ ...open, open: 1 })],
    ['a bad address', line({ ...open, address: '192.0.2' })],
    ['no ports', line({ ...open, ports: [] })],
    ['ports that are no list', line({ ...open, ports: 'tcp/22' })],
    ['one bad port', line({ ...open, ports: ['tcp/22', 'tcp/0'] })],
    ['a port that is no text', line({ ...open, ports: [22] })],
    ['an end as text', line({ ...open, until: '2027' })],
    ['an end that never comes', line(open).replace(/"until":\d+/, '"until":1e999')],
    ['no end', line({ ...open, until: undefined })],
    ['an end of nothing', line({ end: 5 })],
  ])('a line that is %s is counted and does no harm', (_, bad) => {
    const good = line({ ...open, open: 'ok' });
    const { grants, unreadable } = decodeGrantLog([good, bad, ''].join('\n'), now);
    expect([grants.map((grant) => grant.id), unreadable]).toEqual([['ok'], 1]);
  });

  test.each<[string, Forwarding, object]>([
    [
      'an inner host',
      { to: ip('10.0.0.5'), port: portOf(22), source: 'masquerade' },
      { to: '10.0.0.5', port: 22, source: 'masquerade' },
    ],
    [
      'the same port',
      { to: ip('fd00::5'), port: undefined, source: ip('fd00::1') },
      { to: 'fd00::5', source: 'fd00::1' },
    ],
    ['this host', { to: undefined, port: portOf(8022), source: 'client' }, { port: 8022, source: 'client' }],
  ])('forwarding to %s', (_, forwarding, json) => {
    const address = forwarding.to?.family === 6 ? '2001:db8::1' : '192.0.2.1';
    const grant = grantOf(address, 'tcp/22', 35_000, { forwarding, until: unixMs(WALL + 30_000) });
    const text = encodeGrantEvent({ kind: 'open', grant }, now);
    expect(JSON.parse(text)).toMatchObject({ forward: json });
    expect(decodeGrantLog(text, now)).toEqual({ grants: [grant], cuts: [], unreadable: 0 });
  });

  test.each([
    ['a text', '10.0.0.5:22'],
    ['without a source', { to: '10.0.0.5', port: 22 }],
    ['with a bad source', { to: '10.0.0.5', port: 22, source: 'me' }],
    ['to a bad address', { to: '10.0.0', port: 22, source: 'client' }],
    ['to a bad port', { to: '10.0.0.5', port: 65_536, source: 'client' }],
    ['to the other family', { to: 'fd00::5', port: 22, source: 'client' }],
    ['with a source of the other family', { to: '10.0.0.5', port: 22, source: 'fd00::1' }],
  ])('a forwarding that is %s is no plain grant either', (_, forward) => {
    expect(decodeGrantLog(line({ ...open, forward }), now)).toEqual({ grants: [], cuts: [], unreadable: 1 });
  });

  test('a range to one port is refused', () => {
    const forward = { to: '10.0.0.5', port: 22, source: 'client' };
    expect(decodeGrantLog(line({ ...open, ports: ['tcp/22-23'], forward }), now).unreadable).toBe(1);
  });

  test('the order is that of the last line about each grant', () => {
    const lines = [line(open), line({ ...open, open: 'b2' }), line(open)];
    expect(decodeGrantLog(lines.join('\n'), now).grants.map(({ id }) => id)).toEqual(['b2', 'a1']);
  });

  test('an empty log', () => {
    expect(decodeGrantLog('', now)).toEqual({ grants: [], cuts: [], unreadable: 0 });
  });
});
