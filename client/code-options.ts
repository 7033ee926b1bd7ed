/** The command line of `spa-client --code`, with which nothing else of a packet can be chosen: it is made already. */
import { Trouble } from '../keys/trouble.ts';
import { splitHostPort } from '../src/base/host-port.ts';
import { printable } from '../src/base/printable.ts';
import { DEFAULT_SPA_PORT, type Port, parsePort } from '../src/base/units.ts';
import type { OptionName, RawOptions } from './option-table.ts';

/** What `spa-client --code` was asked for. */
export interface CodeOptions {
  readonly code: { readonly text: string } | { readonly file: string } | 'standard-input';
  readonly host: string;
  readonly port: Port;
  readonly family: 4 | 6 | undefined;
  readonly dryRun: boolean;
  readonly verbose: boolean;
}

const BESIDE: readonly OptionName[] = ['code', 'code-file', 'server-port', 'ipv4', 'ipv6', 'dry-run', 'verbose'];

/**
 * Undefined where no code is to be sent.
 * @throws Trouble for what does not go with a code, and for a HOST that is missing or cannot be read.
 */
export const readCodeOptions = ({ values, hosts }: RawOptions): CodeOptions | undefined => {
  const [text, file] = [values.get('code'), values.get('code-file')];
  if (text === undefined && file === undefined) return undefined;
  if (text !== undefined && file !== undefined)
    throw new Trouble('--code and --code-file exclude each other: give one of them');
  const stray = [...values.keys()].find((name) => !BESIDE.includes(name));
  if (stray !== undefined)
    throw new Trouble(`--${stray} does not go with a code, which is a packet that was made before: leave it out`);
  if (values.has('ipv4') && values.has('ipv6'))
    throw new Trouble('--ipv4 and --ipv6 exclude each other: give one of them');
  const [place, surplus] = hosts;
  if (place === undefined || place === '')
    throw new Trouble('name the HOST or HOST:PORT that the code is for; it stands on the sheet');
  if (surplus !== undefined) {
    const hint = 'a code with blanks in it must be in quotes';
    throw new Trouble(`one HOST at a time, not "${printable(place, 60)}" and "${printable(surplus, 60)}"; ${hint}`);
  }
  return {
    code: file !== undefined ? { file } : text === '-' || text === undefined ? 'standard-input' : { text },
    ...readPlace(place, values.get('server-port')),
    family: values.has('ipv4') ? 4 : values.has('ipv6') ? 6 : undefined,
    ...{ dryRun: values.has('dry-run'), verbose: values.has('verbose') },
  };
};

/** `gw1.example.net`, `192.0.2.1:62201`, `[2001:db8::1]:62201`; an IPv6 address without a port needs no brackets. */
const readPlace = (place: string, option: string | undefined): { readonly host: string; readonly port: Port } => {
  const { host, port: own } = splitHostPort(place);
  if (own !== undefined && option !== undefined)
    throw new Trouble(`${printable(place, 60)} and --server-port both name a port: give one of them`);
  const text = own ?? option;
  const port = text === undefined ? DEFAULT_SPA_PORT : parsePort(text);
  if (port !== undefined && host !== '') return { host, port };
  throw new Trouble(
    `${printable(own === undefined ? (text ?? '') : place, 60)}: write HOST or HOST:PORT, the port from 1 to 65535`,
  );
};
