/** A packet as a request that a web server would log and fwknopd overhears, and what a web service answers of an address. */
import { type IpAddress, parseAddress } from '../../src/base/address.ts';

/** What `User-Agent:` says unless told otherwise: fwknopd wants it to begin with `Fwknop`. */
export const USER_AGENT = 'Fwknop/2.6.10';

/** For --use-wget-user-agent. */
export const WGET_USER_AGENT = 'Wget';

/**
 * The request, to be sent in one segment: fwknopd does not put segments together. `host` is the server's, and through a
 * proxy the request line names it whole.
 */
export const packetRequest = (
  text: string,
  host: string,
  proxy: { readonly host: string } | undefined,
  userAgent: string,
): string => {
  const path = text.replaceAll('+', '-').replaceAll('/', '_');
  const target = proxy === undefined ? `/${path}` : `http://${host}/${path}`;
  return [
    `GET ${target} HTTP/1.0`,
    ...[`User-Agent: ${userAgent}`, 'Accept: */*', `Host: ${proxy?.host ?? host}`, 'Connection: close'],
    ...['', ''],
  ].join('\r\n');
};

/** The first address in an answer's body, alone on a line or between other words; undefined where there is none. */
export const addressInBody = (body: string): IpAddress | undefined => {
  for (const [word] of body.matchAll(/[0-9a-f.:]{3,45}/gi)) {
    const address = parseAddress(word);
    if (address !== undefined) return address;
  }
  return undefined;
};

export const DEFAULT_RESOLVE_URL = 'https://www.cipherdyne.org/cgi-bin/myip';

/** The URL to ask: `httpOnly` is --resolve-http-only, which has no use for `https://`. Undefined where there is none. */
export const resolveUrl = (named: string | undefined, httpOnly: boolean): URL | undefined => {
  if (named === undefined)
    return new URL(httpOnly ? DEFAULT_RESOLVE_URL.replace('https:', 'http:') : DEFAULT_RESOLVE_URL);
  const text = /^https?:\/\//i.test(named) ? named : `${httpOnly ? 'http' : 'https'}://${named}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return httpOnly && url.protocol === 'https:' ? undefined : url;
};
