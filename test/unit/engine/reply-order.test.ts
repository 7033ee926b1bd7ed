import { describe, expect, test } from 'vitest';
import { encodeReplyOrder, type ReplyOrder, ReplyOrderReader } from '../../../src/engine/reply-order.ts';
import { join } from '../frame/frames.ts';
import { ip, portOf } from '../values.ts';

const order = (to: string, fill: number): ReplyOrder => ({
  ...{ to: ip(to), port: portOf(40_000 + fill), datagram: new Uint8Array(176).fill(fill) },
});
const orders = [order('192.0.2.1', 1), order('2001:db8::1', 2), order('192.0.2.2', 3)];
const stream = join(...orders.map(encodeReplyOrder));

describe('orders to the receiver', () => {
  test('are the same wherever the stream is cut', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const reader = new ReplyOrderReader();
      const read: ReplyOrder[] = [];
      for (let at = 0; at < stream.length; at += size) read.push(...(reader.push(stream.slice(at, at + size)) ?? []));
      expect(read).toEqual(orders);
    }
  });

  test.each([
    ['of family 5', Uint8Array.of(5)],
    ['to port 0', encodeReplyOrder(order('192.0.2.1', 1)).fill(0, 5, 7)],
  ])('%s are none', (_, bytes) => {
    expect(new ReplyOrderReader().push(bytes)).toBeUndefined();
  });
});
