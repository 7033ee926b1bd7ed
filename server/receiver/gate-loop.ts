/** What the receiver does with each packet: decode, gate, hand over or count. */
import type { IpAddress } from '../../src/base/address.ts';
import type { Port, UnixMs } from '../../src/base/units.ts';
import type { LinkType } from '../../src/frame/link.ts';
import { decodeFrame } from '../../src/frame/packet.ts';
import { PacketView } from '../../src/frame/packet-view.ts';
import type { NativeGate } from '../../src/spa/native/gate.ts';
import type { Outbox } from './outbox.ts';

const UDP = 17;
/** How often counts are handed over and hints brought up to date, in milliseconds. */
export const CHORES_EVERY_MS = 200;

export class GateLoop {
  readonly #gate: NativeGate;
  readonly #outbox: Outbox;
  readonly #port: Port;
  readonly #view = new PacketView();
  #lastChores = Number.NEGATIVE_INFINITY;

  constructor(gate: NativeGate, outbox: Outbox, port: Port) {
    this.#gate = gate;
    this.#outbox = outbox;
    this.#port = port;
  }

  /** One captured frame, the first `length` of the bytes. They are not kept. */
  frame(link: LinkType, bytes: Uint8Array, length: number, now: UnixMs): void {
    this.chores(now);
    const fault = decodeFrame(link, bytes, this.#view, length);
    if (fault !== undefined) this.#outbox.count(fault);
    else if (this.#view.protocol !== UDP || this.#view.destinationPort !== this.#port) this.#outbox.count('other-port');
    else this.#datagram(this.#view.payload(), now, () => this.#view.source());
  }

  /** One datagram from a socket. */
  datagram(datagram: Uint8Array, source: IpAddress, now: UnixMs): void {
    this.chores(now);
    this.#datagram(datagram, now, () => source);
  }

  /** What must be done now and then, whether packets come or not; does nothing where it was done a moment ago. */
  chores(now: UnixMs): void {
    // A clock that stepped back makes the difference negative.
    if (Math.abs(now - this.#lastChores) < CHORES_EVERY_MS) return;
    this.#lastChores = now;
    this.#gate.advance(now);
    this.#outbox.flushCounts();
  }

  #datagram(datagram: Uint8Array, now: UnixMs, source: () => IpAddress): void {
    const verdict = this.#gate.check(datagram, now);
    if (typeof verdict === 'string') {
      this.#outbox.count(verdict);
      return;
    }
    const candidate = { client: verdict, captured: now, source: source(), datagram };
    if (!this.#outbox.send({ kind: 'candidate', candidate })) this.#outbox.count('pipe-full');
  }
}
