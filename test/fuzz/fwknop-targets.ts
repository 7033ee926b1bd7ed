/** The decoders of fwknop's packets. */
import { isDeepStrictEqual } from 'node:util';
import { bareBase64Length, decodeBareBase64, encodeBareBase64 } from '../../src/bytes/bare-base64.ts';
import { digestText } from '../../src/spa/fwknop/digest.ts';
import { decodeFields, encodeFields } from '../../src/spa/fwknop/fields.ts';
import { gpgMessageIn, gpgTextOf } from '../../src/spa/fwknop/gpg-text.ts';
import { FwknopMac } from '../../src/spa/fwknop/mac.ts';
import { unsealFwknop } from '../../src/spa/fwknop/unseal.ts';
import { FWKNOP_GATE_REJECTIONS, FWKNOP_UNSEAL_REJECTIONS } from '../../src/spa/rejection.ts';
import { ascii, present } from '../unit/values.ts';
import {
  badVectors,
  cipherOf,
  type GoodVector,
  goodVectors,
  hmacOf,
  type TextVector,
  textOf,
} from '../vectors/fwknop/load.ts';

type Check = (input: Uint8Array) => string | undefined;

const REJECTIONS: readonly string[] = [...FWKNOP_GATE_REJECTIONS, ...FWKNOP_UNSEAL_REJECTIONS];
const among = (tag: string): string | undefined =>
  REJECTIONS.includes(tag) ? undefined : `"${tag}" is not in the closed list`;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const texts = (vectors: readonly TextVector[]): Uint8Array[] => vectors.map(textOf);

const named = (name: string): GoodVector => present(goodVectors.rijndael.find((vector) => vector.name === name));

/** Whoever has no key makes no packet: what is accepted is a packet of the vectors, letter by letter. */
const unseal =
  (readers: readonly GoodVector[]): Check =>
  (input) => {
    for (const reader of readers) {
      const unsealed = unsealFwknop(input, cipherOf(reader), hmacOf(reader));
      if (unsealed.ok) {
        if (latin1(input) !== reader.text) return 'a second text of a packet';
      } else {
        const complaint = among(unsealed.error);
        if (complaint !== undefined) return complaint;
      }
    }
    return undefined;
  };

const mac: Check = (input) => {
  const reader = named('mode cbc, HMAC sha512');
  const matches = new FwknopMac(present(hmacOf(reader))).matches(input);
  return !matches || latin1(input) === reader.text ? undefined : 'a forgery';
};

/** With the digest that the input lacks, so that the fields are looked at. */
const fields: Check = (input) => {
  const read = decodeFields(ascii(`${latin1(input)}:${digestText('sha256', input)}`));
  if (!read.ok) return among(read.error);
  // `::` takes fewer letters than the `0.0.0.0` that we write.
  if (read.value.allow === undefined && read.value.command.length > 170) return undefined;
  const again = decodeFields(ascii(encodeFields(read.value, 'sha1')));
  return again.ok && isDeepStrictEqual(again.value, read.value) ? undefined : 'it reads as another message';
};

/** A type, then what goes into base64: the message, and after a zero byte nat. */
const message: Check = (input) => {
  const parts = [input.subarray(1)].flatMap((rest) => {
    const zero = rest.indexOf(0);
    return zero < 0 ? [rest] : [rest.subarray(0, zero), rest.subarray(zero + 1)];
  });
  const type = (input[0] ?? 0) % 7;
  const text = parts.map((part) => latin1(encodeBareBase64(part))).join(':');
  const timeout = type === 3 || type === 4 || type === 6 ? ':60' : '';
  return fields(ascii(`1234567890123456:cm9vdA:1795175774:3.0.0:${String(type)}:${text}${timeout}`));
};

const gpg: Check = (input) => {
  const found = gpgMessageIn(input, undefined);
  if (!found.ok) return among(found.error);
  return gpgTextOf(found.value, undefined) === latin1(input) ? undefined : 'a second text of a message';
};

const base64: Check = (input) => {
  const bytes = decodeBareBase64(input);
  if (bytes === undefined) return undefined;
  if (bareBase64Length(bytes.length) !== input.length) return 'a wrong length';
  return latin1(encodeBareBase64(bytes)) === latin1(input) ? undefined : 'it has a second encoding';
};

/** Few enough that a short run gets beyond them. */
const some = <T>(list: readonly T[]): T[] => list.filter((_, index) => index % 12 === 0);

const seedsOfMessages = some(goodVectors.rijndael).map(({ fields: json, plain }) => {
  const parts = plain.split(':').slice(5, json.nat === null ? 6 : 7);
  const pieces = parts.map((part) => Buffer.from(part, 'base64'));
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from([Number(plain.split(':')[4])]),
      ...pieces.flatMap((piece, index) => (index === 0 ? [piece] : [Buffer.from([0]), piece])),
    ]),
  );
});

const withHmac = ['mode cbc, HMAC sha256', 'mode ctr, HMAC md5', 'mode legacy, HMAC sha3_512'].map(named);
const withoutHmac = ['mode cbc, HMAC None', 'mode ctr, HMAC None', 'mode ecb, HMAC None'].map(named);

/** In the shape of the other targets. */
export const fwknopTargets = [
  { name: 'fwknop-unseal', seeds: texts([...withHmac, ...badVectors.rijndael.slice(0, 10)]), run: unseal(withHmac) },
  { name: 'fwknop-unseal-bare', seeds: texts(withoutHmac), run: unseal(withoutHmac) },
  { name: 'fwknop-mac', seeds: texts([named('mode cbc, HMAC sha512'), ...some(goodVectors.gpg)]), run: mac },
  {
    name: 'fwknop-fields',
    seeds: some(goodVectors.rijndael).map(({ plain }) => ascii(plain.slice(0, plain.lastIndexOf(':')))),
    run: fields,
  },
  { name: 'fwknop-message', seeds: seedsOfMessages, run: message },
  { name: 'fwknop-gpg', seeds: texts(some([...goodVectors.gpg, ...badVectors.gpg])), run: gpg },
  { name: 'bare-base64', seeds: texts(goodVectors.rijndael.slice(0, 20)), run: base64 },
];
