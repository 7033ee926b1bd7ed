/** Domain values from the texts that people write, for tests; what cannot be read is a mistake in the test. */
import { type Cidr, type IpAddress, parseAddress, parseCidr } from '../../src/base/address.ts';
import { normalizePorts, type PortSpec, parsePortSpec } from '../../src/base/port-spec.ts';
import { type Port, port, seconds, steadyMs, unixMs } from '../../src/base/units.ts';
import { Secret } from '../../src/crypto/secret.ts';
import type { Grant } from '../../src/grant/grant.ts';
import type { SpaRequest } from '../../src/spa/request.ts';

export const present = <T>(value: T | undefined | null): T => {
  if (value === undefined || value === null) throw new Error('the test names a value that is not there');
  return value;
};

export const ip = (text: string): IpAddress => present(parseAddress(text));
export const cidr = (text: string): Cidr => present(parseCidr(text));
export const portOf = (value: number): Port => present(port(value));
export const spec = (text: string): PortSpec => present(parsePortSpec(text));
/** `ports('tcp/22 udp/53')`, as written: neither ordered nor merged. */
export const specs = (text: string): PortSpec[] => (text === '' ? [] : text.split(' ').map(spec));
export const ports = (text: string): PortSpec[] => normalizePorts(specs(text));

/** Hexadecimal digits, white space anywhere. Does not use the program's own decoder. */
export const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.replace(/\s+/g, '').match(/../g) ?? [], (pair) => {
    const value = Number.parseInt(pair, 16);
    if (Number.isNaN(value)) throw new Error(`${pair} is not a byte`);
    return value;
  });

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** A secret that only `seed` tells from others. */
export const secretOf = (seed: number): Secret =>
  present(Secret.fromBytes(Uint8Array.from({ length: 32 }, (_, index) => (seed * 31 + index * 7) & 0xff)));

export const requestOf = (fields: Partial<SpaRequest> = {}): SpaRequest => ({
  type: 'open',
  time: unixMs(1_767_225_628_766),
  openFor: seconds(0),
  reply: false,
  addresses: [],
  ports: [],
  forward: undefined,
  command: '',
  ...fields,
});

let grants = 0;

export const grantOf = (address: string, portList: string, ends: number, fields: Partial<Grant> = {}): Grant => {
  grants += 1;
  return {
    id: `g${String(grants)}`,
    stanza: 'alice',
    address: ip(address),
    ports: ports(portList),
    ends: steadyMs(ends),
    until: unixMs(1_700_000_000_000 + ends),
    ...fields,
  };
};
