/** The plain text of a packet: its fields and their digest, written and read (docs/fwknop-packet.md, sections 4 to 6). */
import { err, ok, type Result } from '../../base/result.ts';
import { parsePort, seconds, unixMs } from '../../base/units.ts';
import type { PortSpec } from '../../base/port-spec.ts';
import { bareBase64Length, decodeBareBase64, encodeBareBase64 } from '../../bytes/bare-base64.ts';
import { bytesKey, decodeUtf8, encodeUtf8 } from '../../bytes/encoding.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import type { FwknopUnsealRejection } from '../rejection.ts';
import { digestText, isDigestOf } from './digest.ts';
import type { FwknopDigest } from './key.ts';
import { MAX_MESSAGE, MAX_PLAIN, MAX_TIMEOUT, MIN_FIELDS, MIN_PLAIN } from './layout.ts';
import { FWKNOP_TYPES, type FwknopMessage, type FwknopType } from './message.ts';
import { assertSendable } from './sendable.ts';
import {
  formatMessage,
  formatNat,
  isCommand,
  isNatHost,
  isPrintable,
  isUser,
  isVersion,
  parseAccessPort,
  parseAllow,
  TYPE_FIELDS,
} from './syntax.ts';

type Field<T> = Result<T, FwknopUnsealRejection>;

/** The fields after the message, as texts: there or not by type and number. */
interface Tail {
  readonly nat: string | undefined;
  readonly serverAuth: string | undefined;
  readonly timeout: string | undefined;
}

/**
 * The plain text with its digest; the time is cut to whole seconds. Throws RangeError, with a sentence for the user, where no server
 * would take it: callers are local programs, and what cannot be written is theirs to explain.
 */
export const encodeFields = (message: FwknopMessage, digest: FwknopDigest): string => {
  assertSendable(message);
  const { random, user, time, version, type, nat, serverAuth, timeout } = message;
  const fields = [
    ...[random, encodeText(user), String(Math.floor(time / 1000)), version, String(FWKNOP_TYPES.indexOf(type))],
    encodeText(formatMessage(message)),
    ...(nat === undefined ? [] : [encodeText(formatNat(nat))]),
    ...(serverAuth === undefined ? [] : [encodeText(serverAuth)]),
    ...(timeout === undefined ? [] : [String(timeout)]),
  ].join(':');
  return `${fields}:${digestText(digest, encodeUtf8(fields))}`;
};

const encodeText = (text: string): string => bytesKey(encodeBareBase64(encodeUtf8(text)));

/** Whether a text can be one of fwknop's; that of a wrong key is not, but for one in 10^17. */
const isOpened = (text: string): boolean =>
  text.length >= MIN_PLAIN && text.length <= MAX_PLAIN && isPrintable(text) && /^[0-9]{16}:/.test(text);

/**
 * Reads the plain text of a packet, digest included. The first broken rule, in the order of the fields, is the rejection;
 * `unsealing-failed` where this is no text of fwknop's at all.
 */
export const decodeFields = (
  text: Uint8Array,
  digest: CryptoSuite['digest'] = NOBLE.digest,
): Result<FwknopMessage, FwknopUnsealRejection> => {
  const plain = bytesKey(text);
  if (!isOpened(plain)) return err('unsealing-failed');
  const last = plain.lastIndexOf(':');
  if (!isDigestOf(plain.slice(last + 1), text.subarray(0, last), digest)) return err('bad-digest');
  const fields = plain.slice(0, last).split(':');
  if (fields.length < MIN_FIELDS) return err('bad-fields');
  const [random = '', user64 = '', time = '', version = '', typeDigit = '', message64 = '', ...rest] = fields;
  const user = decodeText(user64);
  if (user === undefined || !isUser(user)) return err('bad-user');
  // 12 digits as in fwknop, which then wants less than 2^31; to us, 2038 is a year as any other.
  if (!/^(?:0|[1-9][0-9]{0,11})$/.test(time)) return err('bad-time');
  if (!isVersion(version)) return err('bad-version');
  const type = /^[0-9]$/.test(typeDigit) ? FWKNOP_TYPES[Number(typeDigit)] : undefined;
  if (type === undefined) return err('unknown-type');
  const tail = splitTail(type, rest);
  if (tail === undefined) return err('bad-fields');
  const message = readMessage(type, message64);
  if (!message.ok) return message;
  const more = readTail(tail);
  if (!more.ok) return more;
  return ok({ random, user, time: unixMs(1000 * Number(time)), version, type, ...message.value, ...more.value });
};

/** The printable text of a field; fields are never empty. */
const decodeText = (text64: string): string | undefined => {
  const bytes = decodeBareBase64(encodeUtf8(text64));
  const text = bytes === undefined ? '' : bytesKey(bytes);
  return isPrintable(text) ? text : undefined;
};

const splitTail = (type: FwknopType, fields: readonly string[]): Tail | undefined => {
  const { nat, timeout } = TYPE_FIELDS[type];
  const required = (nat ? 1 : 0) + (timeout ? 1 : 0);
  if (fields.length < required || fields.length > required + 1) return undefined;
  return {
    nat: nat ? fields[0] : undefined,
    serverAuth: fields.length > required ? fields[nat ? 1 : 0] : undefined,
    timeout: timeout ? fields.at(-1) : undefined,
  };
};

const readMessage = (type: FwknopType, text64: string): Field<Pick<FwknopMessage, 'allow' | 'ports' | 'command'>> => {
  const bytes = text64.length > bareBase64Length(MAX_MESSAGE) ? undefined : decodeBareBase64(encodeUtf8(text64));
  const text = bytes === undefined ? '' : (decodeUtf8(bytes) ?? '');
  const comma = text.indexOf(',');
  if (comma < 0) return err('bad-message');
  const address = parseAllow(text.slice(0, comma));
  if (address === undefined) return err('bad-address');
  const wish = text.slice(comma + 1);
  if (type === 'command') return isCommand(wish) ? ok({ ...address, ports: [], command: wish }) : err('bad-command');
  const ports = readPorts(wish);
  return ports === undefined ? err('bad-ports') : ok({ ...address, ports, command: '' });
};

const readPorts = (text: string): PortSpec[] | undefined => {
  const ports = text.split(',').map(parseAccessPort);
  return ports.every((spec) => spec !== undefined) ? ports : undefined;
};

const readTail = (tail: Tail): Field<Pick<FwknopMessage, 'nat' | 'serverAuth' | 'timeout'>> => {
  const nat = tail.nat === undefined ? undefined : readNat(tail.nat);
  if (tail.nat !== undefined && nat === undefined) return err('bad-forward');
  const serverAuth = tail.serverAuth === undefined ? undefined : decodeText(tail.serverAuth);
  if (tail.serverAuth !== undefined && (serverAuth === undefined || serverAuth.length > MAX_MESSAGE)) {
    return err('bad-fields');
  }
  const timeout = tail.timeout === undefined ? undefined : readTimeout(tail.timeout);
  if (tail.timeout !== undefined && timeout === undefined) return err('bad-timeout');
  return ok({ nat, serverAuth, timeout });
};

const readNat = (text64: string): FwknopMessage['nat'] => {
  const parts = decodeText(text64)?.split(',') ?? [];
  const [host = '', portText = ''] = parts;
  const target = parsePort(portText);
  return parts.length === 2 && isNatHost(host) && target !== undefined ? { host, port: target } : undefined;
};

const readTimeout = (text: string): FwknopMessage['timeout'] =>
  /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= MAX_TIMEOUT ? seconds(Number(text)) : undefined;
