/**
 * The reply (docs/native-packet.md, section 10): 176 bytes by which the authorizer tells a client, and nobody else, what its
 * packet has come to. Bound to that one packet by its MAC, so that it cannot be kept and sent as the answer to another.
 */
import { addressFromBytes, type Family, type IpAddress, isUnspecified, isV4Mapped } from '../../base/address.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { type Port, port, type UnixMs, unixMs } from '../../base/units.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { NONCE_LENGTH, TAG_LENGTH } from '../../crypto/aead.ts';
import { MAC_LENGTH } from '../../crypto/hmac.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import type { PolicyRejection } from '../rejection.ts';
import { REPLY_AAD_LABEL, REPLY_BODY_SIZE, REPLY_VERSION, STATUS_NUMBERS } from './layout.ts';

/** What became of a request: `failed` is the machine's doing, `refused` the policy's. */
export type ReplyOutcome =
  | { readonly status: 'opened'; readonly ends: UnixMs }
  | { readonly status: 'closed' | 'accepted' | 'failed' }
  | { readonly status: 'refused'; readonly reason: PolicyRejection };

/** What a reply says once unsealed. */
export interface Reply {
  readonly outcome: ReplyOutcome;
  /** The server's clock when it was made. */
  readonly time: UnixMs;
  /** Where the request came from, as the server saw it: also where the reply goes. */
  readonly source: IpAddress;
  readonly sourcePort: Port;
}

/** Why bytes are no reply to this request. */
export const REPLY_FAULTS = [
  'wrong-size',
  'unsealing-failed',
  'bad-version',
  'unknown-status',
  'unknown-reason',
  'bad-time',
  'bad-end',
  'bad-address',
  'bad-port',
  'nonzero-padding',
] as const;
export type ReplyFault = (typeof REPLY_FAULTS)[number];

/** A reason never changes its number, and new ones come behind. */
const REASON_NUMBERS: Readonly<Record<PolicyRejection, number>> = {
  'stanza-expired': 1,
  'source-not-allowed': 2,
  'address-required': 3,
  'address-not-allowed': 4,
  'port-not-allowed': 5,
  'no-port-named': 6,
  'forward-not-allowed': 7,
  'forward-of-range': 8,
  'forward-family': 9,
  'command-not-allowed': 10,
  'too-many-grants': 11,
  'nothing-to-close': 12,
};

/** All reasons. */
export const REPLY_REASONS = Object.keys(REASON_NUMBERS) as readonly PolicyRejection[];

/** The length of every reply in bytes, which is that of the shortest request. */
export const REPLY_LENGTH = NONCE_LENGTH + REPLY_BODY_SIZE + TAG_LENGTH;

/** The MAC of a datagram that is a native packet: the 32 bytes that a reply is bound to. */
export const requestMacOf = (datagram: Uint8Array): Uint8Array => datagram.slice(datagram.length - MAC_LENGTH);

/**
 * A reply under the client's reply key (32 bytes) to the request with this MAC (32 bytes). `nonce` is 24 random bytes, never
 * used twice. Throws RangeError where the reply cannot be written.
 */
export const sealReply = (
  reply: Reply,
  replyKey: Uint8Array,
  requestMac: Uint8Array,
  nonce: Uint8Array,
  suite: Pick<CryptoSuite, 'sealBox'> = NOBLE,
): Uint8Array => {
  const writer = new ByteWriter(REPLY_LENGTH);
  writer.put(nonce);
  writer.put(suite.sealBox(replyKey, nonce, associatedData(requestMac), encodeReply(reply)));
  return writer.bytes;
};

/** What the datagram says, if it is the reply to the request with this MAC. */
export const openReply = (
  datagram: Uint8Array,
  replyKey: Uint8Array,
  requestMac: Uint8Array,
  suite: Pick<CryptoSuite, 'openBox'> = NOBLE,
): Result<Reply, ReplyFault> => {
  if (datagram.length !== REPLY_LENGTH) return err('wrong-size');
  const nonce = datagram.subarray(0, NONCE_LENGTH);
  const body = suite.openBox(replyKey, nonce, associatedData(requestMac), datagram.subarray(NONCE_LENGTH));
  return body === undefined ? err('unsealing-failed') : decodeReply(body);
};

