import { layOpenings, type Opening } from '../../../src/firewall/opening.ts';
import type { Forwarding } from '../../../src/grant/forwarding.ts';
import { grantOf, ip, portOf } from '../values.ts';

/** The one opening of an address. */
export const openingOf = (address: string, port: string, ends: number, forwarding?: Forwarding): Opening => {
  const [only, ...more] = layOpenings([grantOf(address, port, ends, { forwarding })]);
  if (only === undefined || more.length > 0) throw new Error(`${port} is not one opening`);
  return only;
};

/** `forwardingTo('10.0.0.5', 22)`; no address is another port of the host itself. */
export const forwardingTo = (to: string | undefined, port?: number, source = 'client'): Forwarding => ({
  to: to === undefined ? undefined : ip(to),
  port: port === undefined ? undefined : portOf(port),
  source: source === 'client' || source === 'masquerade' ? source : ip(source),
});
