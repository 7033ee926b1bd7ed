/** STUN: the vectors of RFC 5769, and what must be refused. */
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../src/base/address.ts';
import { bindingRequest, readBinding, type StunFault } from '../../../src/stun/binding.ts';
import { hex, toHex } from '../values.ts';

const TRANSACTION = 'b7e7a701bc34d686fa87dfae';
const COOKIE = '2112a442';

/** RFC 5769, sections 2.2 and 2.3. */
const RFC_5769 = {
  v4:
    `0101003c${COOKIE}${TRANSACTION}8022000b7465737420766563746f7220002000080001a147e112a643` +
    '000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96',
  v6:
    `01010048${COOKIE}${TRANSACTION}8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9` +
    '00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c',
};

const read = (datagram: string): string => {
  const result = readBinding(hex(datagram), hex(TRANSACTION));
  return result.ok ? `${formatAddress(result.value.address)} ${String(result.value.port)}` : result.error;
};

/** A message with these attributes. */
const message = (attributes: string, type = '0101', transaction = TRANSACTION): string =>
  `${type}${(attributes.length / 2).toString(16).padStart(4, '0')}${COOKIE}${transaction}${attributes}`;

const MAPPED = '002000080001a147e112a643';

test('the request: 20 bytes, the cookie and the transaction, no attribute', () => {
  expect(toHex(bindingRequest(hex(TRANSACTION)))).toBe(`00010000${COOKIE}${TRANSACTION}`);
});

describe('RFC 5769', () => {
  test('2.2, IPv4', () => expect(read(RFC_5769.v4)).toBe('192.0.2.1 32853'));
  test('2.3, IPv6', () => expect(read(RFC_5769.v6)).toBe('2001:db8:1234:5678:11:2233:4455:6677 32853'));

  test('cut short anywhere, it is nothing', () => {
    for (let length = 0; length < RFC_5769.v4.length; length += 2)
      expect(read(RFC_5769.v4.slice(0, length))).toBe('not-stun');
  });
});

describe('what is refused', () => {
  const cases: readonly (readonly [string, string, StunFault])[] = [
    ['another cookie', `0101000000000000${TRANSACTION}`, 'not-stun'],
    ['a length that is not that of the rest', `01010004${COOKIE}${TRANSACTION}`, 'not-stun'],
    ['bytes behind', `${message(MAPPED)}00000000`, 'not-stun'],
    ['the request itself', message('', '0001'), 'not-an-answer'],
    ['an indication', message('', '0011'), 'not-an-answer'],
    ['the answer of another transaction', message(MAPPED, '0101', 'b7e7a701bc34d686fa87dfaf'), 'other-transaction'],
    ['an error', message('000900040000040e', '0111'), 'refused'],
    ['an attribute longer than the message', message('8022001041414141'), 'bad-attribute'],
    ['a mandatory attribute that is not known', message(`7fff0000${MAPPED}`), 'unknown-attribute'],
    ['no attribute', message(''), 'no-address'],
    ['only the address in clear, which NATs rewrite', message('000100080001a147c0000201'), 'no-address'],
    ['family 3', message('002000080003a147e112a643'), 'bad-address'],
    ['IPv6 of 4 bytes', message('002000080002a147e112a643'), 'bad-address'],
    ['IPv4 of 16 bytes', message(`002000140001a147${'00'.repeat(16)}`), 'bad-address'],
    ['port 0', message('0020000800012112e112a643'), 'bad-address'],
    // ::ffff:1.2.3.4 under cookie and transaction.
    ['IPv4 in IPv6', message('002000140002a1472112a442b7e7a701bc342979fb85dcaa'), 'bad-address'],
  ];
  test.each(cases)('%s', (_, datagram, fault) => expect(read(datagram)).toBe(fault));
});

test('unknown attributes that need not be understood are passed over, and of two addresses the first counts', () => {
  expect(read(message(`80ff000341424300${MAPPED}002000080001a147e112a642`))).toBe('192.0.2.1 32853');
});
