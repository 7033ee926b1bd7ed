/** What the receiver does with each packet that may be a knock: decode, look whether a door can see it, hand over. */
import { parseAddress } from '../../src/base/address.ts';
import { familyOfKey } from '../../src/base/address-key.ts';
import type { UnixMs } from '../../src/base/units.ts';
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
const isTagged = (link: LinkType, bytes: Uint8Array, length: number): boolean => {
  if (link !== 'ethernet' || length < 16) return false;
  return VLAN_ETHERTYPES.includes(u16At(bytes, 12)) && (u16At(bytes, 14) & 0x0fff) !== 0;
};

export class KnockLoop {
  readonly #sight: Sight;
  readonly #families: KnockSettings['families'];
  readonly #outbox: Pick<Outbox, 'count' | 'send'>;
  readonly #view = new PacketView();
  #waiting: Knock[] = [];

  constructor(settings: KnockSettings, outbox: Pick<Outbox, 'count' | 'send'>) {
    const local = settings.local.map(parseAddress).filter((address) => address !== undefined);
    this.#sight = new Sight(settings.watches, local);
    this.#families = settings.families;
    this.#outbox = outbox;
    this.#view.headersOnly = true;
  }

  /** One captured frame, the first `captured` of the bytes, of which there were `length`. The bytes are not kept. */
  frame(link: LinkType, bytes: Uint8Array, captured: number, time: UnixMs, length: number): void {
    if (isTagged(link, bytes, captured)) return;
    const fault = decodeFrame(link, bytes, this.#view, captured);
    if (fault !== undefined) this.#outbox.count(fault);
    else if (this.#families.includes(this.#view.family)) this.#take(this.#knock(time, length));
  }

  #knock(time: UnixMs, length: number): Knock {
    const { protocol: number, destinationPort: port, tcpFlags, sourcePort } = this.#view;
    const protocol = number === TCP ? 'tcp' : 'udp';
    const [source, destination] = [this.#view.sourceKey(), this.#view.destinationKey()];
    return { time, source, destination, protocol, sourcePort, port, tcpFlags, length };
  }

  #take(knock: Knock): void {
    if (this.#sight.sees(knock) === 'nothing') this.#outbox.count('other-port');
    // An IPv4 address in the clothes of IPv6, which no packet may bear.
    else if (familyOfKey(knock.source) !== familyOfKey(knock.destination)) this.#outbox.count('bad-header');
    else this.#hold(knock);
  }

  #hold(knock: Knock): void {
    this.#waiting.push(knock);
    if (this.#waiting.length >= MAX_KNOCKS) this.flush();
  }

  /** Hands over what waits: one message takes many knocks. To be called when no frame is left. */
  flush(): void {
    const knocks = this.#waiting;
    if (knocks.length === 0) return;
    this.#waiting = [];
    this.#outbox.send({ kind: 'knocks', knocks });
  }
}
