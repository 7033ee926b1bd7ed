/** From what is wanted to a way there: the key, the address, a route, and what is remembered of the clocks. */
import { existsSync } from 'node:fs';
import { clocksPath } from '../keys/places.ts';
import { addressFromBytes, type IpAddress, parseAddress } from '../src/base/address.ts';
import type { Secret } from '../src/crypto/secret.ts';
import type { ClientOptions } from './cli.ts';
import { firstRoute } from './first-route.ts';
import type { ClientIo, HostAddress, UdpRoute } from './io.ts';
import type { Course } from './packet.ts';
import type { Target } from './request.ts';

/** A course whose route is open; whoever asked for it closes it. */
export interface Laid {
  readonly course: Course;
  /** All addresses of the host, in the order they were tried. */
  readonly addresses: readonly HostAddress[];
  readonly route: UdpRoute;
}

/** Sends nothing, but where the address to open for is to be found asks for that. Rejects with a Trouble, or an error of the operating system. */
export const layCourse = async (
  target: Target,
  options: Pick<ClientOptions, 'key' | 'family'>,
  io: ClientIo,
): Promise<Laid> => {
  const secret = await readSecret(target, options, io);
  const clockMs = await recalledClock(target.server, io);
  const addresses = await io.network.lookup(target.host, options.family);
  const { to, route } = await firstRoute(addresses, target.port, io);
  const local = withoutZone(route.localAddress);
  try {
    const named = await nameAddresses(target, to, local, io);
    return { course: { target: named, secret, to, local, clockMs }, addresses, route };
  } catch (error) {
    route.close();
    throw error;
  }
};

/** Few have to ask for their own address. */
const nameAddresses = async (target: Target, to: HostAddress, local: IpAddress, io: ClientIo): Promise<Target> => {
  if (target.finding.way === undefined && !target.finding.both) return target;
  const { findAddresses } = await import('./address/find.ts');
  return findAddresses(target, to, local, io);
};

/** A key file is rare enough to be loaded only where there is one. */
const readSecret = async (target: Target, options: Pick<ClientOptions, 'key'>, io: ClientIo): Promise<Secret> => {
  if ('secret' in target.key) return target.key.secret;
  const { readKeyFile, resolveKeyPath } = await import('../keys/key-file.ts');
  // A path on the command line is relative to the working folder, as everywhere; one in a profile must be whole.
  return readKeyFile(target.key === options.key ? target.key.file : resolveKeyPath(target.key.file, io.env));
};

/** Nearly everybody's clock is right, and then there is no file. */
const recalledClock = async (server: string, io: ClientIo): Promise<number> => {
  const path = clocksPath(io.env);
  if (!existsSync(path)) return 0;
  const { recallClock } = await import('./clock-memory.ts');
  return recallClock(path, server);
};

/** A zone is a name for this host alone. */
const withoutZone = (address: string): IpAddress =>
  parseAddress(address.replace(/%.*$/, '')) ?? addressFromBytes(new Uint8Array(4));
