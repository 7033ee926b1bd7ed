/**
 * What the receiver says to the authorizer over their pipe (docs/process-model.md). The receiver meets hostile bytes and
 * is not trusted: whatever it sends is either one of these messages or a breach of the protocol, never an exception.
 *
 *     length of what follows (2) · kind (1) · fields, big-endian
 */
import { port, unixMs } from '../base/units.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/encoding.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { FRAME_FAULTS } from '../frame/link.ts';
import { FWKNOP_GATE_REJECTIONS, GATE_REJECTIONS } from '../spa/rejection.ts';
import type { Knock } from '../knock/knock.ts';
import { decodeFwknopCandidate, encodeFwknopCandidate } from './fwknop-handoff.ts';
import type { Candidate, FwknopCandidate } from './input.ts';
import { decodeKnocks, encodeKnocks } from './knock-handoff.ts';
import { addressLength, putAddress, takeAddress } from './pipe-address.ts';

/** What the receiver counts, beside the gate's rejections. */
export const RECEIVER_COUNTS = [
  ...new Set([...GATE_REJECTIONS, ...FWKNOP_GATE_REJECTIONS]),
  ...FRAME_FAULTS,
  /** Texts of fwknop's that no stanza takes from where they came. */
  'source-not-allowed',
  /** Texts of fwknop's of unknown sources for which not all keys could be tried: there were too many. */
  'over-budget',
  /** HTTP requests that are not fwknop's. */
  'bad-request',
  /** To another port, through a filter that had to be looser than wished. */
  'other-port',
  /** Genuine packets that found the pipe to the authorizer full. */
  'pipe-full',
  /** Frames that the kernel dropped because the receiver did not keep up. */
  'kernel-dropped',
] as const;

export type ReceiverCount = (typeof RECEIVER_COUNTS)[number];

export type Handoff =
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  | { readonly kind: 'fwknop-candidate'; readonly candidate: FwknopCandidate }
  /** Packets that the doors can see, in the order of their capture. */
  | { readonly kind: 'knocks'; readonly knocks: readonly Knock[] }
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<string, number>> }
  /** Captures now; says from where. */
  | { readonly kind: 'ready'; readonly text: string }
  /** Could not begin, or worth an operator's eye; says why. */
  | { readonly kind: 'trouble'; readonly text: string }
  /** A capture file has been read to its end. */
  | { readonly kind: 'done' };

const KINDS = { candidate: 1, counts: 2, ready: 3, trouble: 4, done: 5, knocks: 6, 'fwknop-candidate': 7 } as const;

/** The longest message, its length field included. */
export const MAX_HANDOFF = 32_768;
const COUNT_LENGTH = 5;

export const encodeHandoff = (message: Handoff): Uint8Array => {
  const payload = encodePayload(message);
  const writer = new ByteWriter(3 + payload.length);
  writer.u16(1 + payload.length);
  writer.u8(KINDS[message.kind]);
  writer.put(payload);
  return writer.bytes;
};

const encodePayload = (message: Handoff): Uint8Array => {
  switch (message.kind) {
    case 'candidate':
      return encodeCandidate(message.candidate);
    case 'fwknop-candidate':
      return encodeFwknopCandidate(message.candidate);
    case 'knocks':
      return encodeKnocks(message.knocks);
    case 'counts':
      return encodeCounts(message.counts);
    case 'ready':
    case 'trouble':
      return encodeUtf8(message.text.slice(0, 500));
    case 'done':
      return new Uint8Array(0);
  }
};

/** Without a way to answer the port is 0. */
const encodeCandidate = ({ client, captured, source, datagram, replyPath }: Candidate): Uint8Array => {
  const at = replyPath?.at;
  const writer = new ByteWriter(14 + addressLength(source) + addressLength(at) + datagram.length);
  writer.u32(client);
  writer.u64(captured);
  putAddress(writer, source);
  writer.u16(replyPath?.sourcePort ?? 0);
  putAddress(writer, at);
  writer.put(datagram);
  return writer.bytes;
};

