/** Emergency codes: the vectors of the oracle through the gate and the road of a candidate. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/base/address.ts';
import { steadyMs, unixMs } from '../../src/base/units.ts';
import { decodeHex, encodeHex } from '../../src/bytes/encoding.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { type CryptoSuite, NOBLE } from '../../src/crypto/suite.ts';
import { type Admission, admit } from '../../src/engine/admit.ts';
import { NO_FWKNOP } from '../../src/engine/policy.ts';
import { ReplayCache } from '../../src/replay/cache.ts';
import { UsedCodes } from '../../src/replay/used-codes.ts';
import { codeOwnerOf, sealCode } from '../../src/spa/native/code.ts';
import { decodeBody } from '../../src/spa/native/decode.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { deriveNativeKey } from '../../src/spa/native/keys.ts';
import { deriveUnsealKeys } from '../../src/spa/native/unseal.ts';
import { CODE_REJECTIONS, GATE_REJECTIONS, type Rejection } from '../../src/spa/rejection.ts';
import { repositoryRoot } from '../support/paths.ts';
import { stanzaOf } from '../unit/engine/desk.ts';
import { specs } from '../unit/values.ts';
import { SUITES } from './suites.ts';
import { gateKeysOf } from '../support/gate-keys.ts';

interface Vector {
  readonly name: string;
  readonly secret: string;
  readonly server: string;
  readonly nowMs: number;
  readonly codeKey: string;
  readonly hold: readonly [number, number] | null;
  readonly used: readonly number[];
  readonly number: number;
  readonly body: string;
  readonly datagram: string;
  readonly verdict: Rejection | 'code' | 'packet';
}

const url = new URL('native/codes.json', import.meta.url);
const { maxAgeMs, vectors } = JSON.parse(readFileSync(url, 'utf8')) as { maxAgeMs: number; vectors: Vector[] };

const present = <T>(value: T | undefined): T => value ?? expect.fail('a vector holds a value that cannot be parsed');
const bytes = (hex: string): Uint8Array => present(decodeHex(hex));
const secretOf = ({ secret }: Vector): Secret => present(Secret.fromBase64(secret));

const gateVerdict = (vector: Vector, suite: CryptoSuite): number | Rejection => {
  const [hint, mac] = (['hint', 'mac'] as const).map((label) =>
    deriveNativeKey(secretOf(vector), vector.server, label, suite),
  ) as [Uint8Array, Uint8Array];
  const gate = new NativeGate(gateKeysOf([{ hint, mac, codes: vector.hold !== null }]), maxAgeMs, suite.macKey);
  gate.advance(unixMs(vector.nowMs));
  return gate.check(bytes(vector.datagram), unixMs(vector.nowMs));
};

/** What the authorizer says, whatever the gate did. */
const admission = (vector: Vector, suite: CryptoSuite): Admission => {
  const keys = deriveUnsealKeys(secretOf(vector), vector.server, suite);
  const [first, last] = vector.hold ?? [];
  const codes = first === undefined || last === undefined ? undefined : { first, last };
  const stanza = stanzaOf('alice', { allow: specs('tcp/1-65535'), defaultPorts: specs('tcp/22') });
  const policy = { clients: [{ stanza, keys, codes }], fwknop: NO_FWKNOP, doors: [], guard: [], maxAge: maxAgeMs };
  const owner = codeOwnerOf(keys.code);
  const used = new UsedCodes(vector.used.map((number) => ({ owner, first: number, last: number })));
  const source = present(parseAddress('192.0.2.1'));
  const candidate = { client: 0, source, captured: unixMs(0), datagram: bytes(vector.datagram) };
  const memory = { cache: new ReplayCache(10, unixMs(-1)), codes: used };
  return present(admit(candidate, policy, memory, { wall: unixMs(vector.nowMs), steady: steadyMs(0) }));
};

const verdictOf = (vector: Vector, suite: CryptoSuite): string => {
  const atGate = gateVerdict(vector, suite);
  if (typeof atGate === 'string') return atGate;
  const { outcome, use, record } = admission(vector, suite);
  expect(use === undefined || record === undefined).toBe(true);
  if (use !== undefined) return 'code';
  return record !== undefined ? 'packet' : outcome.kind === 'rejected' ? outcome.reason : 'nothing is remembered';
};

test('there are vectors of every verdict', () => {
  for (const verdict of ['code', 'packet', 'stale', ...CODE_REJECTIONS, ...GATE_REJECTIONS])
    expect(
      vectors.some((vector) => vector.verdict === verdict),
      verdict,
    ).toBe(true);
});

describe.each(SUITES)('by %s', (_, suite) => {
  test.each(vectors)('$name: $verdict', (vector) => {
    expect(verdictOf(vector, suite)).toBe(vector.verdict);
  });
});

const isMadeHere = ({ verdict, name }: Vector): boolean =>
  (verdict === 'code' || verdict === 'code-unknown' || verdict === 'code-used') && !name.includes('hint-of-now');

test.each(vectors.filter(isMadeHere))('$name is made byte for byte', (vector) => {
  const request = decodeBody(bytes(vector.body));
  if (!request.ok) expect.fail(request.error);
  expect(encodeHex(deriveNativeKey(secretOf(vector), vector.server, 'code'))).toBe(vector.codeKey);
  const datagram = sealCode(vector.number, request.value, secretOf(vector), vector.server);
  expect(encodeHex(datagram)).toBe(vector.datagram);
  expect(datagram.length).toBe(176);
});

describe('the authorizer by itself, where the receiver hands over whatever it likes,', () => {
  test.each(vectors.filter(({ hold, verdict }) => hold === null && verdict !== 'wrong-size'))('$name', (vector) => {
    expect(admission(vector, NOBLE).outcome).toEqual({ kind: 'rejected', reason: 'code-unknown' });
  });
});

test('the worked example of the specification is the first vector', () => {
  const page = readFileSync(`${repositoryRoot()}/docs/native-packet.md`, 'utf8').split('## 12.')[1]?.replace(/\s/g, '');
  const { codeKey, datagram } = present(vectors[0]);
  const [hint, nonce, box, mac] = [0, 16, 64, 288].map((start, index) => datagram.slice(start, [16, 64, 288][index]));
  expect(page).toContain(`code${codeKey}`);
  expect(page).toContain(`hint${hint}nonce${nonce}box${box}mac${mac}`);
});
