import { describe, expect, test } from 'vitest';
import { widen } from '../../../src/base/allow-address.ts';
import { addressKey } from '../../../src/base/address-key.ts';
import { type Connection, connectionsQuestion, readConnections } from '../../../src/firewall/conntrack-message.ts';
import { UsedGrants } from '../../../src/firewall/used-grants.ts';
import { grantOf, hex, ip, portOf } from '../values.ts';

/**
 * An answer of Linux 6.18, as `strace -xx conntrack -L` shows such: 192.0.2.9:40000 to 10.0.0.1:22, TCP, established,
 * assured. The parts that tests change are left open.
 */
const message = ({ status = '0000000e', state = '03', protocol = '06', port = '0016' } = {}): string =>
  [
    ...['02000000', '3400 0180 1400 0180 0800 0100 c0000209 0800 0200 0a000001'],
    ...[`1c00 0280 0500 0100 ${protocol}000000 0600 0200 9c40 0000 0600 0300 ${port} 0000`],
    ...['3400 0280 1400 0180 0800 0100 0a000001 0800 0200 c0000209'],
    ...[`1c00 0280 0500 0100 ${protocol}000000 0600 0200 ${port} 0000 0600 0300 9c40 0000`],
    ...[`0800 0300 ${status}`, `1000 0480 0c00 0180 0500 0100 ${state}000000`],
  ].join(' ');

const framed = (body: string, type = '0001'): string => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(16 + hex(body).length);
  return `${length.toString('hex')} ${type} 0200 00000000 00000000 ${body}`;
};
const DONE = '14000000 0300 0200 00000000 00000000 00000000';

const read = (text: string): [string, Connection[]] => {
  const found: Connection[] = [];
  const { kind } = readConnections(hex(text), (connection) => found.push(connection));
  return [kind, found];
};

const CONNECTION = {
  ...{ source: addressKey(ip('192.0.2.9')), destination: addressKey(ip('10.0.0.1')) },
  ...{ protocol: 'tcp', port: 22, isTranslated: false },
};

test('a connection from any address of a network uses its grant, one from another network does not', () => {
  const network = grantOf('2001:db8::', 'tcp/22', 1, { id: 'wide', address: widen(ip('2001:db8::5')) });
  const host = grantOf('2001:db8::7', 'tcp/22', 1, { id: 'host' });
  const used = (source: string): readonly string[] => {
    const grants = new UsedGrants([network, host], [ip('2001:db8:1::1')]);
    const ends = { source: addressKey(ip(source)), destination: addressKey(ip('2001:db8:1::1')) };
    grants.see({ ...ends, protocol: 'tcp', port: portOf(22), isTranslated: false });
    return grants.ids;
  };
  expect(used('2001:db8::ffff')).toEqual(['wide']);
  expect([...used('2001:db8::7')].sort()).toEqual(['host', 'wide']);
  expect(used('2001:db8:0:1::5')).toEqual([]);
});

