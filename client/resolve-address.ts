/** From a host's name to addresses. */
import { systemCode, Trouble } from '../keys/trouble.ts';
import { formatAddress, parseAddress } from '../src/base/address.ts';
import { printable } from '../src/base/printable.ts';
import type { HostAddress } from './io.ts';

/**
 * The addresses of `host` in the order of the system's resolver (RFC 6724), at least one. An IPv4-mapped address is the IPv4
 * address that it stands for; a zone (`fe80::1%eth0`) is kept.
 * @throws Trouble: exit code 1 where the name does not resolve, 2 where the address is not of the family asked for.
 */
export const lookupHost = async (host: string, family: 4 | 6 | undefined): Promise<readonly HostAddress[]> => {
  const literal = await readLiteral(host);
  if (literal !== undefined) {
    if (family === undefined || literal.family === family) return [literal];
    throw new Trouble(`${printable(host)} is not an IPv${String(family)} address: leave -${String(family)} out`);
  }
  try {
    // Loaded only where there is a name to look up: an address needs no resolver.
    const { lookup } = await import('node:dns/promises');
    const found = await lookup(host, { family: family ?? 0, all: true, order: 'verbatim' });
    return found.map((entry) => ({ address: entry.address, family: entry.family === 6 ? 6 : 4 }));
  } catch (error) {
    const sentence = lookupSentence(host, family, systemCode(error));
    throw sentence === undefined ? error : new Trouble(sentence, 1, { cause: error });
  }
};

const readLiteral = async (host: string): Promise<HostAddress | undefined> => {
  const text = host.replace(/^\[(.*)\]$/, '$1');
  const address = parseAddress(text);
  if (address !== undefined) return { address: formatAddress(address), family: address.family };
  // With a zone.
  if (!text.includes('%')) return undefined;
  const { isIP } = await import('node:net');
  return isIP(text) === 6 ? { address: text, family: 6 } : undefined;
};

const lookupSentence = (host: string, family: 4 | 6 | undefined, code: string | undefined): string | undefined => {
  const kind = family === undefined ? '' : `IPv${String(family)} `;
  switch (code ?? '') {
    case 'ENOTFOUND':
    case 'ENODATA':
      return `no ${kind}address is known for "${printable(host)}": check the spelling, or give the address itself`;
    case 'EAI_AGAIN':
      return `the name servers did not answer when asked for "${printable(host)}": try again, or give the address itself`;
    default:
      return undefined;
  }
};
