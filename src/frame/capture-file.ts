/**
 * Capture files: pcap, in either byte order and with micro- or nanoseconds, and pcapng (https://www.ietf.org/archive/id/
 * draft-ietf-opsawg-pcap-05.html and …-pcapng-03.html). The file may be damaged or hostile: what cannot be read ends it.
 */
import { type UnixMs, unixMs } from '../base/units.ts';
import type { LinkType } from './link.ts';

export interface CapturedFrame {
  readonly time: UnixMs;
  /** Undefined: a link type that is not understood; its number then tells which. */
  readonly link: LinkType | undefined;
  readonly linkNumber: number;
  /** As much of it as was captured: a view of the file. */
  readonly bytes: Uint8Array;
  /** How long it was on the wire, in bytes. */
  readonly length: number;
}

/** By the numbers of https://www.tcpdump.org/linktypes.html. */
const LINKS: Readonly<Record<number, LinkType>> = {
  ...{ 0: 'null', 1: 'ethernet', 12: 'raw', 14: 'raw', 101: 'raw', 108: 'null' },
  ...{ 113: 'linux-sll', 228: 'raw', 229: 'raw', 239: 'nflog', 276: 'linux-sll2' },
};

const PCAPNG = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
/** The first four bytes, read little-endian: byte order and parts of a second. */
const PCAP: Readonly<Record<number, { readonly little: boolean; readonly perMs: number }>> = {
  0xa1b2c3d4: { little: true, perMs: 1e3 },
  0xd4c3b2a1: { little: false, perMs: 1e3 },
  0xa1b23c4d: { little: true, perMs: 1e6 },
  0x4d3cb2a1: { little: false, perMs: 1e6 },
};

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether the bytes begin as a capture file does. */
export const isCapture = (bytes: Uint8Array): boolean => {
  if (bytes.length < 24) return false;
  const magic = viewOf(bytes).getUint32(0, true);
  return magic === PCAPNG || PCAP[magic] !== undefined;
};

/** The frames in their order. At the end it says what is wrong with the file; undefined: nothing is. */
export const readCapture = function* (file: Uint8Array): Generator<CapturedFrame, string | undefined> {
  if (!isCapture(file)) return 'it is no capture file';
  const format = PCAP[viewOf(file).getUint32(0, true)];
  return yield* format === undefined ? readBlocks(file) : readRecords(file, format);
};

const readRecords = function* (
  file: Uint8Array,
  { little, perMs }: { readonly little: boolean; readonly perMs: number },
): Generator<CapturedFrame, string | undefined> {
  const view = viewOf(file);
  // The upper bits tell of checksums at the frames' ends.
  const linkNumber = view.getUint32(20, little) & 0xffff;
  for (let at = 24; at < file.length;) {
    if (at + 16 > file.length) return 'it ends in the middle of a packet';
    const captured = view.getUint32(at + 8, little);
    const end = at + 16 + captured;
    if (end > file.length) return 'it ends in the middle of a packet';
    const time = view.getUint32(at, little) * 1000 + Math.floor(view.getUint32(at + 4, little) / perMs);
    yield frameOf(linkNumber, time, file.subarray(at + 16, end), view.getUint32(at + 12, little));
    at = end;
  }
  return undefined;
};

const frameOf = (linkNumber: number, time: number, bytes: Uint8Array, length: number): CapturedFrame => ({
  ...{ time: unixMs(time), link: LINKS[linkNumber], linkNumber, bytes, length },
});

interface Interface {
  readonly linkNumber: number;
  /** Units of its times in a second. */
  readonly perSecond: number;
}

const SECTION = PCAPNG;
const INTERFACE = 1;
const SIMPLE_PACKET = 3;
const PACKET = 6;
const TIME_UNIT = 9;

const readBlocks = function* (file: Uint8Array): Generator<CapturedFrame, string | undefined> {
  const view = viewOf(file);
  let little = true;
  let interfaces: Interface[] = [];
  for (let at = 0; at < file.length;) {
    if (at + 12 > file.length) return 'it ends in the middle of a block';
    const type = view.getUint32(at, little);
    if (type === SECTION) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER;
      interfaces = [];
    }
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0) return 'a block has no right length';
    if (at + length > file.length) return 'it ends in the middle of a block';
    const block = file.subarray(at + 8, at + length - 4);
    if (type === INTERFACE && block.length >= 8) interfaces.push(interfaceOf(block, little));
    const frame = type === PACKET || type === SIMPLE_PACKET ? frameIn(type, block, little, interfaces) : undefined;
    if (frame !== undefined) yield frame;
    at += length;
  }
  return undefined;
};

/** A simple packet has no time: it is that of 1970. */
const frameIn = (
  type: number,
  block: Uint8Array,
  little: boolean,
  interfaces: readonly Interface[],
): CapturedFrame | undefined => {
  const head = type === PACKET ? 20 : 4;
  if (block.length < head) return undefined;
  const view = viewOf(block);
  const found = interfaces[type === PACKET ? view.getUint32(0, little) : 0];
  if (found === undefined) return undefined;
  const length = view.getUint32(head - 4, little);
  const captured = type === PACKET ? view.getUint32(12, little) : Math.min(length, block.length - head);
  if (head + captured > block.length) return undefined;
  const units = type === PACKET ? view.getUint32(4, little) * 2 ** 32 + view.getUint32(8, little) : 0;
  const time = Math.floor((units / found.perSecond) * 1000);
  return frameOf(found.linkNumber, time, block.subarray(head, head + captured), length);
};

const interfaceOf = (block: Uint8Array, little: boolean): Interface => {
  const view = viewOf(block);
  const linkNumber = view.getUint16(0, little);
  for (let at = 8; at + 4 <= block.length;) {
    const [code, length] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    if (code === TIME_UNIT && length === 1 && at + 4 < block.length) {
      const unit = view.getUint8(at + 4);
      return { linkNumber, perSecond: unit < 0x80 ? 10 ** unit : 2 ** (unit & 0x7f) };
    }
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return { linkNumber, perSecond: 1e6 };
};
