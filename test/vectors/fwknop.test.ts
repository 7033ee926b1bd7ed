import { describe, expect, test } from 'vitest';
import { NODE_SUITE } from '../../platform/node-suite.ts';
import type { MacFactory } from '../../src/crypto/hmac.ts';
import type { CryptoSuite } from '../../src/crypto/suite.ts';
import { decodeFields, encodeFields } from '../../src/spa/fwknop/fields.ts';
import { gpgMessageIn, gpgTextOf, oldServersRead } from '../../src/spa/fwknop/gpg-text.ts';
import { FwknopMac } from '../../src/spa/fwknop/mac.ts';
import { sealFwknop } from '../../src/spa/fwknop/seal.ts';
import { looksLikeGpg, looksSalted } from '../../src/spa/fwknop/shape.ts';
import { unsealFwknop } from '../../src/spa/fwknop/unseal.ts';
import { FWKNOP_GATE_REJECTIONS, FWKNOP_UNSEAL_REJECTIONS } from '../../src/spa/rejection.ts';
import { ascii, hex, toHex } from '../unit/values.ts';
import { SUITES } from './suites.ts';
import {
  badVectors,
  cipherOf,
  fieldsOf,
  type GoodVector,
  goodVectors,
  type GpgVector,
  hmacOf,
  messageOf,
  realVectors,
  type TextVector,
  textOf,
} from './fwknop/load.ts';

const real = realVectors.rijndael.flatMap((vector) => ('rejection' in vector ? [] : [vector]));
const refusedReal = realVectors.rijndael.flatMap((vector) => ('rejection' in vector ? [vector] : []));

const accepts = (vectors: readonly GoodVector[], suite: CryptoSuite): void => {
  test('have names of their own', () => {
    expect(new Set(vectors.map((vector) => vector.name)).size).toBe(vectors.length);
  });

  test.each(vectors)('$name: unsealed', (vector) => {
    const unsealed = unsealFwknop(textOf(vector), cipherOf(vector), hmacOf(vector), suite);
    if (!unsealed.ok) throw new Error(`rejected: ${unsealed.error}`);
    expect(fieldsOf(unsealed.value.message)).toEqual(vector.fields);
    expect(unsealed.value.plain).toEqual(ascii(vector.plain));
    expect(decodeFields(ascii(vector.plain))).toEqual({ ok: true, value: unsealed.value.message });
  });

  test.each(vectors.filter((vector) => vector.canonical))('$name: sealed', (vector) => {
    expect(encodeFields(messageOf(vector.fields), vector.digest)).toBe(vector.plain);
    expect(sealFwknop(vector.plain, cipherOf(vector), hmacOf(vector), hex(vector.salt), suite)).toBe(vector.text);
  });
};

const acceptsGpg = (vectors: readonly GpgVector[], suite: CryptoSuite): void => {
  test.each(vectors)('$name', (vector) => {
    const openPgp = hex(vector.openPgp);
    const found = gpgMessageIn(textOf(vector), hmacOf(vector), suite.macKey);
    expect(found.ok ? toHex(found.value) : found.error).toBe(vector.openPgp);
    expect(gpgTextOf(openPgp, hmacOf(vector))).toBe(vector.text);
    expect(oldServersRead(openPgp)).toBe(vector.old);
    if (vector.hmac === null) expect(looksLikeGpg(textOf(vector))).toBe(true);
  });
};

describe.each(SUITES)('packets of the real client, by %s', (_, suite) => {
  test('are of every digest, HMAC and mode', () => {
    expect(new Set(real.map((vector) => vector.digest)).size).toBe(7);
    expect(new Set(real.map((vector) => vector.hmac?.type)).size).toBe(8);
    expect(new Set(real.map((vector) => vector.mode)).size).toBe(6);
    expect(new Set(real.map((vector) => vector.fields.type)).size).toBe(7);
  });

  accepts(real, suite);
  acceptsGpg(realVectors.gpg, suite);

  test.each(refusedReal)('$name: $rejection', (vector) => {
    expect(unsealFwknop(textOf(vector), cipherOf(vector), hmacOf(vector), suite)).toEqual({
      ok: false,
      error: vector.rejection,
    });
  });

  test.each(real)('$name: looks salted, and not like an OpenPGP message', (vector) => {
    expect(looksSalted(textOf(vector))).toBe(true);
    expect(looksLikeGpg(textOf(vector))).toBe(false);
  });
});

describe.each(SUITES)('good packets of the oracle, by %s', (_, suite) => {
  accepts(goodVectors.rijndael, suite);
  acceptsGpg(goodVectors.gpg, suite);
});

describe.each(SUITES)('bad packets of the oracle, by %s', (_, suite) => {
  test('have names of their own', () => {
    const names = badVectors.rijndael.map((vector) => vector.name);
    expect(new Set(names).size).toBe(names.length);
  });

  // That no key at all matches is for the gate to say, which has them all.
  test.each([...FWKNOP_GATE_REJECTIONS, ...FWKNOP_UNSEAL_REJECTIONS].filter((tag) => tag !== 'no-key-matched'))(
    '%s has a vector',
    (rejection) => {
      expect(badVectors.rijndael.some((vector) => vector.rejection === rejection)).toBe(true);
    },
  );

  test.each(badVectors.rijndael)('$name: $rejection', (vector) => {
    const unsealed = unsealFwknop(textOf(vector), cipherOf(vector), hmacOf(vector), suite);
    expect(unsealed.ok ? 'accepted' : unsealed.error).toBe(vector.rejection);
  });

  test.each(badVectors.gpg)('GnuPG, $name: $rejection', (vector) => {
    const found = gpgMessageIn(textOf(vector), hmacOf(vector), suite.macKey);
    expect(found.ok ? 'accepted' : found.error).toBe(vector.rejection);
  });
});

describe('the HMAC by itself', () => {
  const withHmac = (vectors: readonly TextVector[]): TextVector[] => vectors.filter((vector) => vector.hmac !== null);
  const matches = (vector: TextVector, makeMac?: MacFactory): boolean | undefined => {
    const key = hmacOf(vector);
    return key === undefined ? undefined : new FwknopMac(key, makeMac).matches(textOf(vector));
  };

  test('matches all good packets, by our own means and by those of the platform', () => {
    const vectors = withHmac([...real, ...goodVectors.rijndael, ...goodVectors.gpg, ...realVectors.gpg]);
    expect(vectors.length).toBeGreaterThan(200);
    for (const vector of vectors) {
      expect(matches(vector), vector.name).toBe(true);
      expect(matches(vector, NODE_SUITE.macKey), vector.name).toBe(true);
    }
  });

  test('says the same of bad packets by both', () => {
    for (const vector of withHmac([...badVectors.rijndael, ...badVectors.gpg])) {
      expect(matches(vector), vector.name).toBe(matches(vector, NODE_SUITE.macKey));
    }
  });

  test('matches no packet whose HMAC is wrong', () => {
    const wrong = [...badVectors.rijndael, ...badVectors.gpg].filter((vector) => vector.rejection === 'bad-mac');
    // To the other cipher these are right.
    const foreign = ['a text of GnuPG', 'a text of Rijndael'];
    for (const vector of wrong.filter(({ name }) => !foreign.some((start) => name.startsWith(start)))) {
      expect(matches(vector), vector.name).toBe(false);
    }
  });
});
