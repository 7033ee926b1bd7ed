/** Replies at their edge: sealed for whom they are, handed to whoever has the socket, and none at the cost of another. */
import { describe, expect, test } from 'vitest';
import { Replies } from '../../../server/replies.ts';
import { unixMs } from '../../../src/base/units.ts';
import { sealBox } from '../../../src/crypto/aead.ts';
import type { ReplyEffect } from '../../../src/engine/effect.ts';
import type { ReplyOrder } from '../../../src/engine/reply-order.ts';
import { openReply } from '../../../src/spa/native/reply.ts';
import { ip, portOf } from '../values.ts';

const KEY = new Uint8Array(32).fill(7);

const replyTo = (client: number, ends: number): ReplyEffect => ({
  ...{ kind: 'reply', outcome: { status: 'opened', ends: unixMs(ends) }, to: ip(`192.0.2.${String(client)}`) },
  path: { sourcePort: portOf(40_000 + client), at: undefined },
  keys: { reply: KEY, sealBox },
  requestMac: new Uint8Array(32).fill(client),
});

const edge = (takes: boolean, isMute = false) => {
  const orders: ReplyOrder[] = [];
  const warned: string[] = [];
  let failed = 0;
  const log = (): undefined => undefined;
  const replies = new Replies({
    logger: { info: log, warn: (text) => warned.push(text), error: log },
    receiver: {
      port: portOf(62_201),
      reply: (order) => {
        if (takes) orders.push(order);
        return takes;
      },
    },
    isMute,
    onFailed: () => {
      failed += 1;
    },
  });
  return { replies, orders, warned, failed: () => failed };
};

describe('replies', () => {
  test('go to whom they are for, each bound to its own request', () => {
    const { replies, orders, failed } = edge(true);
    replies.send([replyTo(1, 1000), replyTo(2, 2000)]);
    const read = orders.map(({ datagram }, index) => openReply(datagram, KEY, new Uint8Array(32).fill(index + 1)));
    expect(read.map((reply) => reply.ok && reply.value.outcome)).toEqual([
      { status: 'opened', ends: 1000 },
      { status: 'opened', ends: 2000 },
    ]);
    expect(orders.map(({ port }) => port)).toEqual([40_001, 40_002]);
    expect(failed()).toBe(0);
  });

  test('that cannot be written are counted and told, and the others sent', () => {
    const { replies, orders, warned, failed } = edge(true);
    replies.send([replyTo(1, 1000), replyTo(2, Number.MAX_VALUE), replyTo(3, 3000)]);
    expect(orders.map(({ port }) => port)).toEqual([40_001, 40_003]);
    expect(failed()).toBe(1);
    expect(warned).toEqual([expect.stringContaining('a client could not be answered')]);
  });

  test('that the receiver does not take are counted', () => {
    const { replies, failed } = edge(false);
    replies.send([replyTo(1, 1000), replyTo(2, 2000)]);
    expect(failed()).toBe(2);
  });

  test('are not made where nothing is really opened', () => {
    const { replies, orders, failed } = edge(true, true);
    replies.send([replyTo(1, 1000)]);
    expect([orders.length, failed()]).toEqual([0, 0]);
  });
});
