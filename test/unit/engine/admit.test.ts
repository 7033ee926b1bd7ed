/** The order of the checks on a packet's road, by packets with more than one fault, and what each refusal leaves behind. */
import { describe, expect, test } from 'vitest';
import { type Moment, unixMs } from '../../../src/base/units.ts';
import { admit, type Admission, describeRejection, type Memory } from '../../../src/engine/admit.ts';
import type { Candidate } from '../../../src/engine/input.ts';
import type { KeyRotation, Policy } from '../../../src/engine/policy.ts';
import { ReplayCache } from '../../../src/replay/cache.ts';
import { UsedCodes } from '../../../src/replay/used-codes.ts';
import { sealCode } from '../../../src/spa/native/code.ts';
import type { Forward, SpaRequest } from '../../../src/spa/request.ts';
import { cidr, ip, portOf, present, requestOf, secretOf, specs } from '../values.ts';
import { candidateAt, EPOCH, type Knock, moment, policyOf, SERVER, stanzaOf } from './desk.ts';

const NOW = moment(0);
const UNTIL = unixMs(EPOCH + 5000);

const memory = (floor = 0): Memory => ({ cache: new ReplayCache(100, unixMs(floor)), codes: new UsedCodes() });

const candidateOf = (knock: Knock, at: Moment): Candidate => {
  const input = candidateAt(at, knock);
  return input.kind === 'candidate' ? input.candidate : expect.fail('no candidate');
};

/** The stanza has two keys, this one being `key`; its codes are 1 to 8. */
const rotating = (key: KeyRotation['key'], fields: Parameters<typeof stanzaOf>[1] = {}): Policy => {
  const policy = policyOf([stanzaOf('alice', fields)]);
  const rotation = { key, until: UNTIL, pair: 'p' };
  return {
    ...policy,
    clients: policy.clients.map((client) => ({ ...client, codes: { first: 1, last: 8 }, rotation })),
  };
};

const judged = (candidate: Candidate, policy: Policy, now: Moment, held = memory()): Admission =>
  present(admit(candidate, policy, held, now));

const verdict = ({ outcome }: Admission): string => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind);

const code = (number: number, request: Partial<SpaRequest> = {}): Candidate => ({
  ...candidateOf({}, NOW),
  datagram: sealCode(number, requestOf(request), secretOf(0), SERVER),
});

const forged = (candidate: Candidate): Candidate => ({
  ...candidate,
  datagram: candidate.datagram.map((byte, index) => (index === 100 ? byte ^ 1 : byte)),
});

const NO_PORT = { request: { ports: specs('udp/53') } };

describe('of two faults the one is told that is looked for first:', () => {
  const ended = moment(5000);
  const late = moment(-500_000);

  test('forged, of a key that has ended: bad-mac, and nothing is believed of it', () => {
    const admission = judged(forged(candidateOf({}, ended)), rotating('old'), ended);
    expect(verdict(admission)).toBe('bad-mac');
    expect(Object.keys(admission).sort()).toEqual(['keys', 'outcome', 'stanza']);
  });

  test('of a key that has ended, and stale: key-ended', () => {
    expect(verdict(judged(candidateOf({}, late), rotating('old'), ended))).toBe('key-ended');
    expect(verdict(judged(code(9), rotating('old'), ended))).toBe('key-ended');
  });

  test('stale, and below the floor: stale', () => {
    expect(verdict(judged(candidateOf({}, late), rotating('new'), NOW, memory(EPOCH)))).toBe('stale');
  });

  test('replayed, and refused by the policy: replayed', () => {
    const candidate = candidateOf(NO_PORT, NOW);
    const held = memory();
    const first = judged(candidate, rotating('new'), NOW, held);
    expect(verdict(first)).toBe('port-not-allowed');
    held.cache.remember(present(first.record));
    const again = judged(candidate, rotating('new'), NOW, held);
    expect(verdict(again)).toBe('replayed');
    expect(again.record).toBeUndefined();
  });
});

