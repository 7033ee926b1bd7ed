import { describe, expect, test } from 'vitest';
import { seconds, unixMs } from '../../../../src/base/units.ts';
import { encodeBody } from '../../../../src/spa/native/body.ts';
import { decodeBody } from '../../../../src/spa/native/decode.ts';
import type { SpaRequest } from '../../../../src/spa/request.ts';
import { cidr, hex, ip, portOf, requestOf, specs, toHex } from '../../values.ts';

const sixteen = specs(Array.from({ length: 16 }, (_, index) => `tcp/${String(100 + 2 * index)}`).join(' '));

describe('encoding', () => {
  test('the worked example of section 11', () => {
    const request = requestOf({ openFor: seconds(30), addresses: [cidr('192.0.2.1')], ports: specs('tcp/22') });
    expect(toHex(encodeBody(request))).toBe(
      `0101 0000019b76db185e 0000001e 00 01 0420c0000201 01 0600160016 00 0000`.replaceAll(' ', '') + '00'.repeat(65),
    );
  });

  test('every field at once', () => {
    const request = requestOf({
      type: 'command',
      time: unixMs(Number.MAX_SAFE_INTEGER),
      openFor: seconds(0xffff_ffff),
      reply: true,
      addresses: [cidr('10.0.0.0/8'), cidr('2001:db8::/32')],
      ports: specs('tcp/1-65535 udp/53'),
      forward: { kind: 'address', address: ip('2001:db8::9'), port: portOf(443) },
      command: 'é',
    });
    const fields = `0103 001fffffffffffff ffffffff 01
      02 0408 0a000000 0620 20010db8000000000000000000000000
      02 06 0001 ffff 11 0035 0035
      01 06 20010db8000000000000000000000009 01bb 0002 c3a9`;
    expect(toHex(encodeBody(request)).slice(0, 2 * hex(fields).length)).toBe(toHex(hex(fields)));
  });

  test('the other two forwards', () => {
    const bodyOf = (forward: SpaRequest['forward']): string => toHex(encodeBody(requestOf({ forward }))).slice(34, 52);
    expect(bodyOf({ kind: 'local', port: portOf(8080) })).toBe('021f90000000000000');
    expect(bodyOf({ kind: 'address', address: ip('10.1.2.3'), port: portOf(80) })).toBe('01040a010203005000');
  });

  // 20 bytes of fields before a command: 15, two empty lists, no forward, the command's length.
  test.each([
    [76, 96],
    [77, 352],
    [332, 352],
    [333, 1120],
    [1100, 1120],
  ])('a command of %d bytes takes a body of %d', (length, size) => {
    const request = requestOf({ type: 'command', command: 'x'.repeat(length) });
    expect(encodeBody(request).length).toBe(size);
    expect(decodeBody(encodeBody(request))).toEqual({ ok: true, value: request });
  });
});

describe('a request that cannot be written throws RangeError:', () => {
  const cases: [string, Partial<SpaRequest>][] = [
    ['a time before 1970', { time: unixMs(-1) }],
    ['a time above 2^53 - 1', { time: unixMs(2 ** 53) }],
    ['a time that is no whole number', { time: unixMs(1.5) }],
    ['a time that is none', { time: unixMs(Number.NaN) }],
    ['2^32 seconds, which would wrap to the default', { openFor: seconds(2 ** 32) }],
    ['half a second', { openFor: seconds(0.5) }],
    ['-1 seconds', { openFor: seconds(-1) }],
    ['three addresses', { addresses: [cidr('10.0.0.1'), cidr('10.0.0.2'), cidr('10.0.0.3')] }],
    ['addresses out of order', { addresses: [cidr('10.0.0.2'), cidr('10.0.0.1')] }],
    ['IPv6 before IPv4', { addresses: [cidr('2001:db8::1'), cidr('10.0.0.1')] }],
    ['an address twice', { addresses: [cidr('10.0.0.1'), cidr('10.0.0.1')] }],
    ['the unspecified host', { addresses: [cidr('0.0.0.0/32')] }],
    ['bits beyond the prefix', { addresses: [{ address: ip('10.0.0.1'), prefix: 24 }] }],
    ['a prefix of 33 bits', { addresses: [{ address: ip('10.0.0.1'), prefix: 33 }] }],
    [
      'an IPv4-mapped address',
      { addresses: [{ address: { family: 6, bytes: hex('00000000000000000000ffff0a000001') }, prefix: 128 }] },
    ],
    ['17 ports', { ports: [...sixteen, ...specs('udp/1')] }],
    ['ports out of order', { ports: specs('tcp/23 tcp/10') }],
    ['ports that touch', { ports: specs('tcp/22 tcp/23') }],
    ['ports that overlap', { ports: specs('tcp/10-20 tcp/15-30') }],
    ['UDP before TCP', { ports: specs('udp/53 tcp/53') }],
    ['a forward to nobody', { forward: { kind: 'address', address: ip('::'), port: portOf(1) } }],
    ['a command in an open', { command: 'id' }],
    ['a command request without one', { type: 'command' }],
    ['a command of two lines', { type: 'command', command: 'a\nb' }],
    ['a command with a lone surrogate', { type: 'command', command: 'a\udc00' }],
    ['a command of 1101 bytes', { type: 'command', command: 'x'.repeat(1101) }],
  ];
  test.each(cases)('%s', (_, fields) => {
    expect(() => encodeBody(requestOf(fields))).toThrow(RangeError);
  });

  test('16 ports and two IPv6 addresses can be', () => {
    const request = requestOf({ addresses: [cidr('2001:db8::1'), cidr('2001:db8::2')], ports: sixteen });
    expect(decodeBody(encodeBody(request))).toEqual({ ok: true, value: request });
  });
});
