/** Capture files made by hand from the formats' own documents, for the tests of who reads them. Every number stands in the open. */
import { type CapturedFrame, readCapture } from '../../../src/frame/capture-file.ts';
import type { LinkType } from '../../../src/frame/link.ts';
import { join } from './frames.ts';

/** https://www.tcpdump.org/linktypes.html */
export const LINK_NUMBERS: Readonly<Record<LinkType, number>> = {
  ...{ null: 0, ethernet: 1, raw: 101, 'linux-sll': 113, nflog: 239, 'linux-sll2': 276 },
};

/** What a frame is written with. */
export interface WrittenFrame {
  /** Whole seconds, and the parts of one in the file's own unit. */
  readonly seconds: number;
  readonly parts: number;
  readonly bytes: Uint8Array;
  /** On the wire; without it the length of the bytes. */
  readonly length?: number;
}

export interface ByteOrder {
  readonly little: boolean;
}

export const u32 = (value: number, { little }: ByteOrder): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, little);
  return bytes;
};
export const u16 = (value: number, { little }: ByteOrder): Uint8Array => {
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setUint16(0, value, little);
  return bytes;
};
export const i64 = (value: bigint, { little }: ByteOrder): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, little);
  return bytes;
};

export interface PcapOptions extends ByteOrder {
  readonly nano: boolean;
  /** The whole field, with what its upper bits say. */
  readonly link: number;
}

/** pcap: magic, version 2.4, zone, accuracy, snapshot length, link type; then the records. */
export const pcap = (options: PcapOptions, frames: readonly WrittenFrame[]): Uint8Array =>
  join(
    u32(options.nano ? 0xa1b23c4d : 0xa1b2c3d4, options),
    ...[u16(2, options), u16(4, options)],
    ...[0, 0, 65_535, options.link].map((value) => u32(value, options)),
    ...frames.flatMap(({ seconds, parts, bytes, length = bytes.length }) => [
      ...[seconds, parts, bytes.length, length].map((value) => u32(value, options)),
      bytes,
    ]),
  );

const padded = (bytes: Uint8Array): Uint8Array => join(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));

/** A pcapng block: type, length, what is in it, and the length again. */
export const block = (type: number, body: Uint8Array, order: ByteOrder): Uint8Array => {
  const length = u32(12 + padded(body).length, order);
  return join(u32(type, order), length, padded(body), length);
};

/** Section header: byte order, version 1.0, a length that is not told. */
export const section = (order: ByteOrder): Uint8Array =>
  block(0x0a0d0d0a, join(u32(0x1a2b3c4d, order), u16(1, order), u16(0, order), i64(-1n, order)), order);

export interface InterfaceOptions {
  readonly link: number;
  /** Snapshot length. */
  readonly most?: number;
  readonly options?: Uint8Array;
}

export const interfaceBlock = (
  { link, most = 0, options = new Uint8Array(0) }: InterfaceOptions,
  order: ByteOrder,
): Uint8Array => block(1, join(u16(link, order), u16(0, order), u32(most, order), options), order);

export const option = (code: number, value: Uint8Array, order: ByteOrder): Uint8Array =>
  join(u16(code, order), u16(value.length, order), padded(value));

/** Enhanced packet: interface, time in two halves, captured, length, the frame. */
export const packetBlock = (
  { units, bytes, length = bytes.length, at = 0 }: { units: bigint; bytes: Uint8Array; length?: number; at?: number },
  order: ByteOrder,
): Uint8Array => {
  const halves = [Number(units >> 32n), Number(units & 0xffff_ffffn)];
  const head = [at, ...halves, bytes.length, length].map((value) => u32(value, order));
  return block(6, join(...head, bytes), order);
};

/** Simple packet: its length on the wire and the frame. */
export const simpleBlock = (bytes: Uint8Array, length: number, order: ByteOrder): Uint8Array =>
  block(3, join(u32(length, order), bytes), order);

/** All frames of a capture file, and why it ends early. */
export const read = (
  file: Uint8Array,
): { readonly frames: readonly CapturedFrame[]; readonly end: string | undefined } => {
  const frames: CapturedFrame[] = [];
  const reading = readCapture(file);
  for (;;) {
    const next = reading.next();
    if (next.done === true) return { frames, end: next.value };
    frames.push(next.value);
  }
};
