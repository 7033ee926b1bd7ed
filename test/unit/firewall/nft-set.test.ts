import { describe, expect, test } from 'vitest';
import { widen } from '../../../src/base/allow-address.ts';
import { steadyMs } from '../../../src/base/units.ts';
import { parseSetPlace, readSet, type SetPicture } from '../../../src/firewall/nft-set.ts';
import { setChange, setElements, setRepair, showsElements, unfitFor } from '../../../src/firewall/nft-set-script.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import { ip, present, spec } from '../values.ts';

const PLACE = present(parseSetPlace('inet filter allowed'));
const FULL = ['ipv4_addr', 'inet_proto', 'inet_service'];
const NOW = steadyMs(0);

const opening = (address: string, port: string, ends = 30_000): Opening => ({
  ...spec(port),
  address: ip(address),
  ends: steadyMs(ends),
});

/** As nft 1.0.6 prints it. */
const listing = (set: object): object => ({
  nftables: [
    { metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } },
    { set: { family: 'inet', name: 'allowed', table: 'filter', handle: 1, ...set } },
  ],
});

const pictureOf = (type: unknown, flags = ['timeout', 'interval'], elem: readonly unknown[] = []): SetPicture => {
  const picture = readSet(PLACE, listing({ type, flags, elem }), false);
  if (!picture.ok) throw new Error(picture.error);
  return picture.value;
};

const keysOf = (picture: SetPicture, ...openings: readonly Opening[]): readonly string[] =>
  setElements(openings, picture).map(({ key, ends }) => `${key} ${String(ends / 1000)}`);

test('the place of a set', () => {
  expect(PLACE).toEqual({ family: 'inet', table: 'filter', name: 'allowed' });
  for (const text of ['filter allowed', 'bridge filter allowed', 'inet filter', 'inet filter a b', 'inet filter a;b'])
    expect(parseSetPlace(text)).toBeUndefined();
});

describe('a set that will not do', () => {
  const told = (set: object | undefined, merges = false): string => {
    const picture = readSet(PLACE, set === undefined ? undefined : listing(set), merges);
    return picture.ok ? 'good' : picture.error;
  };
  test('is told with the line to write', () => {
    const line = 'set allowed { type ipv4_addr . inet_proto . inet_service; flags timeout, interval; }';
    expect(told(undefined)).toBe(`there is no set inet filter allowed: add to the table "${line}"`);
    expect(told({ type: ['ipv4_addr', 'ipv4_addr'], flags: ['timeout'] })).toBe(
      `the set inet filter allowed has the type "ipv4_addr . ipv4_addr", which holds no openings: make it "${line}"`,
    );
    expect(told({ type: 'ipv4_addr' })).toBe(
      'the set inet filter allowed has no flag timeout: write "flags timeout;" into it',
    );
    expect(told({ type: 'ipv4_addr', flags: ['interval'] })).toContain('write "flags timeout, interval;"');
    expect(told({ type: 'ipv4_addr', flags: ['timeout', 'interval'] }, true)).toContain('has auto-merge');
    expect(told({ type: 'ipv6_addr', flags: ['dynamic', 'timeout'] })).toBe('good');
  });
});

describe('what openings come to', () => {
  const ssh = opening('192.0.2.9', 'tcp/22', 30_000);
  const dns = opening('192.0.2.9', 'udp/53', 90_000);
  const web = opening('192.0.2.9', 'tcp/8000-8003', 60_000);
  const other = opening('2001:db8::9', 'tcp/22', 60_000);

  test('addresses alone: one element, until the latest end', () => {
    expect(keysOf(pictureOf('ipv4_addr', ['timeout']), ssh, dns, other)).toEqual(['192.0.2.9 90']);
    expect(keysOf(pictureOf('ipv6_addr', ['timeout']), ssh, dns, other)).toEqual(['2001:db8::9 60']);
  });

  test('ports without protocols are laid together', () => {
    const overlap = opening('192.0.2.9', 'udp/8002-8005', 90_000);
    const picture = pictureOf(['ipv4_addr', 'inet_service']);
    expect(keysOf(picture, web, overlap)).toEqual(['192.0.2.9 . 8000-8001 60', '192.0.2.9 . 8002-8005 90']);
    expect(keysOf(pictureOf(['ipv4_addr', 'inet_service'], ['timeout']), web, overlap)).toEqual([
      ...['192.0.2.9 . 8000 60', '192.0.2.9 . 8001 60', '192.0.2.9 . 8002 90', '192.0.2.9 . 8003 90'],
      ...['192.0.2.9 . 8004 90', '192.0.2.9 . 8005 90'],
    ]);
  });

  test('protocols and ports', () => {
    expect(keysOf(pictureOf(FULL), ssh, dns, web, other)).toEqual([
      ...['192.0.2.9 . tcp . 22 30', '192.0.2.9 . tcp . 8000-8003 60', '192.0.2.9 . udp . 53 90'],
    ]);
  });

  test('what the operator has there is open already, and is left alone', () => {
    const elem = [
      { concat: [{ prefix: { addr: '192.0.2.0', len: 24 } }, 'tcp', { range: [8001, 8002] }] },
      { elem: { val: { concat: ['192.0.2.9', 17, 53] }, timeout: 600, expires: 599 } },
      { concat: [{ range: ['192.0.2.1', '192.0.2.8'] }, 'tcp', 22] },
    ];
    expect(keysOf(pictureOf(FULL, ['timeout', 'interval'], elem), ssh, dns, web)).toEqual([
      ...['192.0.2.9 . tcp . 22 30', '192.0.2.9 . tcp . 8000 60', '192.0.2.9 . tcp . 8003 60'],
    ]);
    expect(keysOf(pictureOf('ipv4_addr', ['timeout'], ['192.0.2.9']), ssh, opening('192.0.2.8', 'tcp/22'))).toEqual([
      '192.0.2.8 30',
    ]);
    expect(
      keysOf(pictureOf('ipv4_addr', ['timeout', 'interval'], [{ range: ['192.0.2.8', '192.0.2.9'] }]), ssh),
    ).toEqual([]);
  });

  test('of the operator’s, whichever way nft writes it', () => {
    const of = (...parts: readonly unknown[]) => pictureOf(FULL, ['timeout', 'interval'], [{ concat: parts }]);
    const open = (...parts: readonly unknown[]): boolean => keysOf(of(...parts), ssh).length === 0;
    expect(open('192.0.2.9', 6, 22)).toBe(true);
    expect(open('192.0.2.9', 'tcp', { prefix: { addr: 16, len: 12 } })).toBe(true);
    expect(open('192.0.2.9', 'tcp', { prefix: { addr: 32, len: 12 } })).toBe(false);
    expect(open('192.0.2.9', 132, 22)).toBe(false);
    // What cannot be read stands for nothing that is open.
    expect(open('192.0.2.9', 'tcp', { range: ['22', '23'] })).toBe(false);
    expect(open('192.0.2.9', 'tcp', { range: [22] })).toBe(false);
    expect(open({ range: ['192.0.2.1', 'there'] }, 'tcp', 22)).toBe(false);
    expect(open({ prefix: { addr: '192.0.2.0' } }, 'tcp', 22)).toBe(false);
  });

  test('networks are not put into sets of hosts', () => {
    const network: Opening = { ...opening('2001:db8::', 'tcp/22'), address: widen(ip('2001:db8::9')) };
    const { shape } = pictureOf(['ipv6_addr', 'inet_proto', 'inet_service']);
    expect(unfitFor(network, [shape])).toBe('2001:db8::/64 cannot be opened: firewall = nft-set takes single hosts');
  });

  test('and what does not fit is said', () => {
    const [v4, single] = [pictureOf(FULL).shape, pictureOf(FULL, ['timeout']).shape];
    expect(unfitFor(other, [v4])).toBe('2001:db8::9 cannot be opened: nft_set names no set of IPv6 addresses');
    expect(unfitFor(opening('192.0.2.9', 'tcp/1-256'), [single])).toBeUndefined();
    expect(unfitFor(opening('192.0.2.9', 'tcp/1-257'), [single])).toContain('give the set the flag interval');
    expect(unfitFor(opening('192.0.2.9', 'tcp/1-257'), [v4])).toBeUndefined();
  });
});

