/** How a client finds the address by which a server sees it (docs/addresses.md). */
import { splitHostPort } from '../base/host-port.ts';
import { type Port, parsePort } from '../base/units.ts';
import { one } from './directive.ts';

export interface StunServer {
  readonly host: string;
  readonly port: Port;
}

/** Whom to ask: what is undefined is in the profile. */
export type Resolve =
  | { readonly by: 'stun'; readonly server: StunServer | undefined }
  | { readonly by: 'https'; readonly url: string | undefined }
  /** The server itself, by its answer. */
  | { readonly by: 'reply' };

/** Where STUN servers listen (RFC 8489, section 18.6). */
const STUN_PORT = 3478 as Port;

/** `HOST`, `HOST:PORT`, `[2001:db8::1]:PORT`. */
const readStunServer = (text: string): StunServer | undefined => {
  const { host, port: number } = splitHostPort(text);
  const port = number === undefined ? STUN_PORT : parsePort(number);
  return port === undefined || !/^(?:\[[0-9a-f:.]+\]|[\w.:-]+)$/i.test(host) ? undefined : { host, port };
};

/** Nothing but HTTPS, without a user's name: whoever asks is nobody in particular. */
const readUrl = (text: string): string | undefined =>
  /^https:\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[1-9][0-9]{0,4})?(?:\/[!-~]*)?$/.test(text) ? text : undefined;

const readResolve = (text: string): Resolve | undefined => {
  if (text === 'reply') return { by: 'reply' };
  if (text === 'stun') return { by: 'stun', server: undefined };
  if (text === 'https') return { by: 'https', url: undefined };
  if (text.startsWith('https:')) {
    const url = readUrl(text);
    return url === undefined ? undefined : { by: 'https', url };
  }
  const server = text.startsWith('stun:') ? readStunServer(text.slice('stun:'.length)) : undefined;
  return server && { by: 'stun', server };
};

export const resolveWay = one(
  readResolve,
  'reply, stun or https as the profile has them, or stun:HOST[:PORT] or https://HOST/PATH',
);

export const stunServer = one(readStunServer, 'HOST, HOST:PORT or [IPv6]:PORT of a STUN server');

export const httpsUrl = one(
  readUrl,
  'the URL of a page that is nothing but the address of who asks: https://HOST/PATH',
);
