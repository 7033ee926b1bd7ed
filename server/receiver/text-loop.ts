/** What the receiver does with what may be a text of fwknop's: find it in its packet, gate, hand over or count. */
import { randomBytes } from 'node:crypto';
import { NODE_SUITE } from '../../platform/node-suite.ts';
import type { IpAddress } from '../../src/base/address.ts';
import type { PortSpec } from '../../src/base/port-spec.ts';
import type { UnixMs } from '../../src/base/units.ts';
import type { FwknopSettings, FwknopTransports } from '../../src/engine/fwknop-settings.ts';
import type { FwknopCandidate } from '../../src/engine/input.ts';
import { isIcmp } from '../../src/frame/packet.ts';
import type { PacketView } from '../../src/frame/packet-view.ts';
import { FwknopGate } from '../../src/spa/fwknop/gate.ts';
import { isHttpRequest, unwrapHttp } from '../../src/spa/fwknop/http.ts';
import type { Outbox } from './outbox.ts';

const TCP = 6;

/** Of a text or what it is in. */
export type Origin = Omit<FwknopCandidate, 'key' | 'text' | 'forwardedFor'>;

export class TextLoop {
  readonly #gate: FwknopGate;
  readonly #transports: FwknopTransports;
  readonly #outbox: Pick<Outbox, 'count' | 'send'>;

  constructor({ gate, transports }: FwknopSettings, outbox: Pick<Outbox, 'count' | 'send'>) {
    this.#gate = new FwknopGate(gate, { salt: randomBytes(4).readUInt32LE(), makeMac: NODE_SUITE.macKey });
    this.#transports = transports;
    this.#outbox = outbox;
  }

  /** Whether ICMP is looked into. */
  get icmp(): boolean {
    return this.#transports.icmp;
  }

  /** A packet that is no datagram to the SPA port. */
  packet(view: PacketView, now: UnixMs): void {
    const { protocol: number, destinationPort } = view;
    const at = { source: view.source(), destination: view.destination(), captured: now };
    if (isIcmp(number)) this.take(view.payload(), { ...at, transport: 'icmp' });
    else if (!isAmong(this.#transports.ports, number === TCP ? 'tcp' : 'udp', destinationPort))
      this.#outbox.count('other-port');
    else if (number === TCP) this.segment(view.payload(), at);
    else this.take(view.payload(), { ...at, transport: 'udp' });
  }

  /** The data of a TCP segment, or all that a connection has sent. */
  segment(payload: Uint8Array, at: Omit<Origin, 'transport'>): void {
    const { http } = this.#transports;
    if (http === undefined || !isHttpRequest(payload)) {
      this.take(payload, { ...at, transport: 'tcp' });
      return;
    }
    const unwrapped = unwrapHttp(payload, http);
    if (unwrapped === 'bad-request') this.#outbox.count(unwrapped);
    else this.take(unwrapped.text, { ...at, transport: 'http' }, unwrapped.forwardedFor);
  }

  take(text: Uint8Array, origin: Origin, forwardedFor?: IpAddress): void {
    const verdict = this.#gate.check(text, origin.source, origin.captured);
    if (typeof verdict === 'string') {
      this.#outbox.count(verdict);
      return;
    }
    const candidate = { ...origin, key: verdict.key, forwardedFor, text };
    this.#outbox.send({ kind: 'fwknop-candidate', candidate });
  }
}

const isAmong = (ports: readonly PortSpec[], protocol: PortSpec['protocol'], port: number): boolean =>
  ports.some((spec) => spec.protocol === protocol && spec.first <= port && port <= spec.last);
