/** Domain values at random, each with every shape that its type allows. */
import fc from 'fast-check';
import { type Cidr, compareCidr, hostCidr, type IpAddress, isUnspecified, isV4Mapped } from '../../src/base/address.ts';
import { normalizePorts, type PortSpec } from '../../src/base/port-spec.ts';
import { type Port, type Seconds, seconds, type UnixMs, unixMs } from '../../src/base/units.ts';
import { Secret } from '../../src/crypto/secret.ts';
import type { Forward, SpaRequest } from '../../src/spa/request.ts';
import { present } from '../unit/values.ts';

export const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

/** Zeros often, for they are what the text forms shorten. */
const octet = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(255));

const addressOf = (family: 4 | 6): fc.Arbitrary<IpAddress> =>
  fc
    .array(octet, { minLength: family === 4 ? 4 : 16, maxLength: family === 4 ? 4 : 16 })
    .map((octets) => ({ family, bytes: Uint8Array.from(octets) }))
    .filter((address) => !isV4Mapped(address));

export const address: fc.Arbitrary<IpAddress> = fc.oneof(addressOf(4), addressOf(6));

/** `address` cut to `prefix` bits, a bit at a time: slow and plain. */
const cut = ({ family, bytes: octets }: IpAddress, prefix: number): Cidr => ({
  address: {
    family,
    bytes: octets.map((value, index) => {
      let kept = 0;
      for (let bit = 0; bit < 8; bit += 1) if (8 * index + bit < prefix) kept |= value & (0x80 >> bit);
      return kept;
    }),
  },
  prefix,
});

export const cidr: fc.Arbitrary<Cidr> = address.chain((one) =>
  fc.oneof(
    fc.constant(hostCidr(one)),
    fc.nat(one.family === 4 ? 32 : 128).map((prefix) => cut(one, prefix)),
  ),
);

/** The edges often: what is off by one is wrong there. */
export const port: fc.Arbitrary<Port> = fc
  .oneof(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 24 }), fc.integer({ min: 65_520, max: 65_535 }))
  .map((value) => value as Port);

export const portSpec: fc.Arbitrary<PortSpec> = fc
  .record({ protocol: fc.constantFrom('tcp' as const, 'udp' as const), a: port, b: port, single: fc.boolean() })
  .map(({ protocol, a, b, single }) => ({
    protocol,
    first: single ? a : (Math.min(a, b) as Port),
    last: single ? a : (Math.max(a, b) as Port),
  }));

/** Neither ordered nor merged. */
export const portSpecs = fc.array(portSpec, { maxLength: 8 });

export const ports: fc.Arbitrary<readonly PortSpec[]> = portSpecs.map(normalizePorts);

/** A time that every server clock can have, or any that the format can bear. */
export const time: fc.Arbitrary<UnixMs> = fc
  .oneof(fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }), fc.maxSafeNat())
  .map(unixMs);

export const openFor: fc.Arbitrary<Seconds> = fc
  .oneof(fc.constant(0), fc.integer({ min: 1, max: 86_400 }), fc.integer({ min: 0, max: 0xffff_ffff }))
  .map(seconds);

export const secret: fc.Arbitrary<Secret> = bytes(32)
  .filter((value) => value.some((octet) => octet !== value[0]))
  .map((value) => present(Secret.fromBytes(value)));

const isControl = (text: string): boolean => /\p{Cc}/u.test(text);

export const serverName = fc
  .string({ minLength: 1, maxLength: 16, unit: 'grapheme' })
  .filter((name) => !isControl(name) && Buffer.byteLength(name) <= 64);

const command = fc
  .string({ minLength: 1, maxLength: 400, unit: 'grapheme' })
  .filter((text) => !isControl(text) && Buffer.byteLength(text) <= 900);

const forward: fc.Arbitrary<Forward | undefined> = fc.oneof(
  fc.constant(undefined),
  port.map((target) => ({ kind: 'local', port: target }) as const),
  fc
    .record({ address, port })
    .filter((target) => !isUnspecified(target.address))
    .map((target) => ({ kind: 'address', ...target }) as const),
);

const sendable = (one: Cidr): boolean =>
  one.prefix !== (one.address.family === 4 ? 32 : 128) || !isUnspecified(one.address);

const addresses = fc
  .uniqueArray(cidr.filter(sendable), { maxLength: 2, comparator: (a, b) => compareCidr(a, b) === 0 })
  .map((list) => [...list].sort(compareCidr));

/** Any request that can be written. */
export const request: fc.Arbitrary<SpaRequest> = fc
  .record({
    type: fc.constantFrom('open' as const, 'close' as const, 'command' as const),
    time,
    openFor,
    reply: fc.boolean(),
    addresses,
    ports,
    forward,
    text: command,
  })
  .map(({ text, ...rest }) => ({ ...rest, command: rest.type === 'command' ? text : '' }));