describe('what is to be remembered', () => {
  test.each([
    ['open', {}, NOW],
    ['port-not-allowed', NO_PORT, NOW],
  ] as const)('%s: its digest and its own time', (expected, knock, at) => {
    const candidate = candidateOf(knock, at);
    const admission = judged(candidate, rotating('new'), moment(1000));
    expect(verdict(admission)).toBe(expected);
    expect(admission.record).toEqual({ digest: candidate.datagram.slice(144, 160), time: EPOCH });
    expect(admission.use).toBeUndefined();
  });

  test.each([
    ['stale', moment(120_001)],
    ['future', moment(-120_001)],
  ])('%s: nothing, but the request is told', (expected, now) => {
    const admission = judged(candidateOf({}, NOW), rotating('new'), now);
    expect(verdict(admission)).toBe(expected);
    expect([admission.record, admission.use]).toEqual([undefined, undefined]);
    expect(admission.request).toMatchObject({ type: 'open', time: EPOCH });
  });

  test('a code: its number, in place of a digest, whatever the policy says then', () => {
    for (const [request, expected] of [
      [{}, 'open'],
      [{ ports: specs('udp/53') }, 'port-not-allowed'],
    ] as const) {
      const admission = judged(code(3, request), rotating('new'), NOW);
      expect(verdict(admission)).toBe(expected);
      expect(admission).toMatchObject({ code: 3, use: { first: 3, last: 3 }, request: { type: 'open' } });
      expect(admission.record).toBeUndefined();
    }
  });

  test('a code that is none of the stanza’s, or was used: nothing', () => {
    const held = memory();
    held.codes.use(present(judged(code(3), rotating('new'), NOW).use));
    for (const [number, expected] of [
      [9, 'code-unknown'],
      [3, 'code-used'],
    ] as const) {
      const admission = judged(code(number), rotating('new'), NOW, held);
      expect(verdict(admission)).toBe(expected);
      expect(admission).toMatchObject({ code: number, request: { type: 'open' } });
      expect([admission.record, admission.use]).toEqual([undefined, undefined]);
    }
  });
});

describe('while a stanza has two keys', () => {
  test.each([
    ['old', 4999, 'open', 'old'],
    ['old', 5000, 'key-ended', undefined],
    ['new', 4999, 'open', 'new'],
    ['new', 5000, 'open', undefined],
  ] as const)('its %s key at %d ms, of 5000: %s', (key, at, expected, told) => {
    const admission = judged(candidateOf({}, moment(at)), rotating(key), moment(at));
    expect(verdict(admission)).toBe(expected);
    expect(admission.key).toBe(told);
    expect(Object.hasOwn(admission, 'key')).toBe(told !== undefined);
    expect(admission.request).toBeDefined();
  });
});

test('a client that does not exist', () => {
  expect(admit({ ...candidateOf({}, NOW), client: 1 }, rotating('new'), memory(), NOW)).toBeUndefined();
});

describe('the line about a refusal', () => {
  const line = (candidate: Candidate, now: Moment, policy = rotating('new')) => {
    const admission = judged(candidate, policy, now);
    return admission.outcome.kind === 'rejected'
      ? describeRejection(admission.outcome.reason, admission, candidate, now)
      : expect.fail('it was let in');
  };
  const always = { stanza: 'alice', format: 'native', key: 'new', source: ip('192.0.2.1') };

  test('says nothing of a request that was not read', () => {
    expect(line(forged(candidateOf({}, NOW)), NOW)).toStrictEqual({ ...always, reason: 'bad-mac' });
  });

  test.each([
    ['future', -1_200_400, 1200],
    ['stale', 120_501, -121],
  ] as const)('%s: by how many seconds', (reason, at, skew) => {
    const { key, ...others } = always;
    const ended = at < UNTIL - EPOCH ? { key } : {};
    expect(line(candidateOf({}, NOW), moment(at))).toStrictEqual({ ...others, ...ended, reason, ports: [], skew });
  });

  test('says which ports, for whom and to where was asked, and which code it was', () => {
    const to = (forward: Forward) => ({ ports: specs('tcp/80'), addresses: [cidr('192.0.2.9')], forward });
    const asked = { ...always, ports: specs('tcp/80'), allow: [ip('192.0.2.9')], reason: 'forward-not-allowed' };
    const address = to({ kind: 'address', address: ip('10.0.0.5'), port: portOf(22) });
    expect(line(candidateOf({ request: address }, NOW), NOW)).toStrictEqual({
      ...asked,
      forward: { to: ip('10.0.0.5'), port: 22 },
    });
    expect(line(code(2, to({ kind: 'local', port: portOf(23) })), NOW)).toStrictEqual({
      ...asked,
      code: 2,
      forward: { to: undefined, port: 23 },
    });
  });

  test('names a network that no grant can be for by its first address', () => {
    const request = { addresses: [cidr('192.0.2.0/24')] };
    expect(line(candidateOf({ request }, NOW), NOW)).toMatchObject({ allow: [ip('192.0.2.0')] });
  });
});
