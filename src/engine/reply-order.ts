/**
 * A datagram that the authorizer has the receiver send, which alone has the socket at the SPA port (capture = udp): on the
 * receiver's standard input, behind its settings.
 *
 *     address · port (2) · the reply (176)
 */
import type { IpAddress } from '../base/address.ts';
import { port, type Port } from '../base/units.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { REPLY_LENGTH } from '../spa/native/reply.ts';
import { putAddress, takeAddress } from './pipe-address.ts';

export interface ReplyOrder {
  readonly to: IpAddress;
  readonly port: Port;
  /** {@link REPLY_LENGTH} bytes. */
  readonly datagram: Uint8Array;
}

const lengthFor = (family: number | undefined): number => 1 + (family === 4 ? 4 : 16) + 2 + REPLY_LENGTH;

export const encodeReplyOrder = ({ to, port: number, datagram }: ReplyOrder): Uint8Array => {
  const writer = new ByteWriter(lengthFor(to.family));
  putAddress(writer, to);
  writer.u16(number);
  writer.put(datagram);
  return writer.bytes;
};

/** Cuts the stream into orders. The authorizer is trusted; what is no order ends the reading all the same. */
export class ReplyOrderReader {
  #held: Uint8Array = new Uint8Array(0);

  /** The orders that `chunk` completes; undefined from the first byte on that begins none. */
  push(chunk: Uint8Array): ReplyOrder[] | undefined {
    const bytes = new Uint8Array(this.#held.length + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, this.#held.length);
    const orders: ReplyOrder[] = [];
    let offset = 0;
    for (;;) {
      const family = bytes[offset];
      const length = lengthFor(family);
      if (family === undefined || offset + length > bytes.length) break;
      const order = decodeReplyOrder(bytes.subarray(offset, offset + length));
      if (order === undefined) return undefined;
      orders.push(order);
      offset += length;
    }
    this.#held = bytes.slice(offset);
    const begun = this.#held[0];
    return begun === undefined || begun === 4 || begun === 6 ? orders : undefined;
  }
}

const decodeReplyOrder = (bytes: Uint8Array): ReplyOrder | undefined => {
  const reader = new ByteReader(bytes);
  const to = takeAddress(reader);
  const number = port(reader.u16());
  const datagram = reader.take(REPLY_LENGTH);
  if (to === undefined || to === 'bad' || number === undefined || reader.overrun) return undefined;
  return { to, port: number, datagram };
};
