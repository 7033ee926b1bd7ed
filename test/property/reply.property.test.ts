import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUnspecified } from '../../src/base/address.ts';
import { unixMs } from '../../src/base/units.ts';
import { openReply, REPLY_LENGTH, REPLY_REASONS, type ReplyOutcome, sealReply } from '../../src/spa/native/reply.ts';
import { present } from '../unit/values.ts';
import { address, bytes, port, time } from './arbitraries.ts';

const outcome: fc.Arbitrary<ReplyOutcome> = fc.oneof(
  time.map((ends): ReplyOutcome => ({ status: 'opened', ends: unixMs(Math.max(1, ends)) })),
  fc.constantFrom('closed' as const, 'accepted' as const, 'failed' as const).map((status) => ({ status })),
  fc.nat(REPLY_REASONS.length - 1).map((place): ReplyOutcome => ({
    status: 'refused',
    reason: present(REPLY_REASONS[place]),
  })),
);
const reply = fc.record({
  ...{ outcome, time, sourcePort: port },
  source: address.filter((one) => !isUnspecified(one)),
});

test('what is sealed is opened: the same reply, 176 bytes', () => {
  fc.assert(
    fc.property(reply, bytes(32), bytes(32), bytes(24), (said, key, mac, nonce) => {
      const datagram = sealReply(said, key, mac, nonce);
      expect(datagram.length).toBe(REPLY_LENGTH);
      expect(openReply(datagram, key, mac)).toEqual({ ok: true, value: said });
    }),
  );
});

test('a flipped bit in the reply, the key or the MAC of the request: no reply', () => {
  fc.assert(
    fc.property(reply, bytes(32), bytes(32), fc.nat(), (said, key, mac, chance) => {
      const parts = [sealReply(said, key, mac, new Uint8Array(24)), key, mac] as const;
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      let bit = chance % (8 * length);
      for (const part of parts) {
        if (bit >= 0 && bit < 8 * part.length) part[bit >> 3] = (part[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        bit -= 8 * part.length;
      }
      expect(openReply(...parts)).toEqual({ ok: false, error: 'unsealing-failed' });
    }),
  );
});
