import { canBeRemoteHost, type Cidr, cidrContains, parseCidr } from '../base/address.ts';
import { type Port, parsePort } from '../base/units.ts';
import type { Forward } from '../spa/request.ts';

/** One thing that `forward` allows: ports of some inner hosts, or of this host itself. */
export interface ForwardRule {
  /** Undefined: this host. */
  readonly to: Cidr | undefined;
  /** First and last port, both included. */
  readonly first: Port;
  readonly last: Port;
}

/** Reads `10.0.0.0/24:22`, `[fd00::/64]:8000-8010` or `local:8022`. */
export const parseForwardRule = (text: string): ForwardRule | undefined => {
  const match = /^(?:(local)|\[([^\]]*:[^\]]*)\]|([0-9./]+)):([0-9]+)(?:-([0-9]+))?$/.exec(text);
  if (match === null) return undefined;
  const [, local, six, four, from = '', upTo] = match;
  const first = parsePort(from);
  const last = upTo === undefined ? first : parsePort(upTo);
  const to = parseCidr(six ?? four ?? '');
  if (first === undefined || last === undefined || first > last) return undefined;
  return local === undefined && to === undefined ? undefined : { to, first, last };
};

/**
 * Whether a rule allows it. Addresses that no host has are never forwarded to: the loopback address would be a back door
 * to services that listen nowhere else.
 */
export const mayForward = (rules: readonly ForwardRule[], forward: Forward): boolean =>
  rules.some(({ to, first, last }) => {
    if (forward.port < first || forward.port > last) return false;
    if (forward.kind === 'local') return to === undefined;
    return to !== undefined && canBeRemoteHost(forward.address) && cidrContains(to, forward.address);
  });
