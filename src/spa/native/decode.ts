import type { Cidr, Family, IpAddress } from '../../base/address.ts';
import { type PortSpec, PROTOCOL_NUMBERS } from '../../base/port-spec.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { port, seconds, unixMs } from '../../base/units.ts';
import { decodeUtf8 } from '../../bytes/encoding.ts';
import { ByteReader } from '../../bytes/reader.ts';
import type { UnsealRejection } from '../rejection.ts';
import type { Forward, RequestType, SpaRequest } from '../request.ts';
import { addressesAreCanonical, bodySizeFor, commandFits, isForwardTarget, portsAreCanonical } from './body.ts';
import {
  BODY_VERSION,
  FLAG_REPLY,
  FORWARD_NUMBERS,
  MAX_ADDRESSES,
  MAX_PORTS,
  PORT_LENGTH,
  TYPE_NUMBERS,
} from './layout.ts';

/** One field that cannot be read: carried up as a value, for hostile input is no exception. */
type Field<T> = Result<T, UnsealRejection>;

/**
 * Reads a body in the order of its fields; the first broken rule is the rejection, except that running past the end is
 * always `truncated-body`.
 */
export const decodeBody = (body: Uint8Array): Result<SpaRequest, UnsealRejection> => {
  const reader = new ByteReader(body);
  const request = readRequest(reader);
  if (reader.overrun) return err('truncated-body');
  if (!request.ok) return request;
  const length = reader.offset;
  if (reader.take(reader.remaining).some((byte) => byte !== 0)) return err('nonzero-padding');
  return bodySizeFor(length) === body.length ? request : err('oversized-body');
};

const readRequest = (reader: ByteReader): Field<SpaRequest> => {
  if (reader.u8() !== BODY_VERSION) return err('bad-version');
  const type = readType(reader.u8());
  if (type === undefined) return err('unknown-type');
  const time = reader.u64();
  if (time === undefined) return err('bad-time');
  const openFor = reader.u32();
  const flags = reader.u8();
  if ((flags & ~FLAG_REPLY) !== 0) return err('unknown-flags');
  const addresses = readAddresses(reader);
  if (!addresses.ok) return addresses;
  const ports = readPorts(reader);
  if (!ports.ok) return ports;
  const forward = readForward(reader);
  if (!forward.ok) return forward;
  const command = decodeUtf8(reader.take(reader.u16()));
  if (command === undefined || !commandFits(type, command)) return err('bad-command');
  return ok({
    type,
    time: unixMs(time),
    openFor: seconds(openFor),
    reply: (flags & FLAG_REPLY) !== 0,
    addresses: addresses.value,
    ports: ports.value,
    forward: forward.value,
    command,
  });
};

const readType = (value: number): RequestType | undefined => {
  switch (value) {
    case TYPE_NUMBERS.open:
      return 'open';
    case TYPE_NUMBERS.close:
      return 'close';
    case TYPE_NUMBERS.command:
      return 'command';
    default:
      return undefined;
  }
};

const readFamily = (value: number): Family | undefined => (value === 4 || value === 6 ? value : undefined);

const readIp = (reader: ByteReader, family: Family): IpAddress => ({
  family,
  bytes: reader.take(family === 4 ? 4 : 16),
});

const readAddresses = (reader: ByteReader): Field<readonly Cidr[]> => {
  const count = reader.u8();
  if (count > MAX_ADDRESSES) return err('bad-address');
  const addresses: Cidr[] = [];
  for (let index = 0; index < count; index += 1) {
    const family = readFamily(reader.u8());
    const prefix = reader.u8();
    if (family === undefined) return err('bad-address');
    addresses.push({ address: readIp(reader, family), prefix });
  }
  return addressesAreCanonical(addresses) ? ok(addresses) : err('bad-address');
};

/** A canonical list of ports with its count: section 6.3 of the specification. */
export const readPorts = (reader: ByteReader): Field<readonly PortSpec[]> => {
  const count = reader.u8();
  if (count > MAX_PORTS) return err('bad-ports');
  if (count * PORT_LENGTH > reader.remaining) return err('truncated-body');
  const ports: PortSpec[] = [];
  for (let index = 0; index < count; index += 1) {
    const protocol = reader.u8();
    const first = port(reader.u16());
    const last = port(reader.u16());
    if (protocol !== PROTOCOL_NUMBERS.tcp && protocol !== PROTOCOL_NUMBERS.udp) return err('bad-ports');
    if (first === undefined || last === undefined || first > last) return err('bad-ports');
    ports.push({ protocol: protocol === PROTOCOL_NUMBERS.tcp ? 'tcp' : 'udp', first, last });
  }
  return portsAreCanonical(ports) ? ok(ports) : err('bad-ports');
};

const readForward = (reader: ByteReader): Field<Forward | undefined> => {
  switch (reader.u8()) {
    case FORWARD_NUMBERS.none:
      return ok(undefined);
    case FORWARD_NUMBERS.address: {
      const family = readFamily(reader.u8());
      if (family === undefined) return err('bad-forward');
      const address = readIp(reader, family);
      const target = port(reader.u16());
      return target !== undefined && isForwardTarget(address)
        ? ok({ kind: 'address', address, port: target })
        : err('bad-forward');
    }
    case FORWARD_NUMBERS.local: {
      const target = port(reader.u16());
      return target === undefined ? err('bad-forward') : ok({ kind: 'local', port: target });
    }
    default:
      return err('bad-forward');
  }
};
