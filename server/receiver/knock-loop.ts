/** What the receiver does with each packet that may be a knock: decode, look whether a door can see it, hand over. */
import { setImmediate } from 'node:timers';
import { parseAddress } from '../../src/base/address.ts';
import type { UnixMs } from '../../src/base/units.ts';
import { bytesKey } from '../../src/bytes/encoding.ts';
import { u16At } from '../../src/bytes/field.ts';
import { MAX_KNOCKS } from '../../src/engine/knock-handoff.ts';
import type { KnockSettings } from '../../src/engine/receiver-settings.ts';
import { type LinkType, VLAN_ETHERTYPES } from '../../src/frame/link.ts';
import { decodeFrame } from '../../src/frame/packet.ts';
import { PacketView } from '../../src/frame/packet-view.ts';
import type { Knock } from '../../src/knock/knock.ts';
import { Sight } from '../../src/knock/watch.ts';
import type { Outbox } from './outbox.ts';

const TCP = 6;

/** Of a VLAN: that is another interface, and another network. A tag that only has a priority is none. */
const isTagged = (link: LinkType, frame: Uint8Array): boolean => {
  if (link !== 'ethernet' || frame.length < 16) return false;
  const isVlan = VLAN_ETHERTYPES.includes(u16At(frame, 12));
  return isVlan && (u16At(frame, 14) & 0x0fff) !== 0;
};

export class KnockLoop {
  readonly #sight: Sight;
  readonly #families: KnockSettings['families'];
  readonly #outbox: Outbox;
  readonly #view = new PacketView();
  #waiting: Knock[] = [];
  #flushing = false;

  constructor(settings: KnockSettings, outbox: Outbox) {
    const local = settings.local.map(parseAddress).filter((address) => address !== undefined);
    this.#sight = new Sight(settings.watches, local);
    this.#families = settings.families;
    this.#outbox = outbox;
    this.#view.headersOnly = true;
  }

  /** One captured frame of `length` bytes, not all of which may be here. The bytes are not kept. */
  frame(link: LinkType, frame: Uint8Array, time: UnixMs, length: number): void {
    const view = this.#view;
    if (isTagged(link, frame)) return;
    const fault = decodeFrame(link, frame, view);
    if (fault !== undefined) this.#outbox.count(fault);
    else if (this.#families.includes(view.family)) this.#knock(time, length);
  }

  #knock(time: UnixMs, length: number): void {
    const { protocol: number, destinationPort: port, tcpFlags, sourcePort } = this.#view;
    const protocol = number === TCP ? 'tcp' : 'udp';
    const destination = this.#view.destination();
    if (this.#sight.sees({ protocol, port, tcpFlags, destinationKey: bytesKey(destination.bytes) }) === 'nothing') {
      this.#outbox.count('other-port');
      return;
    }
    const source = this.#view.source();
    // An IPv4 address in the clothes of IPv6, which no packet may bear.
    if (source.family !== destination.family) this.#outbox.count('bad-header');
    else this.#hold({ time, source, destination, protocol, sourcePort, port, tcpFlags, length });
  }

  /**
   * Under load one message takes many knocks. When the ring is empty the event loop comes round and sends what is left,
   * so nothing waits for a message to fill up.
   */
  #hold(knock: Knock): void {
    this.#waiting.push(knock);
    if (this.#waiting.length >= MAX_KNOCKS) this.flush();
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.flush();
    });
  }

  flush(): void {
    const knocks = this.#waiting;
    if (knocks.length === 0) return;
    this.#waiting = [];
    if (!this.#outbox.send({ kind: 'knocks', knocks })) this.#outbox.count('pipe-full', knocks.length);
  }
}
