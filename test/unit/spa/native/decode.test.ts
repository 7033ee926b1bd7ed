import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../../../src/spa/native/decode.ts';
import { hex } from '../../values.ts';

/** Version, type, time, open for, flags: what stands before the addresses. */
const HEAD = '01 01 0000019b76db185e 0000001e 00';
const NO_ADDRESS = `${HEAD} 00`;
const NO_PORT = `${NO_ADDRESS} 00`;
const NO_FORWARD = `${NO_PORT} 00`;

const body = (fields: string, size = 96): Uint8Array => {
  const bytes = new Uint8Array(size);
  bytes.set(hex(fields));
  return bytes;
};

const verdict = (fields: string, size = 96): string => {
  const result = decodeBody(body(fields, size));
  return result.ok ? 'ok' : result.error;
};

// docs/native-packet.md, sections 5 and 6, in the order of the fields.
describe('one body, one verdict', () => {
  test.each([
    ['all well', `${NO_FORWARD} 0000`, 'ok'],
    ['version 0', '00', 'bad-version'],
    ['version 2', '02 01', 'bad-version'],
    ['type 0', '01 00', 'unknown-type'],
    ['type 4', '01 04', 'unknown-type'],
    ['time 2^53', '01 01 0020000000000000', 'bad-time'],
    ['flag bit 1', '01 01 0000019b76db185e 00000000 02', 'unknown-flags'],
    ['all flags', '01 01 0000019b76db185e 00000000 ff', 'unknown-flags'],
    ['three addresses', `${HEAD} 03`, 'bad-address'],
    ['family 5', `${HEAD} 01 05 20 0a000001`, 'bad-address'],
    ['prefix 33', `${HEAD} 01 04 21 0a000001`, 'bad-address'],
    ['prefix 129', `${HEAD} 01 06 81 20010db8000000000000000000000001`, 'bad-address'],
    ['host bits', `${HEAD} 01 04 18 0a000001`, 'bad-address'],
    ['unspecified, IPv4', `${HEAD} 01 04 20 00000000`, 'bad-address'],
    ['unspecified, IPv6', `${HEAD} 01 06 80 00000000000000000000000000000000`, 'bad-address'],
    ['everyone, which is for policy to judge', `${HEAD} 01 04 00 00000000 00 00 0000`, 'ok'],
    ['mapped host', `${HEAD} 01 06 80 00000000000000000000ffff0a000001`, 'bad-address'],
    ['mapped network /96', `${HEAD} 01 06 60 00000000000000000000ffff00000000`, 'bad-address'],
    ['descending', `${HEAD} 02 04 20 0a000002 04 20 0a000001`, 'bad-address'],
    ['twice', `${HEAD} 02 04 20 0a000001 04 20 0a000001`, 'bad-address'],
    ['a network and a host in it', `${HEAD} 02 04 08 0a000000 04 20 0a000000 00 00 0000`, 'ok'],
    ['IPv6 first', `${HEAD} 02 06 80 20010db8000000000000000000000001 04 20 0a000001`, 'bad-address'],
    ['17 ports', `${NO_ADDRESS} 11`, 'bad-ports'],
    ['protocol 1', `${NO_ADDRESS} 01 01 0016 0016`, 'bad-ports'],
    ['port 0', `${NO_ADDRESS} 01 06 0000 0016`, 'bad-ports'],
    ['last port 0', `${NO_ADDRESS} 01 06 0016 0000`, 'bad-ports'],
    ['first after last', `${NO_ADDRESS} 01 06 0017 0016`, 'bad-ports'],
    ['touching', `${NO_ADDRESS} 02 06 0016 0016 06 0017 0017`, 'bad-ports'],
    ['one apart', `${NO_ADDRESS} 02 06 0016 0016 06 0018 0018 00 0000`, 'ok'],
    ['UDP before TCP', `${NO_ADDRESS} 02 11 0016 0016 06 0016 0016`, 'bad-ports'],
    ['forward kind 3', `${NO_PORT} 03`, 'bad-forward'],
    ['forward family 0', `${NO_PORT} 01 00`, 'bad-forward'],
    ['forward to port 0', `${NO_PORT} 02 0000`, 'bad-forward'],
    ['forward to an address, port 0', `${NO_PORT} 01 04 0a000001 0000`, 'bad-forward'],
    ['forward to 0.0.0.0', `${NO_PORT} 01 04 00000000 0050`, 'bad-forward'],
    ['forward to a mapped address', `${NO_PORT} 01 06 00000000000000000000ffff0a000001 0050`, 'bad-forward'],
    ['a command in an open', `${NO_FORWARD} 0001 78`, 'bad-command'],
    ['a byte after the command', `${NO_FORWARD} 0000 01`, 'nonzero-padding'],
  ])('%s: %s', (_, fields, expected) => {
    expect(verdict(fields)).toBe(expected);
  });

  test('the last byte of the padding counts', () => {
    const bytes = body(`${NO_FORWARD} 0000`);
    bytes[95] = 1;
    expect(decodeBody(bytes)).toEqual({ ok: false, error: 'nonzero-padding' });
  });

  test('a body larger than its fields need', () => {
    expect(verdict(`${NO_FORWARD} 0000`, 352)).toBe('oversized-body');
    expect(verdict(`${NO_FORWARD} 0000`, 1120)).toBe('oversized-body');
  });
});

