import { expect, test } from 'vitest';
import { clientsOf, deriveGateKeys, hintKeyAt, macKeyAt } from '../../../../src/spa/native/gate-keys.ts';
import { HintMaker } from '../../../../src/spa/native/hint-maker.ts';
import { deriveNativeKey, hintOf } from '../../../../src/spa/native/keys.ts';
import { HmacKey } from '../../../../src/crypto/hmac.ts';
import { secretOf, toHex } from '../../values.ts';

// The longest name makes the last block of HKDF a second one.
test.each(['g', 'gw1', 'ü'.repeat(32)])('are those that each client derives for itself, at %s', (server) => {
  const secrets = [1, 2, 3].map(secretOf);
  const keys = deriveGateKeys(secrets, server, { withCodes: [1], ends: new Map() });
  expect(clientsOf(keys)).toBe(3);
  expect(keys.withCodes).toEqual([1]);
  for (const [client, secret] of secrets.entries()) {
    const hint = keys.bytes.subarray(hintKeyAt(client), hintKeyAt(client) + 32);
    expect(toHex(hint)).toBe(toHex(deriveNativeKey(secret, server, 'hint')));
    expect(toHex(macKeyAt(keys, client))).toBe(toHex(deriveNativeKey(secret, server, 'mac')));
  }
  expect(macKeyAt(keys, 3)).toHaveLength(0);
});

test('hints are made of them, whichever client and window comes next', () => {
  const secrets = [1, 2, 3].map(secretOf);
  const maker = new HintMaker(deriveGateKeys(secrets, 'gw1', { withCodes: [], ends: new Map() }));
  for (const [client, window] of [
    [0, 5],
    [2, 5],
    [1, 29_453_760],
    [1, 0],
    [0, 0],
    [2, 29_453_761],
  ] as const) {
    const key = new HmacKey(deriveNativeKey(secretOf(client + 1), 'gw1', 'hint'));
    expect(toHex(maker.make(client, window).subarray(0, 8))).toBe(toHex(hintOf(key, window)));
  }
});