describe('what the kernel says', () => {
  test('is asked for with one dump', () => {
    const asked = Buffer.from(connectionsQuestion()).toString('hex');
    expect(asked).toBe('240000000101010300000000000000000000000008000300000000040800' + '1a0000000004');
  });

  test('an established connection is told as its client opened it', () => {
    expect(read(framed(message()))).toEqual(['more', [CONNECTION]]);
    expect(read(`${framed(message())} ${framed(message({ port: '1f90' }))} ${DONE}`)).toEqual([
      'done',
      [CONNECTION, { ...CONNECTION, port: 8080 }],
    ]);
    expect(read(framed(message({ status: '0000002e' })))[1]).toEqual([{ ...CONNECTION, isTranslated: true }]);
  });

  test.each(['01', '02', '04', '05', '06', '07', '08'])('TCP in state %s is not established', (state) => {
    expect(read(framed(message({ state })))).toEqual(['more', []]);
  });

  test('UDP is where it is assured', () => {
    expect(read(framed(message({ protocol: '11', state: '00' })))[1]).toEqual([{ ...CONNECTION, protocol: 'udp' }]);
    expect(read(framed(message({ protocol: '11', status: '0000000a' })))).toEqual(['more', []]);
    expect(read(framed(message({ protocol: '01' })))).toEqual(['more', []]);
  });

  test('IPv6 has its addresses under other numbers', () => {
    const [from, to] = ['20010db8000000000000000000000009', '20010db8000000000000000000000001'];
    const body = [
      ...['0a000000', `4c00 0180 2c00 0180 1400 0300 ${from} 1400 0400 ${to}`],
      ...['1c00 0280 0500 0100 06000000 0600 0200 9c40 0000 0600 0300 0016 0000'],
      ...['0800 0300 0000000e', '1000 0480 0c00 0180 0500 0100 03000000'],
    ].join(' ');
    const ends = { source: addressKey(ip('2001:db8::9')), destination: addressKey(ip('2001:db8::1')) };
    expect(read(framed(body))[1]).toEqual([{ ...CONNECTION, ...ends }]);
  });

  test.each([
    ['no attributes', '02000000'],
    ['an attribute without a length', '02000000 0000 0180'],
    ['no addresses', message().replace('0800 0100 c0000209', '0800 0500 c0000209')],
    ['an address of no family', message().replace('0800 0200 0a000001', '0800 0400 0a000001')],
    ['no protocol', message().replaceAll('0500 0100 06000000', '0500 0900 06000000')],
  ])('with %s it is none', (_, body) => {
    expect(read(framed(body))).toEqual(['more', []]);
  });

  test('a message that says to be shorter than its own head ends the reading', () => {
    expect(read(`08000000 ${framed(message()).slice(9)}`)).toEqual(['more', []]);
  });

  test('an error is told by its number', () => {
    expect(readConnections(hex(framed('ffffffff', '0200')), () => undefined)).toEqual({ kind: 'failed', error: 1 });
  });

  test('cut anywhere it is passed over', () => {
    const whole = hex(framed(message()));
    for (let length = 0; length < whole.length; length += 1) {
      const found: Connection[] = [];
      expect(readConnections(whole.subarray(0, length), (one) => found.push(one)).kind).toBe('more');
      expect(found).toEqual([]);
    }
  });
});

describe('a grant is used', () => {
  const used = (connection: Partial<Connection>, ...grants: ReturnType<typeof grantOf>[]): readonly string[] => {
    const match = new UsedGrants(grants, [ip('10.0.0.1')]);
    match.see({ ...CONNECTION, protocol: 'tcp', ...connection });
    return match.ids;
  };
  const grant = grantOf('192.0.2.9', 'tcp/22 tcp/8000-8010', 0, { id: 'a' });

  test('by its address, protocol and ports', () => {
    expect(used({}, grant)).toEqual(['a']);
    expect(used({ port: 8010 }, grant)).toEqual(['a']);
    expect(used({ port: 8011 }, grant)).toEqual([]);
    expect(used({ protocol: 'udp' }, grant)).toEqual([]);
    expect(used({ source: addressKey(ip('192.0.2.8')) }, grant)).toEqual([]);
  });

  test('at this host, or sent on by it; not by what is only routed', () => {
    const elsewhere = addressKey(ip('10.0.0.2'));
    expect(used({ destination: elsewhere }, grant)).toEqual([]);
    expect(used({ destination: elsewhere, isTranslated: true }, grant)).toEqual(['a']);
  });

  test('with all others of the same address and ports, and once', () => {
    const match = new UsedGrants([grant, grantOf('192.0.2.9', 'tcp/22', 0, { id: 'b' })], [ip('10.0.0.1')]);
    for (let times = 0; times < 3; times += 1) match.see({ ...CONNECTION, protocol: 'tcp' });
    expect(match.ids).toEqual(['a', 'b']);
  });
});
