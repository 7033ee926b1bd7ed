/** Replies: the vectors of the oracle, read and written. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../src/base/address.ts';
import { decodeHex, encodeHex } from '../../src/bytes/encoding.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { deriveNativeKey } from '../../src/spa/native/keys.ts';
import {
  openReply,
  type Reply,
  REPLY_FAULTS,
  REPLY_REASONS,
  requestMacOf,
  sealReply,
} from '../../src/spa/native/reply.ts';
import { POLICY_REJECTIONS } from '../../src/spa/rejection.ts';
import { SUITES } from './suites.ts';

interface Vector {
  readonly name: string;
  readonly secret: string;
  readonly server: string;
  readonly replyKey: string;
  readonly request: string;
  readonly nonce: string;
  readonly datagram: string;
  readonly fault: string | null;
  readonly reply: {
    readonly status: string;
    readonly reason: string | null;
    readonly timeMs: number;
    readonly endMs: number;
    readonly source: string;
    readonly port: number;
  } | null;
}

const { vectors } = JSON.parse(readFileSync(new URL('native/replies.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};

const present = <T>(value: T | undefined): T => value ?? expect.fail('a vector holds a value that cannot be parsed');
const bytes = (hex: string): Uint8Array => present(decodeHex(hex));
const keyOf = ({ secret, server }: Vector): Uint8Array =>
  deriveNativeKey(present(Secret.fromBase64(secret)), server, 'reply');

const inWordsOfVectors = ({ outcome, time, source, sourcePort }: Reply): Vector['reply'] => ({
  status: outcome.status,
  reason: outcome.status === 'refused' ? outcome.reason : null,
  timeMs: time,
  endMs: outcome.status === 'opened' ? outcome.ends : 0,
  source: formatAddress(source),
  port: sourcePort,
});

test('there are vectors of every fault and every reason, and a number for every reason', () => {
  for (const fault of REPLY_FAULTS)
    expect(
      vectors.some((vector) => vector.fault === fault),
      fault,
    ).toBe(true);
  for (const reason of POLICY_REJECTIONS) {
    expect(REPLY_REASONS).toContain(reason);
    expect(
      vectors.some(({ reply }) => reply?.reason === reason),
      reason,
    ).toBe(true);
  }
});

describe.each(SUITES)('by %s', (_, suite) => {
  test.each(vectors)('$name', (vector) => {
    expect(encodeHex(keyOf(vector))).toBe(vector.replyKey);
    const mac = requestMacOf(bytes(vector.request));
    const read = openReply(bytes(vector.datagram), keyOf(vector), mac, suite);
    if (!read.ok) {
      expect(read.error).toBe(vector.fault);
      return;
    }
    expect(inWordsOfVectors(read.value)).toEqual(vector.reply);
    const written = sealReply(read.value, keyOf(vector), mac, bytes(vector.nonce), suite);
    expect(encodeHex(written)).toBe(vector.datagram);
  });
});
