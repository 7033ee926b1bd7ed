/** Finding the addresses to open for before the packet is made: by asking somebody, for one family or for both. */
import { asTrouble, Trouble } from '../../keys/trouble.ts';
import {
  canBeRemoteHost,
  type Family,
  formatAddress,
  formatHostPort,
  hostCidr,
  type IpAddress,
  isGloballyRoutable,
  parseAddress,
} from '../../src/base/address.ts';
import { printable } from '../../src/base/printable.ts';
import { firstRoute } from '../first-route.ts';
import type { ClientIo, HostAddress } from '../io.ts';
import type { Target } from '../request.ts';
import type { Witness } from './way.ts';
import { sayTranslated } from './words.ts';

/** What has come of looking for the address of one family. */
type Found = { readonly address: IpAddress } | { readonly missing: string };

/**
 * The target with the addresses that were found in it. `local` is this host's address on the way to `to`.
 * Rejects with a Trouble where nothing is found.
 */
export const findAddresses = async (
  target: Target,
  to: HostAddress,
  local: IpAddress,
  io: ClientIo,
): Promise<Target> => {
  const { way, both } = target.finding;
  const witness = way === undefined || way.by === 'reply' ? undefined : way;
  if (!both) {
    if (witness === undefined) return target;
    const address = await askWitness(witness, to.family, io);
    sayFound(address, local, witness, io);
    return { ...target, allow: [hostCidr(address)] };
  }
  const other = to.family === 4 ? 6 : 4;
  const [near, far] = [
    await findOne(witness, to.family, local, io),
    await findOne(witness, other, await ownAddress(target.host, other, io), io),
  ];
  const found = [near, far].flatMap((one) => ('address' in one ? [one.address] : []));
  const missing = [near, far].flatMap((one) => ('missing' in one ? [one.missing] : []));
  if (found.length === 0) {
    const next = witness === undefined ? 'add --resolve, or name them with --allow' : 'name them with --allow';
    throw new Trouble(`neither address was found (${missing.join('; ')}): ${next}`, 1);
  }
  for (const why of missing) io.err(`note: ${why}; it is opened for the other family alone\n`);
  return { ...target, allow: found.sort((a, b) => a.family - b.family).map(hostCidr) };
};

const findOne = async (
  witness: Witness | undefined,
  family: Family,
  local: IpAddress | undefined,
  io: ClientIo,
): Promise<Found> => {
  const name = `IPv${String(family)}`;
  if (witness === undefined) {
    if (local === undefined) return { missing: `this host has no way out by ${name}` };
    if (isGloballyRoutable(local)) return { address: local };
    return {
      missing: `this host's ${name} address, ${formatAddress(local)}, is private, and --resolve would find the public one`,
    };
  }
  try {
    const address = await askWitness(witness, family, io);
    sayFound(address, local ?? address, witness, io);
    return { address };
  } catch (error) {
    const trouble = asTrouble(error);
    if (trouble === undefined) throw error;
    return { missing: `by ${name}, ${trouble.message}` };
  }
};

/** Asking costs no packet: a connected socket knows its address. */
const ownAddress = async (host: string, family: Family, io: ClientIo): Promise<IpAddress | undefined> => {
  const anywhere: HostAddress = { address: family === 4 ? '192.0.2.1' : '2001:db8::1', family };
  for (const places of [io.network.lookup(host, family), [anywhere]]) {
    try {
      const { route } = await firstRoute(await places, 9, io);
      route.close();
      return parseAddress(route.localAddress.replace(/%.*$/, ''));
    } catch (error) {
      // EAFNOSUPPORT among them: a kernel without the family.
      if (asTrouble(error) === undefined) throw error;
    }
  }
  return undefined;
};

const askWitness = async (witness: Witness, family: Family, io: ClientIo): Promise<IpAddress> => {
  const address = await askOne(witness, family, io);
  if (address.family === family && canBeRemoteHost(address)) return address;
  const [name, told] = [sayWitness(witness), formatAddress(address)];
  throw new Trouble(
    address.family === family
      ? `${name} told ${told}, which no remote host can have: ask another one`
      : `${name} was asked by IPv${String(family)} and told ${told}: ask another one, or name the address with --allow`,
    1,
  );
};

const askOne = async (witness: Witness, family: Family, io: ClientIo): Promise<IpAddress> => {
  if (witness.by === 'stun') {
    const { askStun } = await import('./ask-stun.ts');
    return askStun(witness.server, family, io);
  }
  const { askPage } = await import('./ask-page.ts');
  return askPage(witness.url, family);
};

const sayWitness = (witness: Witness): string =>
  witness.by === 'https' ? witness.url : printable(formatHostPort(witness.server.host, witness.server.port));

const sayFound = (address: IpAddress, local: IpAddress, witness: Witness, io: ClientIo): void => {
  io.out(`${sayWitness(witness)} sees this host as ${formatAddress(address)}\n`);
  const note = sayTranslated(local, address);
  if (note !== undefined) io.err(`note: ${note}\n`);
};
