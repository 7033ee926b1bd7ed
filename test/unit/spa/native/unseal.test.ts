import { hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sealBox } from '../../../../src/crypto/aead.ts';
import { HmacKey } from '../../../../src/crypto/hmac.ts';
import { encodeBody } from '../../../../src/spa/native/body.ts';
import { deriveNativeKey } from '../../../../src/spa/native/keys.ts';
import { sealNative } from '../../../../src/spa/native/seal.ts';
import { deriveUnsealKeys, unsealNative } from '../../../../src/spa/native/unseal.ts';
import { join } from '../../frame/frames.ts';
import { ascii, requestOf, secretOf, specs, toHex } from '../../values.ts';

const secret = secretOf(1);
const keys = deriveUnsealKeys(secret, 'gw1');
const nonce = new Uint8Array(24).fill(9);
const request = requestOf({ ports: specs('tcp/22') });
const packet = sealNative(request, secret, 'gw1', nonce);

/** A packet put together by section 4 with `body` in it, so that it may say what a client would not. */
const packetWith = (body: Uint8Array, aad = 'spa1'): Uint8Array => {
  const hint = packet.subarray(0, 8);
  const box = sealBox(deriveNativeKey(secret, 'gw1', 'seal'), nonce, join(ascii(aad), hint), body);
  const head = join(hint, nonce, box);
  return join(head, new HmacKey(deriveNativeKey(secret, 'gw1', 'mac')).mac(head));
};

// Section 3, with another HKDF.
test('the keys are bound to their use: what seals requests is not what seals replies', () => {
  const key = (label: string) => hkdfSync('sha256', secret.reveal(), '', ascii(`spa1 ${label}\0gw1`), 32);
  expect(toHex(keys.seal)).toBe(Buffer.from(key('seal')).toString('hex'));
  expect(toHex(keys.reply)).toBe(Buffer.from(key('reply')).toString('hex'));
});

describe('unsealing', () => {
  test('gives the request and the first 16 bytes of the MAC', () => {
    const result = unsealNative(packet, keys);
    if (!result.ok) throw new Error(result.error);
    expect(result.value.request).toEqual(request);
    expect(toHex(result.value.digest)).toBe(toHex(packet.subarray(144, 160)));
  });

  test('the packet is built as section 4 says', () => {
    expect(toHex(packetWith(encodeBody(request)))).toBe(toHex(packet));
  });

  test.each([
    ['another secret', deriveUnsealKeys(secretOf(2), 'gw1')],
    ['another server', deriveUnsealKeys(secret, 'gw2')],
  ])('%s: bad-mac', (_, others) => {
    expect(unsealNative(packet, others)).toEqual({ ok: false, error: 'bad-mac' });
  });

  test('the MAC is not enough: the box has a key of its own', () => {
    const mixed = { ...keys, seal: deriveUnsealKeys(secretOf(2), 'gw1').seal };
    expect(unsealNative(packet, mixed)).toEqual({ ok: false, error: 'unsealing-failed' });
  });

  test('the label of the format is bound into the box', () => {
    expect(unsealNative(packetWith(encodeBody(request), 'spa2'), keys)).toEqual({
      ok: false,
      error: 'unsealing-failed',
    });
  });

  test('a client that says nonsense is told by its field', () => {
    const body = encodeBody(request);
    body[0] = 7;
    expect(unsealNative(packetWith(body), keys)).toEqual({ ok: false, error: 'bad-version' });
  });

  test('a body of another size makes a datagram of no size', () => {
    expect(unsealNative(packetWith(new Uint8Array(97)), keys)).toEqual({ ok: false, error: 'wrong-size' });
  });

  test('what comes out does not share memory with the datagram', () => {
    const copy = packet.slice();
    const result = unsealNative(copy, keys);
    copy.fill(0);
    expect(result.ok && toHex(result.value.digest)).toBe(toHex(packet.subarray(144, 160)));
  });
});
