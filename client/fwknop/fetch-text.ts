/** Asking a web service which address it sees. */
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';

const MAX_BODY = 64 * 1024;
const MAX_REDIRECTS = 5;
const TIMEOUT_MS = 15_000;

/** The body of `url`. A redirection is followed, but never from HTTPS to HTTP. Rejects with a Trouble. */
export const fetchText = async (url: URL, userAgent: string): Promise<string> => {
  let next = url;
  for (let left = MAX_REDIRECTS; left >= 0; left -= 1) {
    const answer = await ask(next, userAgent);
    if ('body' in answer) return answer.body;
    if (next.protocol === 'https:' && answer.location.protocol !== 'https:') {
      throw failed(next, `it sends to ${answer.location.protocol}//, which anybody on the way can change`);
    }
    next = answer.location;
  }
  throw failed(url, 'it sends from one place to the next without end');
};

type Answer = { readonly body: string } | { readonly location: URL };

const ask = (url: URL, userAgent: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const request = get(url, { headers: { 'User-Agent': userAgent, Accept: '*/*' } }, (response) => {
      readAnswer(url, response).then(resolve, reject);
    });
    const giveUp = setTimeout(() => request.destroy(new Error('it took too long')), TIMEOUT_MS);
    request.on('close', () => clearTimeout(giveUp));
    request.on('error', (error) => reject(failed(url, error.message)));
  });

const readAnswer = async (url: URL, response: IncomingMessage): Promise<Answer> => {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    response.destroy();
    if (!URL.canParse(headers.location, url.href)) throw failed(url, 'it sends to no place at all');
    return { location: new URL(headers.location, url) };
  }
  if (statusCode !== 200) {
    response.destroy();
    throw failed(url, `it answered ${String(statusCode)}`);
  }
  let body = '';
  response.setEncoding('latin1');
  for await (const part of response) {
    body += String(part);
    if (body.length > MAX_BODY) throw failed(url, 'its answer is too long to be an address');
  }
  return { body };
};

const failed = (url: URL, why: string): Trouble =>
  new Trouble(`${printable(url.href)} did not tell this host's address (${printable(why)}): name it with -a`, 1);