describe('commands', () => {
  const COMMAND = '01 03 0000019b76db185e 00000000 00 00 00 00';
  test.each([
    ['one letter', '0001 78', 'ok'],
    ['none', '0000', 'bad-command'],
    ['a line feed', '0003 61 0a 62', 'bad-command'],
    ['DEL', '0001 7f', 'bad-command'],
    ['NUL', '0001 00', 'bad-command'],
    ['a C1 control, which section 6.5 allows', '0002 c285', 'ok'],
    ['an overlong slash', '0002 c0af', 'bad-command'],
    ['a surrogate', '0003 eda080', 'bad-command'],
    ['a byte order mark, which is text like any other', '0003 efbbbf', 'ok'],
  ])('%s: %s', (_, fields, expected) => {
    expect(verdict(`${COMMAND} ${fields}`)).toBe(expected);
  });

  test('a byte order mark is kept', () => {
    const result = decodeBody(body(`${COMMAND} 0003 efbbbf`));
    expect(result.ok && result.value.command).toBe('\ufeff');
  });
});

// Section 6.1: running past the end comes before whatever else is wrong with the field.
describe('truncated-body', () => {
  test.each([
    ['16 ports, all of protocol 0, in 96 bytes with an address', `${HEAD} 01 04 20 0a000001 10`],
    ['a command of 77 bytes where 76 fit', `${NO_FORWARD} 004d`],
    ['a command of 65535 bytes', `${NO_FORWARD} ffff`],
  ])('%s', (_, fields) => {
    expect(verdict(fields)).toBe('truncated-body');
  });

  // Section 6, rule 2: what says how much to read is judged when it is read.
  test('more addresses than there may be, and than fit', () => {
    const addresses = Array.from({ length: 13 }, (_, index) => `04 20 0a0000${(0x10 + index).toString(16)}`);
    expect(verdict(`${HEAD} 10 ${addresses.join(' ')} 04`)).toBe('bad-address');
  });

  test('an address with a prefix that is none', () => {
    expect(verdict(`${HEAD} 01 04 21 0a0000`, 21)).toBe('truncated-body');
  });

  test('eleven ports that end where the body ends are judged', () => {
    const addresses = '04 20 0a000001 06 80 20010db8000000000000000000000001';
    expect(verdict(`${HEAD} 02 ${addresses} 0b`)).toBe('bad-ports');
    const ports = Array.from(
      { length: 11 },
      (_, index) => `06 00${(0x10 + 2 * index).toString(16)} 00${(0x10 + 2 * index).toString(16)}`,
    );
    expect(verdict(`${HEAD} 02 ${addresses} 0b ${ports.join(' ')}`)).toBe('truncated-body');
  });

  test('sixteen ports that just fit', () => {
    const ports = Array.from(
      { length: 15 },
      (_, index) => `06 00${(0x10 + 2 * index).toString(16)} 00${(0x10 + 2 * index).toString(16)}`,
    );
    expect(verdict(`${NO_ADDRESS} 0f ${ports.join(' ')} 00 0000`)).toBe('ok');
  });

  test('every prefix of a body that holds every field', () => {
    const full = hex(`01 03 0000019b76db185e 00000000 01 01 06 80 20010db8000000000000000000000001
      01 06 0016 0016 01 04 0a000001 0050 0001 78`);
    for (let length = 1; length < full.length; length += 1) {
      const result = decodeBody(full.subarray(0, length));
      expect(result, String(length)).toEqual({ ok: false, error: 'truncated-body' });
    }
  });
});