const associatedData = (requestMac: Uint8Array): Uint8Array =>
  Uint8Array.of(...encodeUtf8(REPLY_AAD_LABEL), ...requestMac);

const encodeReply = ({ outcome, time, source, sourcePort }: Reply): Uint8Array => {
  const [ends, reason] = [endOf(outcome), reasonNumberOf(outcome)];
  if (![time, ends].every((value) => Number.isSafeInteger(value) && value >= 0))
    throw new RangeError('a time is not a Unix time in ms');
  if (outcome.status === 'opened' && ends === 0) throw new RangeError('what is opened has an end');
  if (!canBeSource(source)) throw new RangeError('the source is not a host');
  const writer = new ByteWriter(REPLY_BODY_SIZE);
  writer.u8(REPLY_VERSION);
  writer.u8(STATUS_NUMBERS[outcome.status]);
  writer.u8(reason);
  writer.u64(time);
  writer.u64(ends);
  writer.u8(source.family);
  writer.put(source.bytes);
  writer.u16(sourcePort);
  return writer.bytes;
};

const endOf = (outcome: ReplyOutcome): number => (outcome.status === 'opened' ? outcome.ends : 0);

const reasonNumberOf = (outcome: ReplyOutcome): number =>
  outcome.status === 'refused' ? REASON_NUMBERS[outcome.reason] : 0;

const canBeSource = (address: IpAddress): boolean => !isUnspecified(address) && !isV4Mapped(address);

/** The body of 136 bytes, in the order of its fields; the first rule that is broken is the fault. */
const decodeReply = (body: Uint8Array): Result<Reply, ReplyFault> => {
  const reader = new ByteReader(body);
  if (reader.u8() !== REPLY_VERSION) return err('bad-version');
  const status = statusOf(reader.u8());
  if (status === undefined) return err('unknown-status');
  const reasonNumber = reader.u8();
  const [time, ends] = [reader.u64(), reader.u64()];
  const outcome = outcomeOf(status, reasonNumber, unixMs(ends ?? 0));
  if (outcome === undefined) return err('unknown-reason');
  if (time === undefined) return err('bad-time');
  if (ends === undefined || (status === 'opened') !== ends > 0) return err('bad-end');
  const source = readSource(reader);
  if (source === undefined) return err('bad-address');
  const sourcePort = port(reader.u16());
  if (sourcePort === undefined) return err('bad-port');
  if (body.subarray(reader.offset).some((byte) => byte !== 0)) return err('nonzero-padding');
  return ok({ outcome, time: unixMs(time), source, sourcePort });
};

type Status = ReplyOutcome['status'];

const statusOf = (number: number): Status | undefined =>
  (Object.keys(STATUS_NUMBERS) as Status[]).find((status) => STATUS_NUMBERS[status] === number);

const readSource = (reader: ByteReader): IpAddress | undefined => {
  const family = reader.u8();
  if (!isFamily(family)) return undefined;
  const bytes = reader.take(family === 4 ? 4 : 16);
  const address = addressFromBytes(bytes);
  return address.family === family && canBeSource(address) ? address : undefined;
};

const isFamily = (number: number): number is Family => number === 4 || number === 6;

/** Undefined where status and number do not fit together. */
const outcomeOf = (status: Status, reasonNumber: number, ends: UnixMs): ReplyOutcome | undefined => {
  if (status === 'refused') {
    const reason = REPLY_REASONS.find((one) => REASON_NUMBERS[one] === reasonNumber);
    return reason && { status, reason };
  }
  if (reasonNumber !== 0) return undefined;
  return status === 'opened' ? { status, ends } : { status };
};
