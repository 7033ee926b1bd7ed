/**
 * A text of fwknop's in an HTTP request (docs/fwknop-packet.md, "Transports"): `GET /TEXT HTTP/1.x`, where `-` stands for
 * `+` and `_` for `/`. One segment holds the whole of what is looked at; nothing is put together again.
 */
import { type IpAddress, parseAddress } from '../../base/address.ts';
import { bytesKey } from '../../bytes/encoding.ts';

const START = 'GET /';
const [PLUS, MINUS, SLASH, UNDERSCORE] = [0x2b, 0x2d, 0x2f, 0x5f];
const FORWARDED_FOR = /\r?\nX-Forwarded-For: *([^\s,]*)/i;

export interface HttpOptions {
  /** False: the client says that it is fwknop, `User-Agent: Fwknop…`. */
  readonly anyUserAgent: boolean;
  /** Whether X-Forwarded-For is looked at. */
  readonly forwardedFor: boolean;
}

export interface HttpText {
  /** What stands behind `GET /` up to white space, in the letters of base64 again. A copy. */
  readonly text: Uint8Array;
  /** The first address of X-Forwarded-For, where that is looked at and there. */
  readonly forwardedFor: IpAddress | undefined;
}

export const isHttpRequest = (payload: Uint8Array): boolean => {
  for (let index = 0; index < START.length; index += 1) {
    if (payload[index] !== START.charCodeAt(index)) return false;
  }
  return true;
};

/** The text in a request for which {@link isHttpRequest} holds. `bad-request`: not by fwknop, or forwarded for what is no address. */
export const unwrapHttp = (request: Uint8Array, options: HttpOptions): HttpText | 'bad-request' => {
  const head = bytesKey(request);
  if (!options.anyUserAgent && !/\r?\nUser-Agent: *Fwknop/i.test(head)) return 'bad-request';
  const named = options.forwardedFor ? FORWARDED_FOR.exec(head)?.[1] : undefined;
  const forwardedFor = named === undefined ? undefined : parseAddress(named);
  if (named !== undefined && forwardedFor === undefined) return 'bad-request';
  const length = head.slice(START.length).search(/\s|$/);
  const text = request.slice(START.length, START.length + length);
  for (const [index, byte] of text.entries()) {
    if (byte === MINUS) text[index] = PLUS;
    else if (byte === UNDERSCORE) text[index] = SLASH;
  }
  return { text, forwardedFor };
};
