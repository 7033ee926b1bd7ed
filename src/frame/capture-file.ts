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
    yield frameOf(linkNumber, unixMs(time), file.subarray(at + 16, end), view.getUint32(at + 12, little));
    at = end;
  }
  return undefined;
};

const frameOf = (linkNumber: number, time: UnixMs, bytes: Uint8Array, length: number): CapturedFrame => ({
  ...{ time, link: LINKS[linkNumber], linkNumber, bytes, length },
});

interface Interface {
  readonly linkNumber: number;
  /** Bytes of a packet that are captured at most; 0: all. */
  readonly most: number;
  readonly clock: Clock;
}

/** How an interface tells the time. */
interface Clock {
  readonly unitsPerSecond: bigint;
  /** Seconds to be added. */
  readonly offset: bigint;
}

const SECTION = PCAPNG;
const INTERFACE = 1;
const SIMPLE_PACKET = 3;
const PACKET = 6;
const TIME_UNIT = 9;
const TIME_OFFSET = 14;
/** Of one section; more is no capture's, and would take more memory than the file. */
const MAX_INTERFACES = 4096;
/** The year 10000: a time beyond is a fault in the file, and further on there are no dates. */
const LAST_TIME = 253_402_300_800_000n;

/** The blocks of a section share its byte order, and its packets its interfaces. */
interface Section {
  readonly little: boolean;
  readonly interfaces: Interface[];
}

const readBlocks = function* (file: Uint8Array): Generator<CapturedFrame, string | undefined> {
  const view = viewOf(file);
  let section: Section = { little: true, interfaces: [] };
  for (let at = 0; at < file.length;) {
    if (at + 12 > file.length) return 'it ends in the middle of a block';
    const type = view.getUint32(at, section.little);
    if (type === SECTION) {
      const little = byteOrderAt(view, at + 8);
      if (little === undefined) return 'a section has no byte order';
      section = { little, interfaces: [] };
    }
    const length = view.getUint32(at + 4, section.little);
    if (length < 12 || length % 4 !== 0) return 'a block has no right length';
    if (at + length > file.length) return 'it ends in the middle of a block';
    if (view.getUint32(at + length - 4, section.little) !== length) return 'a block has two lengths';
    const found = readBlock(type, file.subarray(at + 8, at + length - 4), section);
    if (typeof found === 'string') return found;
    if (found !== undefined) yield found;
    at += length;
  }
  return undefined;
};

const byteOrderAt = (view: DataView, at: number): boolean | undefined => {
  if (view.getUint32(at, true) === BYTE_ORDER) return true;
  return view.getUint32(at, false) === BYTE_ORDER ? false : undefined;
};

/** The packet that a block holds, if any, or what is wrong with it. */
const readBlock = (type: number, block: Uint8Array, section: Section): CapturedFrame | string | undefined => {
  if (type === INTERFACE) return addInterface(block, section);
  return type === PACKET || type === SIMPLE_PACKET ? readPacket(type, block, section) : undefined;
};

const addInterface = (block: Uint8Array, { little, interfaces }: Section): string | undefined => {
  if (block.length < 8) return 'an interface is cut short';
  if (interfaces.length >= MAX_INTERFACES) return `it has more than ${String(MAX_INTERFACES)} interfaces`;
  const view = viewOf(block);
  interfaces.push({
    ...{ linkNumber: view.getUint16(0, little), most: view.getUint32(4, little) },
    clock: clockIn(block, little),
  });
  return undefined;
};

/** A simple packet has no time: it is that of 1970. */
const readPacket = (type: number, block: Uint8Array, { little, interfaces }: Section): CapturedFrame | string => {
  const isSimple = type === SIMPLE_PACKET;
  const head = isSimple ? 4 : 20;
  if (block.length < head) return 'a packet is cut short';
  const view = viewOf(block);
  const found = interfaces[isSimple ? 0 : view.getUint32(0, little)];
  if (found === undefined) return 'a packet is of no interface';
  const length = view.getUint32(head - 4, little);
  const most = found.most === 0 ? length : Math.min(found.most, length);
  const captured = isSimple ? most : view.getUint32(12, little);
  if (head + captured > block.length) return 'a packet is longer than its block';
  const time = isSimple ? unixMs(0) : timeAt(view, little, found.clock);
  if (time === undefined) return 'a packet has a time that no clock shows';
  return frameOf(found.linkNumber, time, block.subarray(head, head + captured), length);
};

/** In whole numbers: nanoseconds since 1970 are more than a double tells apart. Undefined: before 1970, or far in the future. */
const timeAt = (view: DataView, little: boolean, { unitsPerSecond, offset }: Clock): UnixMs | undefined => {
  const units = (BigInt(view.getUint32(4, little)) << 32n) | BigInt(view.getUint32(8, little));
  const time = (units * 1000n) / unitsPerSecond + offset * 1000n;
  return time < 0n || time >= LAST_TIME ? undefined : unixMs(Number(time));
};

const clockIn = (block: Uint8Array, little: boolean): Clock => {
  const view = viewOf(block);
  let [unitsPerSecond, offset] = [1_000_000n, 0n];
  for (let at = 8; at + 4 <= block.length;) {
    const [code, length] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    if (code === 0 || at + 4 + length > block.length) break;
    if (code === TIME_UNIT && length === 1) unitsPerSecond = unitsIn(view.getUint8(at + 4));
    if (code === TIME_OFFSET && length === 8) offset = view.getBigInt64(at + 4, little);
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return { unitsPerSecond, offset };
};

/** A power of ten, or with the highest bit one of two. */
const unitsIn = (exponent: number): bigint =>
  exponent < 0x80 ? 10n ** BigInt(exponent) : 1n << BigInt(exponent - 0x80);
