/** Translated addresses in plain words: what NAT does to whom a port is opened for. */
import { formatAddress, type IpAddress, isCarrierGrade } from '../../src/base/address.ts';

/** `local` is this host's own address, `seen` the one that others see. Undefined where they are the same. */
export const sayTranslated = (local: IpAddress, seen: IpAddress): string | undefined => {
  const [own, other] = [formatAddress(local), formatAddress(seen)];
  if (own === other) return undefined;
  if (local.family !== seen.family)
    return `this host's address is ${own}, and it is seen as ${other}: something between translates one family into the other, and whoever shares ${other} is let in with you; keep --open-for short`;
  if (isCarrierGrade(local))
    return `${own} is an address of carrier-grade NAT: your provider lets many customers share ${other}, and all of them are let in with you; keep --open-for short, or connect over IPv6`;
  return `this host's address, ${own}, is translated to ${other} on the way (NAT): whoever is behind the same router is let in with you; keep --open-for short`;
};

/** Where another address was found than the server has seen. */
export const sayOtherSeen = (named: string, seen: IpAddress): string =>
  `the server saw the packet come from ${formatAddress(seen)}, but the address found, and let in, is ${named}: your way out has more than one address, as with carrier-grade NAT or a VPN; where the connection fails, use --resolve reply`;
