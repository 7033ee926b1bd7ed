import { u8At, u16At } from '../bytes/field.ts';
import type { FrameFault } from './link.ts';
import type { PacketView } from './packet-view.ts';

const IPV6_HEADER = 40;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const EXTENSIONS: readonly number[] = [HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS];
/** RFC 8200 names six kinds, one of which may come twice; a longer chain is an attack on the parser. */
const MAX_EXTENSION_HEADERS = 8;

/**
 * Reads the IP header at `view.start` (RFC 791, RFC 8200): sets family, addresses, protocol and `payloadStart`, and cuts
 * `view.end` to the packet's own length, so that padding of the link never counts.
 */
export const stripIp = (view: PacketView): FrameFault | undefined => {
  if (view.start >= view.end) return 'truncated';
  switch (u8At(view.bytes, view.start) >> 4) {
    case 4:
      return stripV4(view);
    case 6:
      return stripV6(view);
    default:
      return 'not-ip';
  }
};

const stripV4 = (view: PacketView): FrameFault | undefined => {
  const { bytes, start } = view;
  if (view.end - start < 20) return 'truncated';
  const header = (u8At(bytes, start) & 0x0f) * 4;
  const total = u16At(bytes, start + 2);
  if (header < 20 || (total < header && !view.headersOnly)) return 'bad-header';
  if (start + total > view.end && !view.headersOnly) return 'truncated';
  const fragment = u16At(bytes, start + 6);
  if ((fragment & 0x1fff) !== 0) return 'fragment';
  view.partial = (fragment & 0x2000) !== 0;
  view.family = 4;
  view.sourceOffset = start + 12;
  view.destinationOffset = start + 16;
  view.protocol = u8At(bytes, start + 9);
  view.payloadStart = start + header;
  if (!view.headersOnly) view.end = start + total;
  return undefined;
};

const stripV6 = (view: PacketView): FrameFault | undefined => {
  const { bytes, start } = view;
  if (view.end - start < IPV6_HEADER) return 'truncated';
  const total = IPV6_HEADER + u16At(bytes, start + 4);
  if (start + total > view.end && !view.headersOnly) return 'truncated';
  if (!view.headersOnly) view.end = start + total;
  view.partial = false;
  view.family = 6;
  view.sourceOffset = start + 8;
  view.destinationOffset = start + 24;
  view.protocol = u8At(bytes, start + 6);
  view.payloadStart = start + IPV6_HEADER;
  return skipExtensionHeaders(view);
};

const skipExtensionHeaders = (view: PacketView): FrameFault | undefined => {
  for (let headers = 0; headers <= MAX_EXTENSION_HEADERS; headers += 1) {
    const { bytes, payloadStart: offset, protocol } = view;
    if (!EXTENSIONS.includes(protocol)) return undefined;
    if (offset + 8 > view.end) return 'truncated';
    const length =
      protocol === FRAGMENT
        ? 8
        : protocol === AUTHENTICATION
          ? (u8At(bytes, offset + 1) + 2) * 4
          : (u8At(bytes, offset + 1) + 1) * 8;
    if (protocol === FRAGMENT) {
      const fragment = u16At(bytes, offset + 2);
      if ((fragment & 0xfff8) !== 0) return 'fragment';
      view.partial = (fragment & 1) !== 0;
    }
    view.protocol = u8At(bytes, offset);
    view.payloadStart = offset + length;
    if (view.payloadStart > view.end) return 'truncated';
  }
  return 'bad-header';
};
