/** The rules of fields that hold for reading and writing alike, and so have one place. */
import { formatAddress, type IpAddress, isUnspecified, parseAddress } from '../../base/address.ts';
import { formatPortSpec, type PortSpec } from '../../base/port-spec.ts';
import { port } from '../../base/units.ts';
import type { FwknopMessage, FwknopType } from './message.ts';
import { MAX_NAT_HOST, MAX_USER, MAX_VERSION } from './layout.ts';

/** What a type brings beside the message. */
export const TYPE_FIELDS: Readonly<Record<FwknopType, { readonly nat: boolean; readonly timeout: boolean }>> = {
  command: { nat: false, timeout: false },
  access: { nat: false, timeout: false },
  'nat-access': { nat: true, timeout: false },
  'timeout-access': { nat: false, timeout: true },
  'timeout-nat-access': { nat: true, timeout: true },
  'local-nat-access': { nat: true, timeout: false },
  'timeout-local-nat-access': { nat: true, timeout: true },
};

export const isPrintable = (text: string): boolean => /^[\x20-\x7e]+$/.test(text);

/**
 * One line of well-formed text. A client of fwknop (2.6.10) sends what its user has typed, which may be UTF-8 and hold
 * tabs; the server splits at white space and runs no shell.
 */
export const isCommand = (text: string): boolean =>
  /^[^\u0000-\u0008\u000a-\u001f\u007f]+$/.test(text) && text.isWellFormed();

export const isRandom = (text: string): boolean => /^[0-9]{16}$/.test(text);

/** 1 to 48 characters, none of those with a meaning to shells and directories: `" / \ [ ] : ; | = , + * ? < >`. */
export const isUser = (text: string): boolean =>
  isPrintable(text) && text.length <= MAX_USER && !/["/\\[\]:;|=,+*?<>]/.test(text);

export const isVersion = (text: string): boolean =>
  isPrintable(text) && text.length <= MAX_VERSION && !text.includes(':');

/**
 * 1 to 70 characters of a name or an address; looked up by nobody here. fwknop lets most other characters pass, but no
 * host is called so.
 */
export const isNatHost = (text: string): boolean => text.length <= MAX_NAT_HOST && /^[A-Za-z0-9._:-]+$/.test(text);

/** 0.0.0.0 stands for the packet's own source. */
const formatAllow = (allow: IpAddress | undefined): string => (allow === undefined ? '0.0.0.0' : formatAddress(allow));

/** An address in its one spelling. Leading zeros, which fwknop reads as octal numbers, are refused. */
export const parseAllow = (text: string): Pick<FwknopMessage, 'allow'> | undefined => {
  const address = parseAddress(text);
  if (address === undefined || formatAddress(address) !== text) return undefined;
  return { allow: isUnspecified(address) ? undefined : address };
};

/** `1.2.3.4,tcp/22,udp/53`, or `1.2.3.4,COMMAND`. */
export const formatMessage = ({ type, allow, ports, command }: FwknopMessage): string =>
  [formatAllow(allow), ...(type === 'command' ? [command] : ports.map(formatPortSpec))].join(',');

export const formatNat = ({ host, port: target }: Exclude<FwknopMessage['nat'], undefined>): string =>
  `${host},${String(target)}`;

/**
 * `tcp/22`. A client of fwknop (2.6.10) sends the ports as its user has written them, leading zeros included, and its
 * server reads those as decimal numbers.
 */
export const parseAccessPort = (text: string): PortSpec | undefined => {
  const match = /^(tcp|udp)\/([0-9]{1,5})$/.exec(text);
  const number = port(Number(match?.[2]));
  if (match === null || number === undefined) return undefined;
  return { protocol: match[1] === 'tcp' ? 'tcp' : 'udp', first: number, last: number };
};
