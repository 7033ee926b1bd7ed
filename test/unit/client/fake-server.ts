import { expect } from 'vitest';
import { parseAddress } from '../../../src/base/address.ts';
import { port, unixMs } from '../../../src/base/units.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { deriveNativeKey } from '../../../src/spa/native/keys.ts';
import { type Reply, type ReplyOutcome, requestMacOf, sealReply } from '../../../src/spa/native/reply.ts';
import { FAKE_NOW } from './fake-io.ts';

/** The secret that the servers of these tests share with their clients. */
export const KEY = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';
export const REPLY_KEY = deriveNativeKey(Secret.fromBase64(KEY) ?? expect.fail('a secret'), 'gw1', 'reply');

export const OPENED: ReplyOutcome = { status: 'opened', ends: unixMs(FAKE_NOW + 30_000) };

/** What gw1 answers to a datagram, be it one or not. */
export const replyOf = (
  datagram: Uint8Array,
  outcome: ReplyOutcome = OPENED,
  more: Partial<Reply> = {},
  key = REPLY_KEY,
): Uint8Array => {
  const source = parseAddress('203.0.113.9') ?? expect.fail('an address');
  const reply = { outcome, time: FAKE_NOW, source, sourcePort: port(40_000) ?? expect.fail('a port'), ...more };
  return sealReply(reply, key, requestMacOf(datagram), new Uint8Array(24).fill(9));
};

/** A server that answers every packet so. */
export const answering =
  (outcome: ReplyOutcome = OPENED, more: Partial<Reply> = {}, key = REPLY_KEY) =>
  (datagram: Uint8Array): readonly Uint8Array[] => [replyOf(datagram, outcome, more, key)];
