/** What the receiver does with each packet: decode, gate, hand over or count. */
import type { IpAddress } from '../../src/base/address.ts';
import type { Port, UnixMs } from '../../src/base/units.ts';
import type { LinkType } from '../../src/frame/link.ts';
import { decodeFrame } from '../../src/frame/packet.ts';
import { PacketView } from '../../src/frame/packet-view.ts';
import type { GateRejection } from '../../src/spa/rejection.ts';
import type { NativeGate } from '../../src/spa/native/gate.ts';
import { isBareBase64Alphabet } from '../../src/bytes/bare-base64.ts';
import type { Outbox } from './outbox.ts';
import type { TextLoop } from './text-loop.ts';

const UDP = 17;
/** How often counts are handed over and hints brought up to date, in milliseconds. */
const CHORES_EVERY_MS = 200;

export class GateLoop {
  /** Undefined: no client has the native format. */
  readonly #gate: NativeGate | undefined;
  /** Undefined: no client is fwknop's. */
  readonly #texts: TextLoop | undefined;
  readonly #outbox: Outbox;
  readonly #port: Port;
  readonly #view = new PacketView();
  #lastChores = Number.NEGATIVE_INFINITY;

  constructor(gates: { gate: NativeGate | undefined; texts: TextLoop | undefined }, outbox: Outbox, port: Port) {
    this.#gate = gates.gate;
    this.#texts = gates.texts;
    this.#outbox = outbox;
    this.#port = port;
    this.#view.withIcmp = gates.texts?.icmp === true;
  }

  /** One captured frame, the first `length` of the bytes. They are not kept. */
  frame(link: LinkType, bytes: Uint8Array, length: number, now: UnixMs): void {
    this.chores(now);
    const view = this.#view;
    const fault = decodeFrame(link, bytes, view, length);
    if (fault !== undefined) this.#outbox.count(fault);
    else if (view.protocol === UDP && view.destinationPort === this.#port)
      this.#datagram(view.payload(), now, () => ({ source: view.source(), destination: view.destination() }));
    else if (this.#texts === undefined) this.#outbox.count('other-port');
    else this.#texts.packet(view, now);
  }

  /** One datagram from a socket. */
  datagram(datagram: Uint8Array, source: IpAddress, now: UnixMs): void {
    this.chores(now);
    this.#datagram(datagram, now, () => ({ source, destination: undefined }));
  }

  /** What must be done now and then, whether packets come or not; does nothing where it was done a moment ago. */
  chores(now: UnixMs): void {
    // A clock that stepped back makes the difference negative.
    if (Math.abs(now - this.#lastChores) < CHORES_EVERY_MS) return;
    this.#lastChores = now;
    this.#gate?.advance(now);
    this.#outbox.flushCounts();
  }

  #datagram(datagram: Uint8Array, now: UnixMs, ends: () => Ends): void {
    const verdict = this.#gate?.check(datagram, now);
    if (typeof verdict === 'number') {
      const candidate = { client: verdict, captured: now, source: ends().source, datagram };
      if (!this.#outbox.send({ kind: 'candidate', candidate })) this.#outbox.count('pipe-full');
    } else if (this.#texts !== undefined && isText(datagram, verdict)) {
      this.#texts.take(datagram, { ...ends(), captured: now, transport: 'udp' });
    } else if (verdict !== undefined) this.#outbox.count(verdict);
  }
}

/** Where a datagram came from and went to. */
interface Ends {
  readonly source: IpAddress;
  readonly destination: IpAddress | undefined;
}

/**
 * Whether a datagram that is no client's in the native format is looked at as a text. The formats share some lengths: there
 * the letters tell, for a native packet of nothing but letters of base64 does not happen.
 */
const isText = (datagram: Uint8Array, native: GateRejection | undefined): boolean =>
  native === undefined || native === 'wrong-size' || isBareBase64Alphabet(datagram);
