/** Asking a page over HTTPS which address it sees. */
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { Trouble } from '../../keys/trouble.ts';
import type { Family, IpAddress } from '../../src/base/address.ts';
import { parseAddress } from '../../src/base/address.ts';
import { printable } from '../../src/base/printable.ts';

/** Bytes; the longest address has 45. */
const MAX_BODY = 64;
/** For all of it. */
const LIMIT_MS = 10_000;

/** The address of this host as the page tells it. Rejects with a Trouble. */
export const askPage = (url: string, family: Family): Promise<IpAddress> =>
  new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(new Trouble(`${url} did not tell this host's address: ${why}`, 1, { cause }));
    const request = get(
      url,
      {
        ...{ family, agent: false, signal: AbortSignal.timeout(LIMIT_MS) },
        // Whatever the environment says.
        rejectUnauthorized: true,
        headers: { Accept: 'text/plain', 'User-Agent': 'spa-client' },
      },
      (response) => {
        readPage(response).then((read) => {
          request.destroy();
          if (typeof read === 'string') fail(read);
          else resolve(read);
        }, failed);
      },
    );
    const failed = (error: unknown): void => fail(sayFailure(error), error);
    request.on('error', failed);
  });

/** The address, or what is wrong. */
const readPage = async (response: IncomingMessage): Promise<IpAddress | string> => {
  const { statusCode = 0, headers } = response;
  if (headers.location !== undefined && statusCode >= 300 && statusCode < 400) {
    return `it sends on to ${printable(headers.location, 200)}, where nobody has said to ask; name that page if it is right`;
  }
  if (statusCode !== 200) return `it answered ${String(statusCode)}; check the URL`;
  let body = '';
  response.setEncoding('latin1');
  for await (const part of response) {
    body += String(part);
    if (body.length > MAX_BODY)
      return 'its answer is longer than an address; name a page that is nothing but the address';
  }
  return addressOfPage(body) ?? `"${printable(body)}" is no address; name a page that is nothing but the address`;
};

/** A page is the address and at most the end of its line. */
export const addressOfPage = (body: string): IpAddress | undefined => parseAddress(body.replace(/\r?\n$/, ''));

const sayFailure = (error: unknown): string => {
  const { name = '', message = '', code = '' } = (error ?? {}) as { name?: string; message?: string; code?: string };
  if (name === 'AbortError' || name === 'TimeoutError')
    return `it took more than ${String(LIMIT_MS / 1000)} s; try again, or name another page`;
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code))
    return `its certificate is not to be trusted (${printable(message)}); somebody may be on the way`;
  return `${printable(message)}; check the URL and this host's network`;
};
