/** What a reload changes: who is there, what numbers stand for whom, and how long packets must be remembered. */
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import type { FwknopClient, FwknopPolicy, Policy } from '../../../src/engine/policy.ts';
import {
  clientCount,
  firstFloorOf,
  forwardsTo,
  hmacKeysOf,
  lossAgeOf,
  NO_FWKNOP,
  oldKeys,
  replayAgeOf,
} from '../../../src/engine/policy.ts';
import { policyChange } from '../../../src/engine/policy-change.ts';
import { type CandidateMessage, type Numbering, translatorBetween } from '../../../src/engine/receiver-places.ts';
import { fwknopReceiverSettings, UDP_ALONE } from '../../../src/engine/fwknop-settings.ts';
import { gateKeysOf } from '../../support/gate-keys.ts';
import { ip, portOf, present } from '../values.ts';
import { policyOf, stanzaOf } from './desk.ts';
import { fwknopClient, fwknopStanza, NO_NAT } from './fwknop.ts';

const fwknopOf = (...clients: readonly FwknopClient[]): FwknopPolicy => ({ ...NO_FWKNOP, clients, maxAge: 60_000 });
const keyed = (name: string, hmac?: string): FwknopClient =>
  fwknopClient(fwknopStanza(name), { cipher: 'seal', ...(hmac === undefined ? {} : { hmac }) });

describe('who has come and who has gone', () => {
  const policy = (...names: readonly string[]): Policy => policyOf(names.map((name) => stanzaOf(name)));

  test('by name, whatever the format', () => {
    const before = { ...policy('alice', 'bob'), fwknop: fwknopOf(keyed('old')) };
    const after = { ...policy('bob', 'carol'), fwknop: fwknopOf(keyed('new')) };
    expect(policyChange(before, after)).toEqual({ added: ['carol', 'new'], removed: ['alice', 'old'] });
    expect(policyChange(after, after)).toEqual({ added: [], removed: [] });
  });
});

describe('what an old receiver names', () => {
  const key = (byte: number) => ({ hint: new Uint8Array(32).fill(byte), mac: new Uint8Array(32).fill(100 + byte) });
  const numbering = (clients: readonly number[], ...hmacs: readonly string[]): Numbering => ({
    clients: gateKeysOf(clients.map(key)),
    fwknop:
      hmacs.length === 0
        ? undefined
        : present(fwknopReceiverSettings(fwknopOf(...hmacs.map((hmac) => keyed(hmac, hmac))), UDP_ALONE)),
  });
  const candidate = (client: number): CandidateMessage => ({
    kind: 'candidate',
    candidate: { client, source: ip('192.0.2.9'), captured: unixMs(5), datagram: Uint8Array.of(1) },
  });
  const fwknop = (place: number | undefined): CandidateMessage => ({
    kind: 'fwknop-candidate',
    candidate: {
      ...{ key: place, source: ip('192.0.2.9'), destination: undefined, transport: 'udp', forwardedFor: undefined },
      ...{ captured: unixMs(5), text: Uint8Array.of(1) },
    },
  });

  test('is found by its keys, or is gone', () => {
    const translate = translatorBetween(numbering([1, 2, 3]), numbering([3, 1]));
    expect([0, 1, 2, 3].map((client) => translate(candidate(client)))).toEqual([
      candidate(1),
      undefined,
      candidate(0),
      undefined,
    ]);
  });

  test('HMAC keys likewise; a text that matched none stays one', () => {
    const translate = translatorBetween(numbering([], 'a', 'b'), numbering([], 'b'));
    expect(translate(fwknop(1))).toEqual(fwknop(0));
    expect(translate(fwknop(0))).toBeUndefined();
    expect(translate(fwknop(undefined))).toEqual(fwknop(undefined));
  });

  test('nothing where no client is fwknop’s any more', () => {
    expect(translatorBetween(numbering([], 'a'), numbering([]))(fwknop(0))).toBeUndefined();
  });
});

describe('a policy', () => {
  const native = policyOf([stanzaOf('alice'), stanzaOf('bob')]);

  test('counts one of both formats once', () => {
    expect(clientCount({ ...native, fwknop: fwknopOf(keyed('bob'), keyed('carol')) })).toBe(3);
  });

  test('remembers packets for as long as one of either format is fresh', () => {
    expect(replayAgeOf(native)).toBe(120_000);
    const longer = { ...native, fwknop: { ...fwknopOf(keyed('c')), maxAge: 500_000 } };
    expect([replayAgeOf(longer), lossAgeOf(longer)]).toEqual([500_000, 500_000]);
    // Of no client: what is said of its packets does not matter.
    expect(replayAgeOf({ ...native, fwknop: { ...NO_FWKNOP, maxAge: 500_000 } })).toBe(120_000);
    const ageless = { ...native, fwknop: { ...fwknopOf(keyed('c')), maxAge: Number.POSITIVE_INFINITY } };
    expect([replayAgeOf(ageless), lossAgeOf(ageless)]).toEqual([Number.POSITIVE_INFINITY, 120_000]);
  });

  test('begins where it is, and before the second of now where clients tell no more than seconds', () => {
    const now = unixMs(1_767_225_600_700);
    expect(firstFloorOf(native, now)).toBe(now);
    expect(firstFloorOf({ ...native, fwknop: fwknopOf(keyed('c')) }, now)).toBe(1_767_225_599_999);
  });

  test('has each HMAC key once, in the order of the clients', () => {
    const keys = hmacKeysOf(fwknopOf(keyed('a', 'one'), keyed('b'), keyed('c', 'two'), keyed('d', 'one')));
    expect(keys.map(({ key }) => Buffer.from(key).toString())).toEqual(['one', 'two']);
  });

  test('can forward where a stanza of fwknop’s can', () => {
    const withNat = (nat: Partial<typeof NO_NAT>): FwknopClient =>
      fwknopClient(fwknopStanza('f', { nat: { ...NO_NAT, ...nat } }), {});
    const forwards = (...clients: readonly FwknopClient[]) => forwardsTo({ ...native, fwknop: fwknopOf(...clients) });
    expect(forwards(withNat({}))).toEqual([]);
    expect(forwards(withNat({ forward: true }), withNat({ local: true }))).toEqual([4, 'local']);
    expect(forwards(withNat({ forced: { to: ip('fd00::5'), port: portOf(22) } }))).toEqual([6]);
  });

  test('names the clients whose key is the old one of two', () => {
    const [alice, bob] = native.clients;
    const rotation = { until: unixMs(5), pair: 'p' };
    const clients = [
      { ...present(alice), rotation: { key: 'old', ...rotation } as const },
      { ...present(alice), rotation: { key: 'new', ...rotation } as const },
      present(bob),
    ];
    expect(oldKeys({ ...native, clients }).map(({ stanza }) => stanza.name)).toEqual(['alice']);
  });
});
