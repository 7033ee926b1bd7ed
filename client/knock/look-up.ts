/** From a host's name to its first address, with the words of glibc where there is none. */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, SocketAddress } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { KnockAddress, LookupFailure } from './io.ts';

const NOT_KNOWN = 'Name or service not known';
const OTHER_FAMILY = 'Address family for hostname not supported';

/** `gai_strerror` by libuv's number of the same error; node's own code lumps two of them together. */
const WORDS: ReadonlyMap<unknown, string> = new Map([
  [-3000, OTHER_FAMILY],
  [-3001, 'Temporary failure in name resolution'],
  [-3002, 'Bad value for ai_flags'],
  [-3004, 'Non-recoverable failure in name resolution'],
  [-3005, 'ai_family not supported'],
  [-3006, 'Memory allocation failure'],
  [-3007, 'No address associated with hostname'],
  [-3008, NOT_KNOWN],
]);

/** The first address in the order of the system's resolver (RFC 6724). */
export const lookUp = async (host: string, family: 4 | 6 | undefined): Promise<KnockAddress | LookupFailure> => {
  const literal = readLiteral(host);
  if (literal === 'no-such-zone') return { failure: NOT_KNOWN };
  if (literal !== undefined) {
    return family === undefined || literal.family === family ? literal : { failure: OTHER_FAMILY };
  }
  // node takes an empty name for the local host.
  if (host === '') return { failure: NOT_KNOWN };
  try {
    const found = await systemLookup(host, { family: family ?? 0, order: 'verbatim' });
    return { address: found.address, family: found.family === 6 ? 6 : 4 };
  } catch (error) {
    const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
    return { failure: WORDS.get(errno) ?? NOT_KNOWN };
  }
};

/** In canonical spelling, for knock prints what the resolver made of it. */
const readLiteral = (host: string): KnockAddress | 'no-such-zone' | undefined => {
  const kind = isIP(host);
  if (kind === 0) return undefined;
  if (kind === 4) return { address: host, family: 4 };
  const [text = '', zone] = host.split('%');
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  if (zone === undefined) return { address, family: 6 };
  const isLinkLocal = /^(?:fe[89ab][0-9a-f]|ff.2):/i.test(address);
  const isZone = /^[0-9]+$/.test(zone) || (isLinkLocal && zone in networkInterfaces());
  return isZone ? { address: `${address}%${zone}`, family: 6 } : 'no-such-zone';
};
