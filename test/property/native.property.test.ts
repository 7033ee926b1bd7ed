import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../src/base/address.ts';
import { unixMs } from '../../src/base/units.ts';
import { encodeBody } from '../../src/spa/native/body.ts';
import { decodeBody } from '../../src/spa/native/decode.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { deriveNativeKey } from '../../src/spa/native/keys.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';
import { sealNative } from '../../src/spa/native/seal.ts';
import { deriveUnsealKeys, unsealNative } from '../../src/spa/native/unseal.ts';
import { UNSEAL_REJECTIONS } from '../../src/spa/rejection.ts';
import { requestOf, secretOf, toHex } from '../unit/values.ts';
import { bytes, request, secret, serverName } from './arbitraries.ts';
import { gateKeysOf } from '../support/gate-keys.ts';

const MAX_AGE = 120_000;

const gateFor = (key: Parameters<typeof deriveNativeKey>[0], server: string, now: number): NativeGate => {
  const keys = { hint: deriveNativeKey(key, server, 'hint'), mac: deriveNativeKey(key, server, 'mac') };
  const gate = new NativeGate(gateKeysOf([keys]), MAX_AGE);
  gate.advance(unixMs(now));
  return gate;
};

describe('the whole road', () => {
  test('sealed, recognised, unsealed: the same request', () => {
    fc.assert(
      fc.property(request, secret, serverName, bytes(24), (wish, key, server, nonce) => {
        const datagram = sealNative(wish, key, server, nonce);
        expect(DATAGRAM_SIZES).toContain(datagram.length);
        expect(gateFor(key, server, wish.time).check(datagram, wish.time)).toBe(0);
        const unsealed = unsealNative(datagram, deriveUnsealKeys(key, server));
        expect(unsealed.ok && unsealed.value.request).toEqual(wish);
        expect(unsealed.ok && toHex(unsealed.value.digest)).toBe(toHex(datagram.slice(-32, -16)));
      }),
    );
  });

  test('sealed for one server or client, nothing to another', () => {
    fc.assert(
      fc.property(request, secret, secret, serverName, serverName, (wish, key, other, server, elsewhere) => {
        fc.pre(server !== elsewhere && key.revealBase64() !== other.revealBase64());
        const datagram = sealNative(wish, key, server, new Uint8Array(24));
        expect(unsealNative(datagram, deriveUnsealKeys(other, server)).ok).toBe(false);
        expect(unsealNative(datagram, deriveUnsealKeys(key, elsewhere)).ok).toBe(false);
        expect(gateFor(other, server, wish.time).check(datagram, wish.time)).toBeTypeOf('string');
        expect(gateFor(key, elsewhere, wish.time).check(datagram, wish.time)).toBeTypeOf('string');
      }),
    );
  });
});

describe('a bit flipped', () => {
  const key = secretOf(1);
  const keys = deriveUnsealKeys(key, 'gw1');

  test('anywhere in a datagram of any request: refused by gate and authorizer', () => {
    fc.assert(
      fc.property(request, fc.nat(), (wish, chance) => {
        const datagram = sealNative(wish, key, 'gw1', new Uint8Array(24).fill(3));
        const bit = chance % (8 * datagram.length);
        datagram[bit >> 3] = (datagram[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const verdict = gateFor(key, 'gw1', wish.time).check(datagram, wish.time);
        expect(verdict).toBe(bit < 64 ? 'unknown-hint' : 'bad-mac');
        expect(unsealNative(datagram, keys)).toEqual({ ok: false, error: 'bad-mac' });
      }),
    );
  });

  test('every bit of one packet', () => {
    const wish = requestOf();
    const datagram = sealNative(wish, key, 'gw1', new Uint8Array(24).fill(3));
    const gate = gateFor(key, 'gw1', wish.time);
    for (let bit = 0; bit < 8 * datagram.length; bit += 1) {
      const flipped = datagram.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(gate.check(flipped, wish.time)).toBeTypeOf('string');
      expect(unsealNative(flipped, keys).ok).toBe(false);
    }
  });
});

describe('bodies', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(request, (wish) => {
        expect(decodeBody(encodeBody(wish))).toEqual({ ok: true, value: wish });
      }),
    );
  });

  test('have one encoding: whatever is read would be written with the same bytes', () => {
    const mutated = fc
      .tuple(request, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([wish, changes]) => {
        const body = encodeBody(wish);
        for (const [place, value] of changes) body[place % Math.min(body.length, 60)] = value;
        return body;
      });
    fc.assert(
      fc.property(mutated, (body) => {
        const result = decodeBody(body);
        if (result.ok) expect(toHex(encodeBody(result.value))).toBe(toHex(body));
        else expect(UNSEAL_REJECTIONS).toContain(result.error);
      }),
      { numRuns: 1000 },
    );
  });

  test('what is read has addresses that their text gives back', () => {
    fc.assert(
      fc.property(request, (wish) => {
        const result = decodeBody(encodeBody(wish));
        if (!result.ok) throw new Error(result.error);
        for (const [index, cidr] of result.value.addresses.entries())
          expect(formatAddress(cidr.address)).toBe(formatAddress(wish.addresses[index]?.address ?? cidr.address));
      }),
    );
  });
});
