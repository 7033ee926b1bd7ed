import { addressFromBytes, type Family, type IpAddress } from '../base/address.ts';
import { type AddressKey, addressKeyAt } from '../base/address-key.ts';

/**
 * Where the parts of one captured packet lie. One view is made and used for every frame, so that a flood of junk costs
 * no memory; whoever keeps anything of it copies that.
 */
export class PacketView {
  bytes: Uint8Array = new Uint8Array(0);
  /**
   * Only headers are wanted: lengths that go beyond what was captured, or that lie, are no fault. For whoever looks at
   * no payload; then `payloadEnd` is what there is.
   */
  headersOnly = false;
  /** Packets of ICMP and ICMPv6 are wanted, too: they have no ports (0), and a payload behind the header's 8 bytes. */
  withIcmp = false;
  /** First byte of the IP header, and one past the last byte that belongs to the packet. */
  start = 0;
  end = 0;
  family: Family = 4;
  sourceOffset = 0;
  destinationOffset = 0;
  /** IANA protocol number: 6 or 17 after a successful decode, and 1 or 58 where ICMP is wanted. */
  protocol = 0;
  /** More fragments follow, so the payload is not whole. */
  partial = false;
  sourcePort = 0;
  destinationPort = 0;
  /** The flags byte of TCP; 0 for UDP. */
  tcpFlags = 0;
  /** The transport payload is `bytes[payloadStart … payloadEnd - 1]`. */
  payloadStart = 0;
  payloadEnd = 0;

  source(): IpAddress {
    return this.#address(this.sourceOffset);
  }

  destination(): IpAddress {
    return this.#address(this.destinationOffset);
  }

  sourceKey(): AddressKey {
    return addressKeyAt(this.bytes, this.sourceOffset, this.family);
  }

  destinationKey(): AddressKey {
    return addressKeyAt(this.bytes, this.destinationOffset, this.family);
  }

  /** A view of the payload, not a copy. */
  payload(): Uint8Array {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd);
  }

  #address(offset: number): IpAddress {
    return addressFromBytes(this.bytes.subarray(offset, offset + (this.family === 4 ? 4 : 16)));
  }
}
