import { describe, expect, test } from 'vitest';
import { seconds, unixMs } from '../../../../src/base/units.ts';
import { decodeFields, encodeFields } from '../../../../src/spa/fwknop/fields.ts';
import { FWKNOP_TYPES, type FwknopMessage } from '../../../../src/spa/fwknop/message.ts';
import { ascii, ip, portOf, spec } from '../../values.ts';
import { messageWith, OF_EACH_TYPE } from './messages.ts';

test('the text of docs/fwknop-packet.md, section 14', () => {
  const message = messageWith({ allow: ip('1.2.3.4') });
  expect(encodeFields(message, 'sha256')).toBe(
    '4360737761848961:cm9vdA:1795175774:3.0.0:1:MS4yLjMuNCx0Y3AvMjI:CFa8K3rDM5zjuHmh9FU9U4DsXLsFBivS6I31rd+YnIo',
  );
});

test.each(FWKNOP_TYPES)('%s is written and read again', (type) => {
  const message = OF_EACH_TYPE[type];
  expect(decodeFields(ascii(encodeFields(message, 'md5')))).toEqual({ ok: true, value: message });
  const more = { ...message, serverAuth: 'x' };
  expect(decodeFields(ascii(encodeFields(more, 'md5')))).toEqual({ ok: true, value: more });
});

test('the time is cut to whole seconds', () => {
  const read = decodeFields(ascii(encodeFields(messageWith({ time: unixMs(1_795_175_774_999) }), 'sha1')));
  expect(read.ok && read.value.time).toBe(1_795_175_774_000);
});

test('an unspecified address is the packet’s source', () => {
  const source = encodeFields(messageWith({ allow: undefined }), 'sha256');
  expect(encodeFields(messageWith({ allow: ip('0.0.0.0') }), 'sha256')).toBe(source);
});

describe('cannot be sent', () => {
  const port = portOf(22);
  const nat = (host: string): Partial<FwknopMessage> => ({ type: 'nat-access', nat: { host, port } });
  test.each<[string, Partial<FwknopMessage>, RegExp]>([
    ['15 digits', { random: '1'.repeat(15) }, /16 decimal digits/],
    ['17 digits', { random: '1'.repeat(17) }, /16 decimal digits/],
    ['letters', { random: 'a'.repeat(16) }, /16 decimal digits/],
    ['no user', { user: '' }, /user name/],
    ['49 characters of user', { user: 'a'.repeat(49) }, /1 to 48/],
    ['a user with a colon', { user: 'a:b' }, /user name/],
    ['a user with an umlaut', { user: 'ä' }, /ASCII/],
    ['no version', { version: '' }, /version/],
    ['a version with a colon', { version: '1:2' }, /version/],
    ['9 characters of version', { version: '123456789' }, /1 to 8/],
    ['a time before 1970', { time: unixMs(-1) }, /time/],
    ['no time', { time: unixMs(Number.NaN) }, /time/],
    ['13 digits of time', { time: unixMs(1e15) }, /12 digits/],
    ['no ports', { ports: [] }, /tcp\/22/],
    ['a range', { ports: [spec('tcp/22-23')] }, /no port ranges/],
    ['too many ports', { ports: Array.from({ length: 40 }, () => spec('tcp/22')) }, /289 bytes.*192/],
    ['a command beside ports', { command: 'id' }, /has no command/],
    ['a command without one', { type: 'command', ports: [] }, /not empty/],
    ['ports beside a command', { type: 'command', command: 'id' }, /no ports/],
    ['two lines of command', { type: 'command', ports: [], command: 'a\nb' }, /one line/],
    ['half a character', { type: 'command', ports: [], command: '\ud800' }, /one line of text/],
    ['a long command', { type: 'command', ports: [], command: 'c'.repeat(183) }, /193 bytes/],
    ['a long command in UTF-8', { type: 'command', ports: [], command: 'é'.repeat(92) }, /194 bytes/],
    [
      'IPv4 in IPv6',
      { allow: { family: 6, bytes: Uint8Array.from([...Array<number>(10).fill(0), 255, 255, 1, 2, 3, 4]) } },
      /IPv4/,
    ],
    ['nat where there is none', { nat: { host: 'a', port } }, /has no place/],
    ['no nat where there must be', { type: 'nat-access' }, /needs a place/],
    ['an empty host', nat(''), /1 to 70/],
    ['a long host', nat('h'.repeat(71)), /1 to 70/],
    ['a host with a comma', nat('a,b'), /host/],
    ['a host with a blank', nat('a b'), /host/],
    ['a timeout where there is none', { timeout: seconds(1) }, /has no timeout/],
    ['no timeout where there must be', { type: 'timeout-access' }, /needs/],
    ['a timeout of 65537', { type: 'timeout-access', timeout: seconds(65_537) }, /0 to 65536/],
    ['a timeout below 0', { type: 'timeout-access', timeout: seconds(-1) }, /0 to 65536/],
    ['half a second', { type: 'timeout-access', timeout: seconds(0.5) }, /whole seconds/],
    ['an empty server_auth', { serverAuth: '' }, /server_auth/],
    ['a long server_auth', { serverAuth: 's'.repeat(193) }, /1 to 192/],
    ['server_auth with a newline', { serverAuth: 'a\n' }, /printable/],
  ])('%s', (_, fields, sentence) => {
    expect(() => encodeFields(messageWith(fields), 'sha256')).toThrow(RangeError);
    expect(() => encodeFields(messageWith(fields), 'sha256')).toThrow(sentence);
  });
});
