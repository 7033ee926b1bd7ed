import { type Cidr, canBeRemoteHost, cidrContains, type IpAddress, isTranslated } from '../base/address.ts';
import { type AllowAddress, allowedOf, containsAllowed, formatAllowed, widen } from '../base/allow-address.ts';
import { coversPorts, type PortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Seconds, seconds, type UnixMs } from '../base/units.ts';
import type { Forwarding } from '../grant/forwarding.ts';
import type { PolicyRejection } from '../spa/rejection.ts';
import type { Forward, SpaRequest } from '../spa/request.ts';
import { mayForward } from './forward-rule.ts';
import type { Stanza } from './stanza.ts';

/** What a request comes to once the stanza has had its say. */
export type Authorized =
  | {
      readonly kind: 'open';
      readonly addresses: readonly AllowAddress[];
      readonly ports: readonly PortSpec[];
      readonly forwarding?: Forwarding | undefined;
      readonly openFor: Seconds;
    }
  /** No port named: all that this client has open for these addresses. */
  | { readonly kind: 'close'; readonly addresses: readonly AllowAddress[]; readonly ports: readonly PortSpec[] };

/**
 * Holds a genuine, fresh request against its stanza. `source` is where the datagram came from; it is compared with the
 * stanza's `source` list even where the packet seals another address.
 */
export const authorize = (
  request: SpaRequest,
  source: IpAddress,
  stanza: Stanza,
  now: UnixMs,
): Result<Authorized, PolicyRejection> => {
  if (stanza.expires !== undefined && now >= stanza.expires) return err('stanza-expired');
  if (!isFrom(stanza.sources, source)) return err('source-not-allowed');
  const addresses = chooseAddresses(request.addresses, source, stanza);
  if (!addresses.ok) return addresses;
  switch (request.type) {
    case 'open':
      return authorizeOpen(request, addresses.value, stanza);
    case 'close': {
      // Its own grants alone are closed: what was forwarded is open for the host alone, and what it opened while it still widened.
      const all = distinct([...addresses.value, ...addresses.value.map(widen)]);
      return ok({ kind: 'close', addresses: all, ports: request.ports });
    }
    case 'command':
      return err('command-not-allowed');
  }
};

const authorizeOpen = (
  request: SpaRequest,
  named: readonly AllowAddress[],
  stanza: Stanza,
): Result<Authorized, PolicyRejection> => {
  const { forward } = request;
  if (forward !== undefined && !mayForward(stanza.forward, forward)) return err('forward-not-allowed');
  const ports = request.ports.length > 0 ? request.ports : stanza.defaultPorts;
  if (ports.length === 0) return err('no-port-named');
  if (!ports.every((spec) => coversPorts(stanza.allow, spec))) return err('port-not-allowed');
  const wish = request.openFor === 0 ? stanza.openFor : request.openFor;
  const openFor = seconds(Math.min(wish, stanza.maxOpenFor));
  if (forward === undefined) return ok({ kind: 'open', addresses: widenAll(named, stanza), ports, openFor });
  if (named.some(({ prefix }) => prefix !== undefined)) return err('address-not-allowed');
  return ok({ kind: 'open', addresses: named, ports, forwarding: forwardingOf(forward, stanza), openFor });
};

const forwardingOf = (forward: Forward, stanza: Stanza): Forwarding =>
  forward.kind === 'local'
    ? { to: undefined, port: forward.port, source: 'client' }
    : { to: forward.address, port: forward.port, source: stanza.forwardSource };

const chooseAddresses = (
  sealed: readonly Cidr[],
  source: IpAddress,
  stanza: Stanza,
): Result<readonly AllowAddress[], PolicyRejection> => {
  if (sealed.length === 0) {
    if (stanza.requireAddress) return err('address-required');
    return canBeRemoteHost(source) ? ok([source]) : err('address-not-allowed');
  }
  const named = sealed.flatMap((cidr) => allowedOf(cidr) ?? []).filter((address) => mayBeOpened(address, stanza));
  return named.length === sealed.length ? ok(named) : err('address-not-allowed');
};

const mayBeOpened = (address: AllowAddress, { sources, widenIpv6 }: Stanza): boolean =>
  canBeRemoteHost(firstOf(address)) &&
  (address.prefix === undefined || (widenIpv6 && !isTranslated(firstOf(address)))) &&
  sources.some((cidr) => containsAllowed(cidr, address));

const firstOf = ({ family, bytes }: AllowAddress): IpAddress => ({ family, bytes });

/** No further than the stanza's `source` goes. */
const widenAll = (addresses: readonly AllowAddress[], { sources, widenIpv6 }: Stanza): readonly AllowAddress[] => {
  if (!widenIpv6) return addresses;
  const wide = addresses.map((address) => {
    const network = widen(address);
    // Behind a translator a /64 is no link of one's own: it can be all of IPv4.
    if (isTranslated(firstOf(address))) return address;
    return sources.some((cidr) => containsAllowed(cidr, network)) ? network : address;
  });
  return distinct(wide);
};

const distinct = (addresses: readonly AllowAddress[]): readonly AllowAddress[] => [
  ...new Map(addresses.map((address) => [formatAllowed(address), address])).values(),
];

const isFrom = (sources: readonly Cidr[], address: IpAddress): boolean =>
  sources.some((cidr) => cidrContains(cidr, address));
