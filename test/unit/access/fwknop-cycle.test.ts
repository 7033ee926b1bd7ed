/** Expected texts are those that a real fwknopd 2.6.10 wrote for the same templates, address and ports. */
import { describe, expect, test } from 'vitest';
import { planCycle } from '../../../src/access/fwknop-cycle.ts';
import { CLOSES } from '../../../src/access/pending-close.ts';
import { decodePendingLog, encodePendingEvent } from '../../../src/base/pending-log.ts';
import { seconds, unixMs } from '../../../src/base/units.ts';
import { ROOT } from '../engine/fwknop.ts';
import { ip, ports, specs } from '../values.ts';

const VALUES = {
  allow: ip('10.1.2.3'),
  source: ip('127.0.0.1'),
  destination: undefined,
  ports: specs('tcp/22 udp/53'),
  time: unixMs(1_795_595_161_000),
  wait: seconds(4),
};

const plan = (open: string, close?: string, fields: Partial<typeof VALUES> = {}) =>
  planCycle({ open, close, timer: seconds(30), runAs: ROOT }, { ...VALUES, ...fields }).map(({ opens, closes }) => ({
    opens: opens.map(({ argv }) => argv.join(' ')),
    closes: closes.map(({ argv }) => argv.join(' ')),
  }));

const first = (template: string): string => plan(template)[0]?.opens[0] ?? '';

describe('what is put into a template', () => {
  test('every name, as fwknopd does it', () => {
    const template =
      '/c ip=$IP src=$SRC pkt=$PKT_SRC dst=$DST port=$PORT proto=$PROTO to=$TIMEOUT cto=$CLIENT_TIMEOUT x=$PORTX y=$IPA foo=$FOO d=$$ e=$ low=$ip z=$PKT a$IP$PORT';
    expect(first(template)).toBe(
      '/c ip=10.1.2.3 src=10.1.2.3 pkt=127.0.0.1 dst=0.0.0.0 port=22 proto=6 to=1795595165 cto=4 x=22X y=10.1.2.3A foo=FOO d= e= low=ip z=PKT a10.1.2.322',
    );
  });

  test('quotes mean nothing, and a value is never more than one word', () => {
    expect(plan('/c "a b" \'$IP\'')).toEqual([{ opens: ['/c "a b" \'10.1.2.3\''], closes: [] }]);
  });

  test('IPv6', () => {
    const fields = { allow: ip('2001:db8::7'), source: ip('2001:db8::8') };
    expect(plan('/c $IP $PKT_SRC $DST', undefined, fields)[0]?.opens).toEqual(['/c 2001:db8::7 2001:db8::8 ::']);
  });
});

describe('several ports; fwknopd takes the first alone', () => {
  test('once for each where both templates are about a port', () => {
    expect(plan('/o $PORT $PROTO', '/c $PORT')).toEqual([
      { opens: ['/o 22 6'], closes: ['/c 22'] },
      { opens: ['/o 53 17'], closes: ['/c 53'] },
    ]);
  });

  test('together where one of them is not', () => {
    expect(plan('/o $PORT', '/c $IP')).toEqual([{ opens: ['/o 22', '/o 53'], closes: ['/c 10.1.2.3'] }]);
    expect(plan('/o $IP', '/c $PROTO')).toEqual([{ opens: ['/o 10.1.2.3'], closes: ['/c 6', '/c 17'] }]);
    expect(plan('/o $IP', '/c $IP')).toEqual([{ opens: ['/o 10.1.2.3'], closes: ['/c 10.1.2.3'] }]);
  });

  test('ports with the same close are closed once', () => {
    expect(plan('/o $PORT', '/c $PROTO', { ports: specs('tcp/22 tcp/80 udp/53') })).toEqual([
      { opens: ['/o 22', '/o 80'], closes: ['/c 6'] },
      { opens: ['/o 53'], closes: ['/c 17'] },
    ]);
  });

  test('NONE closes nothing', () => {
    expect(plan('/o $PORT')).toEqual([{ opens: ['/o 22', '/o 53'], closes: [] }]);
  });
});

describe('a pending close on disk', () => {
  const close = {
    ...{ id: 'c1', unit: 'u', opened: 'o', stanza: 'alice', allow: ip('2001:db8::7'), ports: ports('tcp/22') },
    ...{ run: { argv: ['/c', 'a b'], user: 'bob', group: undefined }, wait: 4000, due: unixMs(5000) },
  };

  test('comes back as it was', () => {
    const line = encodePendingEvent({ kind: 'pending', stop: close }, CLOSES);
    expect(decodePendingLog(`${line}\n`, CLOSES)).toEqual({ pending: [close], unreadable: 0 });
    const later = encodePendingEvent({ kind: 'pending', stop: { ...close, due: unixMs(9000) } }, CLOSES);
    expect(decodePendingLog(`${line}\n${later}\n`, CLOSES).pending.map(({ due }) => due)).toEqual([9000]);
    expect(decodePendingLog(`${line}\n{"done":"c1"}\n`, CLOSES).pending).toEqual([]);
  });

  test.each([
    ['no program', { argv: [] }],
    ['words that are none', { argv: ['a', 1] }],
    ['an address that is none', { allow: 'x' }],
    ['ports that are none', { ports: ['tcp/99999'] }],
    ['a user that is none', { user: 5 }],
    ['no time', { due: null }],
  ])('%s: not read', (_, fields) => {
    const value = { ...(CLOSES.encode(close) as Record<string, unknown>), ...fields };
    expect(decodePendingLog(JSON.stringify({ stop: value }), CLOSES)).toEqual({ pending: [], unreadable: 1 });
  });
});