describe('scripts', () => {
  const picture = pictureOf(FULL);
  const elements = (...openings: readonly Opening[]): ReturnType<typeof setElements> => setElements(openings, picture);

  test('a change touches what changes, and what goes, goes first', () => {
    const before = elements(opening('192.0.2.9', 'tcp/8000-8003'), opening('192.0.2.9', 'udp/53'));
    const after = elements(opening('192.0.2.9', 'tcp/8000-8001', 29_999.5), opening('192.0.2.9', 'udp/53'));
    const at = 'element inet filter allowed';
    expect(setChange(PLACE, before, after, NOW).split('\n')).toEqual([
      `add ${at} { 192.0.2.9 . tcp . 8000-8003 timeout 1d comment "spad" }`,
      `delete ${at} { 192.0.2.9 . tcp . 8000-8003 }`,
      `add ${at} { 192.0.2.9 . tcp . 8000-8001 timeout 1d comment "spad" }`,
      `delete ${at} { 192.0.2.9 . tcp . 8000-8001 }`,
      `add ${at} { 192.0.2.9 . tcp . 8000-8001 timeout 30000ms comment "spad" }`,
      '',
    ]);
    expect(setChange(PLACE, before, before, NOW)).toBe('');
    expect(setChange(PLACE, [], elements(opening('192.0.2.9', 'tcp/22', 0)), NOW)).toBe('');
  });

  test('a repair takes out what is ours and not wanted, and nothing else', () => {
    const own = (port: number): object => ({
      elem: { val: { concat: ['192.0.2.9', 'tcp', port] }, timeout: 30, expires: 20, comment: 'spad' },
    });
    const held = pictureOf(
      FULL,
      ['timeout', 'interval'],
      [own(22), { elem: { val: { concat: ['192.0.2.1', 'tcp', 22] }, timeout: 30, expires: 20, comment: 'mine' } }],
    );
    expect(held.own).toEqual([{ key: '192.0.2.9 . tcp . 22', left: 20_000 }]);
    expect(
      setRepair(held, [], NOW)
        .split('\n')
        .filter((line) => line.startsWith('delete')),
    ).toEqual(['delete element inet filter allowed { 192.0.2.9 . tcp . 22 }']);
  });

  test('whether the set shows just this', () => {
    const wanted = elements(opening('192.0.2.9', 'tcp/22', 20_000));
    const own = (left: number, key = '192.0.2.9 . tcp . 22'): { key: string; left: number } => ({ key, left });
    expect(showsElements([own(19_000)], wanted, NOW)).toBe(true);
    expect(showsElements([], wanted, NOW)).toBe(false);
    expect(showsElements([own(90_000)], wanted, NOW)).toBe(false);
    expect(showsElements([own(9000)], wanted, NOW)).toBe(false);
    expect(showsElements([own(19_000), own(5000, '192.0.2.8 . tcp . 22')], wanted, NOW)).toBe(false);
    expect(showsElements([own(19_000), own(0, '192.0.2.8 . tcp . 22')], wanted, NOW)).toBe(true);
    expect(showsElements([], elements(opening('192.0.2.9', 'tcp/22', 500)), NOW)).toBe(true);
  });
});
