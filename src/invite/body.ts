/** What an invite says (docs/invite.md, section 4), and its bytes. */
import type { PortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Port, port, type UnixMs, unixMs } from '../base/units.ts';
import { decodeHex, decodeUtf8, encodeUtf8 } from '../bytes/encoding.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { FINGERPRINT_LENGTH, formatFingerprint, Secret, SECRET_LENGTH } from '../crypto/secret.ts';
import { portsAreCanonical, writePorts } from '../spa/native/body.ts';
import { readPorts } from '../spa/native/decode.ts';
import { isServerName } from '../spa/native/keys.ts';
import { PORT_LENGTH } from '../spa/native/layout.ts';
import type { InviteFault } from './fault.ts';

export interface Invite {
  readonly secret: Secret;
  /** The server's name, bound into every packet. */
  readonly server: string;
  /** Where packets go, best first: 1 to {@link MAX_HOSTS}, as {@link isPlainHost}, none twice. */
  readonly hosts: readonly string[];
  /** The server's SPA port. */
  readonly port: Port;
  /** What to ask for, canonical, at most 16; none: the stanza's default. */
  readonly access: readonly PortSpec[];
  /** Whether the server answers packets that ask for a reply. */
  readonly reply: boolean;
  /** The first instant at which the invite no longer holds: whole seconds. */
  readonly end: UnixMs;
  /** The fingerprint of the secret whose place this one takes, as `Secret.fingerprint` writes it; absent: it is for a new profile. */
  readonly replaces?: string | undefined;
}

export const MAX_HOSTS = 4;
const FLAG_REPLY = 1;
const FLAG_REPLACES = 2;

/** A name or an address without a sign that a shell, or ssh, would read otherwise; at most 253 letters. */
export const isPlainHost = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}$/.test(text);

const hostsAreCanonical = (hosts: readonly string[]): boolean =>
  hosts.length >= 1 && hosts.length <= MAX_HOSTS && hosts.every(isPlainHost) && new Set(hosts).size === hosts.length;

/** How many zero bytes follow `length` others. */
const paddingOf = (length: number): number => (5 - (length % 5)) % 5;

/** The body with its padding, where `before` other bytes belong to the payload. Throws RangeError for what cannot be written. */
export const encodeInvite = (invite: Invite, before: number): Uint8Array => {
  const { secret, server, hosts, access, end } = invite;
  const endSeconds = end / 1000;
  if (!hostsAreCanonical(hosts)) throw new RangeError('hosts must be 1 to 4 different names or addresses');
  if (!isServerName(server)) throw new RangeError("the server's name cannot be one");
  if (!portsAreCanonical(access)) throw new RangeError('ports must be at most 16 ranges, ordered and merged');
  if (!Number.isInteger(endSeconds) || endSeconds < 0 || endSeconds > 0xffff_ffff)
    throw new RangeError('the end must be a whole second before 2106');
  const name = encodeUtf8(server);
  const hostBytes = hosts.reduce((sum, host) => sum + 1 + host.length, 0);
  const replaced = invite.replaces === undefined ? new Uint8Array(0) : fingerprintBytes(invite.replaces);
  const length =
    7 + SECRET_LENGTH + 1 + name.length + 1 + hostBytes + 1 + PORT_LENGTH * access.length + replaced.length;
  const writer = new ByteWriter(length + paddingOf(before + length));
  writer.u8((invite.reply ? FLAG_REPLY : 0) | (replaced.length > 0 ? FLAG_REPLACES : 0));
  writer.u32(endSeconds);
  writer.put(secret.reveal());
  writer.u16(invite.port);
  putCounted(writer, name);
  writer.u8(hosts.length);
  for (const host of hosts) putCounted(writer, encodeUtf8(host));
  writePorts(writer, access);
  writer.put(replaced);
  return writer.bytes;
};

/** Throws RangeError for what is no fingerprint. */
const fingerprintBytes = (text: string): Uint8Array => {
  const bytes = decodeHex(text.replaceAll(':', ''));
  if (bytes?.length !== FINGERPRINT_LENGTH) throw new RangeError('what is replaced must be a fingerprint');
  return bytes;
};

const putCounted = (writer: ByteWriter, bytes: Uint8Array): void => {
  writer.u8(bytes.length);
  writer.put(bytes);
};

/** The invite in a body, of whose payload `before` bytes stand elsewhere. */
export const decodeInvite = (body: Uint8Array, before: number): Result<Invite, InviteFault> => {
  const malformed = err({ kind: 'malformed' } as const);
  const reader = new ByteReader(body);
  const flags = reader.u8();
  if ((flags & ~(FLAG_REPLY | FLAG_REPLACES)) !== 0) return err({ kind: 'newer' });
  const end = unixMs(1000 * reader.u32());
  const secret = Secret.fromBytes(reader.take(SECRET_LENGTH));
  const spaPort = port(reader.u16());
  const server = readCounted(reader);
  const hosts = Array.from({ length: Math.min(reader.u8(), MAX_HOSTS + 1) }, () => readCounted(reader) ?? '');
  const access = readPorts(reader);
  const replaced = (flags & FLAG_REPLACES) === 0 ? undefined : reader.take(FINGERPRINT_LENGTH);
  const { offset, remaining, overrun } = reader;
  const isWhole =
    !overrun && remaining === paddingOf(before + offset) && reader.take(remaining).every((byte) => byte === 0);
  if (!isWhole || secret === undefined || spaPort === undefined || !access.ok) return malformed;
  if (server === undefined || !isServerName(server) || !hostsAreCanonical(hosts)) return malformed;
  const replaces = replaced && formatFingerprint(replaced);
  const reply = (flags & FLAG_REPLY) !== 0;
  return ok({ secret, server, hosts, port: spaPort, access: access.value, reply, end, ...(replaces && { replaces }) });
};

const readCounted = (reader: ByteReader): string | undefined => decodeUtf8(reader.take(reader.u8()));