/** A count is its place in {@link RECEIVER_COUNTS} and what has come since the last message. */
const encodeCounts = (counts: Readonly<Record<string, number>>): Uint8Array => {
  const known = RECEIVER_COUNTS.map((name, index) => ({ index, count: counts[name] ?? 0 })).filter(
    ({ count }) => count > 0,
  );
  const writer = new ByteWriter(COUNT_LENGTH * known.length);
  for (const { index, count } of known) {
    writer.u8(index);
    writer.u32(Math.min(count, 0xffff_ffff));
  }
  return writer.bytes;
};

/** Cuts the pipe's bytes into messages. After a breach it gives nothing more. */
export class HandoffReader {
  #held: Uint8Array = new Uint8Array(0);
  #breached = false;

  /** Whether something came that is no message: the receiver is not to be listened to any longer. */
  get breached(): boolean {
    return this.#breached;
  }

  /** The messages that `chunk` completes. */
  push(chunk: Uint8Array): Handoff[] {
    if (this.#breached) return [];
    const bytes = new Uint8Array(this.#held.length + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, this.#held.length);
    const messages: Handoff[] = [];
    let offset = 0;
    while (offset + 2 <= bytes.length) {
      const length = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
      if (length === 0 || length + 2 > MAX_HANDOFF) this.#breached = true;
      if (this.#breached || offset + 2 + length > bytes.length) break;
      const message = decodeHandoff(bytes.subarray(offset + 2, offset + 2 + length));
      if (message === undefined) this.#breached = true;
      else messages.push(message);
      offset += 2 + length;
    }
    this.#held = bytes.slice(offset);
    return messages;
  }
}

const decodeHandoff = (bytes: Uint8Array): Handoff | undefined => {
  const payload = bytes.subarray(1);
  switch (bytes[0] ?? 0) {
    case KINDS.candidate:
      return decodeCandidate(payload);
    case KINDS['fwknop-candidate']: {
      const candidate = decodeFwknopCandidate(payload);
      return candidate === undefined ? undefined : { kind: 'fwknop-candidate', candidate };
    }
    case KINDS.knocks: {
      const knocks = decodeKnocks(payload);
      return knocks === undefined ? undefined : { kind: 'knocks', knocks };
    }
    case KINDS.counts:
      return decodeCounts(payload);
    case KINDS.ready:
      return textMessage('ready', payload);
    case KINDS.trouble:
      return textMessage('trouble', payload);
    case KINDS.done:
      return payload.length === 0 ? { kind: 'done' } : undefined;
    default:
      return undefined;
  }
};

const textMessage = (kind: 'ready' | 'trouble', payload: Uint8Array): Handoff | undefined => {
  const text = decodeUtf8(payload);
  return text === undefined ? undefined : { kind, text };
};

const decodeCandidate = (payload: Uint8Array): Handoff | undefined => {
  const reader = new ByteReader(payload);
  const client = reader.u32();
  const captured = reader.u64();
  const source = takeAddress(reader);
  const sourcePort = port(reader.u16());
  const at = takeAddress(reader);
  if (source === undefined || source === 'bad' || at === 'bad') return undefined;
  const datagram = reader.take(reader.remaining);
  if (reader.overrun || captured === undefined) return undefined;
  const replyPath = sourcePort === undefined ? {} : { replyPath: { sourcePort, at } };
  return { kind: 'candidate', candidate: { client, captured: unixMs(captured), source, datagram, ...replyPath } };
};

const decodeCounts = (payload: Uint8Array): Handoff | undefined => {
  const reader = new ByteReader(payload);
  const counts: Record<string, number> = {};
  while (reader.remaining > 0) {
    const name = RECEIVER_COUNTS[reader.u8()];
    const count = reader.u32();
    if (name === undefined || reader.overrun) return undefined;
    counts[name] = count;
  }
  return { kind: 'counts', counts };
};
