/** What the receiver does with each packet: decode, gate, hand over or count. */
import type { IpAddress } from '../../src/base/address.ts';
import { port, type Port, type UnixMs } from '../../src/base/units.ts';
import type { ReplyPath } from '../../src/engine/reply-path.ts';
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

/** Where the loop's candidates and counts go: the {@link Outbox}, or in a test whoever looks at them. */
export type Sink = Pick<Outbox, 'count' | 'flushCounts' | 'send'>;

export class GateLoop {
  /** Undefined: no client has the native format. */
  readonly #gate: NativeGate | undefined;
  /** Undefined: no client is fwknop's. */
  readonly #texts: TextLoop | undefined;
  readonly #outbox: Sink;
  readonly #port: Port;
  readonly #view = new PacketView();
  #lastChores = Number.NEGATIVE_INFINITY;

  constructor(gates: { gate: NativeGate | undefined; texts: TextLoop | undefined }, outbox: Sink, port: Port) {
    this.#gate = gates.gate;
    this.#texts = gates.texts;
    this.#outbox = outbox;
    this.#port = port;
    this.#view.withIcmp = gates.texts?.icmp === true;
  }

  /** One captured frame, the first `length` of the bytes. They are not kept. Junk costs no memory. */
  frame(link: LinkType, bytes: Uint8Array, length: number, now: UnixMs): void {
    this.chores(now);
    const view = this.#view;
    const fault = decodeFrame(link, bytes, view, length);
    if (fault !== undefined) this.#outbox.count(fault);
    else if (view.protocol === UDP && view.destinationPort === this.#port) this.#frameToPort(view, now);
    else if (this.#texts === undefined) this.#outbox.count('other-port');
    else this.#texts.packet(view, now);
  }

  /** One datagram from a socket. */
  datagram(datagram: Uint8Array, source: IpAddress, now: UnixMs, sourcePort?: Port): void {
    this.chores(now);
    const verdict = this.#gate?.check(datagram, now);
    if (typeof verdict === 'number') this.#handOver(verdict, datagram, source, now, pathTo(sourcePort, undefined));
    else if (this.#texts === undefined || !isText(datagram, verdict)) this.#refuse(verdict);
    else this.#texts.take(datagram, { source, destination: undefined, captured: now, transport: 'udp' });
  }

  /** What must be done now and then, whether packets come or not; does nothing where it was done a moment ago. */
  chores(now: UnixMs): void {
    // A clock that stepped back makes the difference negative.
    if (Math.abs(now - this.#lastChores) < CHORES_EVERY_MS) return;
    this.#lastChores = now;
    this.#gate?.advance(now);
    this.#outbox.flushCounts();
  }

  /** The payload is looked at where it lies; a view of it is made for whom it is worth one. */
  #frameToPort(view: PacketView, now: UnixMs): void {
    const verdict = this.#gate?.check(view.bytes, now, view.payloadStart, view.payloadEnd);
    if (typeof verdict === 'number') {
      const path = pathTo(port(view.sourcePort), view.destination());
      this.#handOver(verdict, view.payload(), view.source(), now, path);
    } else if (this.#texts === undefined || !isText(view.payload(), verdict)) this.#refuse(verdict);
    else {
      const ends = { source: view.source(), destination: view.destination() };
      this.#texts.take(view.payload(), { ...ends, captured: now, transport: 'udp' });
    }
  }

  #handOver(client: number, datagram: Uint8Array, source: IpAddress, now: UnixMs, path: ReplyPath | undefined): void {
    const candidate = { client, captured: now, source, datagram, ...(path === undefined ? {} : { replyPath: path }) };
    this.#outbox.send({ kind: 'candidate', candidate });
  }

  #refuse(verdict: GateRejection | undefined): void {
    if (verdict !== undefined) this.#outbox.count(verdict);
  }
}

const pathTo = (sourcePort: Port | undefined, at: IpAddress | undefined): ReplyPath | undefined =>
  sourcePort === undefined ? undefined : { sourcePort, at };

/**
 * Whether a datagram that is no client's in the native format is looked at as a text. The formats share some lengths: there
 * the letters tell, for a native packet of nothing but letters of base64 does not happen.
 */
const isText = (datagram: Uint8Array, native: GateRejection | undefined): boolean =>
  native === undefined || native === 'wrong-size' || isBareBase64Alphabet(datagram);
