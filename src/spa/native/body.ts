/** The body: its rules, which hold for reading and writing alike and have one place here, and writing it. */
import type { Cidr, IpAddress } from '../../base/address.ts';
import { addressBits, compareCidr, hasHostBits, isHost, isUnspecified, isV4Mapped } from '../../base/address.ts';
import type { PortSpec } from '../../base/port-spec.ts';
import { normalizePorts, PROTOCOL_NUMBERS, samePorts } from '../../base/port-spec.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { SpaRequest } from '../request.ts';
import {
  BODY_SIZES,
  BODY_VERSION,
  FLAG_REPLY,
  FORWARD_NUMBERS,
  MAX_ADDRESSES,
  MAX_PORTS,
  PORT_LENGTH,
  TYPE_NUMBERS,
} from './layout.ts';

export const addressesAreCanonical = (addresses: readonly Cidr[]): boolean =>
  addresses.length <= MAX_ADDRESSES &&
  addresses.every((cidr, index) => {
    const previous = addresses[index - 1];
    return isSendableCidr(cidr) && (previous === undefined || compareCidr(previous, cidr) < 0);
  });

/** An IPv4-mapped spelling is refused from /96 on, where it names IPv4 hosts and nothing else. */
const isSendableCidr = (cidr: Cidr): boolean =>
  cidr.prefix >= 0 &&
  cidr.prefix <= addressBits(cidr.address.family) &&
  !hasHostBits(cidr) &&
  !(isHost(cidr) && isUnspecified(cidr.address)) &&
  !(cidr.prefix >= 96 && isV4Mapped(cidr.address));

export const portsAreCanonical = (ports: readonly PortSpec[]): boolean =>
  ports.length <= MAX_PORTS && samePorts(ports, normalizePorts(ports));

export const isForwardTarget = (address: IpAddress): boolean => !isUnspecified(address) && !isV4Mapped(address);

/** A command is there if and only if the type asks for one; one line of well-formed text. */
export const commandFits = (type: SpaRequest['type'], command: string): boolean =>
  (type === 'command') === command.length > 0 && !/[\u0000-\u001f\u007f]/.test(command) && command.isWellFormed();

/** The smallest of the three sizes that holds `length` bytes, or undefined. */
export const bodySizeFor = (length: number): number | undefined => BODY_SIZES.find((size) => size >= length);

/**
 * The body of docs/native-packet.md, 96, 352 or 1120 bytes. Throws RangeError where the request breaks one of its rules
 * or does not fit: callers are local programs, and a request that cannot be written is theirs to explain.
 */
export const encodeBody = (request: SpaRequest): Uint8Array => {
  assertSendable(request);
  const command = encodeUtf8(request.command);
  const length = encodedLength(request, command.length);
  const size = bodySizeFor(length);
  if (size === undefined) throw new RangeError(`the request needs ${String(length)} bytes, a packet holds 1120`);
  const writer = new ByteWriter(size);
  writer.u8(BODY_VERSION);
  writer.u8(TYPE_NUMBERS[request.type]);
  writer.u64(request.time);
  writer.u32(request.openFor);
  writer.u8(request.reply ? FLAG_REPLY : 0);
  writer.u8(request.addresses.length);
  for (const cidr of request.addresses) {
    writer.u8(cidr.address.family);
    writer.u8(cidr.prefix);
    writer.put(cidr.address.bytes);
  }
  writePorts(writer, request.ports);
  writeForward(writer, request);
  writer.u16(command.length);
  writer.put(command);
  return writer.bytes;
};

const assertSendable = (request: SpaRequest): void => {
  if (!Number.isSafeInteger(request.time) || request.time < 0)
    throw new RangeError('the time is not a Unix time in ms');
  if (!Number.isInteger(request.openFor) || request.openFor < 0 || request.openFor > 0xffff_ffff) {
    throw new RangeError('the time to stay open is not a whole number of seconds below 2^32');
  }
  if (!addressesAreCanonical(request.addresses)) throw new RangeError('addresses must be at most 2, ordered, distinct');
  if (!portsAreCanonical(request.ports)) throw new RangeError('ports must be at most 16 ranges, ordered and merged');
  if (request.forward?.kind === 'address' && !isForwardTarget(request.forward.address)) {
    throw new RangeError('the forward address is not a host');
  }
  if (!commandFits(request.type, request.command)) {
    throw new RangeError('a command needs the type "command" and one line of text, and no other type may bear one');
  }
};

const encodedLength = (request: SpaRequest, commandLength: number): number => {
  const addresses = request.addresses.reduce((sum, cidr) => sum + 2 + cidr.address.bytes.length, 1);
  return 15 + addresses + 1 + PORT_LENGTH * request.ports.length + forwardLength(request) + 2 + commandLength;
};

const forwardLength = ({ forward }: SpaRequest): number => {
  if (forward === undefined) return 1;
  return forward.kind === 'address' ? 4 + forward.address.bytes.length : 3;
};

/** A count and the ports, which are canonical: section 6.3 of the specification. */
export const writePorts = (writer: ByteWriter, ports: readonly PortSpec[]): void => {
  writer.u8(ports.length);
  for (const spec of ports) {
    writer.u8(PROTOCOL_NUMBERS[spec.protocol]);
    writer.u16(spec.first);
    writer.u16(spec.last);
  }
};

const writeForward = (writer: ByteWriter, { forward }: SpaRequest): void => {
  writer.u8(FORWARD_NUMBERS[forward?.kind ?? 'none']);
  if (forward === undefined) return;
  if (forward.kind === 'address') {
    writer.u8(forward.address.family);
    writer.put(forward.address.bytes);
  }
  writer.u16(forward.port);
};
