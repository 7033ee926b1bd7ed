import { expect, test } from 'vitest';
import { gpgTextOf, oldServersRead } from '../../../../src/spa/fwknop/gpg-text.ts';
import { hex } from '../../values.ts';

const RSA = `85010c03${'aa'.repeat(267)}d2c12a01${'bb'.repeat(489)}`;
const CURVE = `845e03${'aa'.repeat(93)}d2c12a01${'bb'.repeat(489)}`;

test('an elliptic curve is nothing for old servers', () => {
  expect(oldServersRead(hex(RSA))).toBe(true);
  expect(oldServersRead(hex(CURVE))).toBe(false);
  expect(oldServersRead(new Uint8Array(0))).toBe(false);
});

test.each([
  ['nothing', ''],
  ['a message cut off', RSA.slice(0, -2)],
  ['ASCII armor', Buffer.from('-----BEGIN PGP MESSAGE-----').toString('hex')],
  ['a literal message', `cb20${'62'.repeat(32)}`],
  ['a session key in the new packet format', `c15e03${'aa'.repeat(93)}d2c12a01${'bb'.repeat(489)}`],
])('%s is not sent', (_, message) => {
  expect(() => gpgTextOf(hex(message), undefined)).toThrow('no OpenPGP message that GnuPG has sealed for a recipient');
});

test('what is too long is not sent', () => {
  const long = `85020c03${'aa'.repeat(523)}d2c50001${'bb'.repeat(1471)}`;
  expect(() => gpgTextOf(hex(long), undefined)).toThrow(/it can have 1500/);
});
