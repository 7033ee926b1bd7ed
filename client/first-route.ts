import { Trouble } from '../keys/trouble.ts';
import type { ClientIo, HostAddress, UdpRoute } from './io.ts';
import { explainNetworkError } from './ui.ts';

export interface Routed {
  readonly to: HostAddress;
  readonly route: UdpRoute;
}

/**
 * The first address that there is a route to: a name may have IPv6 addresses where this host has no IPv6.
 * @throws Trouble, and errors of the operating system, of the first address.
 */
export const firstRoute = async (addresses: readonly HostAddress[], port: number, io: ClientIo): Promise<Routed> => {
  let failure: unknown = new Trouble('the host has no address', 1);
  for (const [index, to] of addresses.entries()) {
    try {
      return { to, route: await io.network.route(to, port) };
    } catch (error) {
      if (index === 0) failure = explainNetworkError(error, to, port);
    }
  }
  throw failure;
};
