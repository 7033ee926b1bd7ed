import { describe, expect, test } from 'vitest';
import { isHttpRequest, unwrapHttp } from '../../../../src/spa/fwknop/http.ts';
import { ascii, ip, present } from '../../values.ts';
import { HTTP_REQUESTS, TEXTS } from './captured.ts';

const STRICT = { anyUserAgent: false, forwardedFor: true };
const inUrl = TEXTS.sha256.replaceAll('+', '-').replaceAll('/', '_');
const request = (lines: string, version = '1.1'): Uint8Array =>
  ascii(`GET /${inUrl} HTTP/${version}\r\n${lines}Host: spa.example.org\r\n\r\n`);
const AGENT = 'User-Agent: Fwknop/2.6.10\r\n';
const textOf = (payload: Uint8Array, options = STRICT): string => {
  const unwrapped = unwrapHttp(payload, options);
  return typeof unwrapped === 'string' ? unwrapped : Buffer.from(unwrapped.text).toString('latin1');
};

test('the real client’s request holds its text', () => {
  const payload = ascii(HTTP_REQUESTS.client2610);
  const word = present(/^GET \/(\S+)/.exec(HTTP_REQUESTS.client2610)?.[1]);
  expect(isHttpRequest(payload)).toBe(true);
  expect(textOf(payload)).toBe(word.replaceAll('-', '+').replaceAll('_', '/'));
});

test.each(['1.0', '1.1'])('HTTP/%s', (version) => {
  expect(textOf(request(AGENT, version))).toBe(TEXTS.sha256);
});

test.each([
  ['another user agent', 'User-Agent: Mozilla/5.0\r\n'],
  ['none', ''],
  ['one that says so in the middle', 'User-Agent: not Fwknop\r\n'],
])('%s is refused unless any may be', (_, lines) => {
  expect(textOf(request(lines))).toBe('bad-request');
  expect(textOf(request(lines), { anyUserAgent: true, forwardedFor: true })).toBe(TEXTS.sha256);
});

test.each(['', 'G', 'GET', 'GET ', `POST /${inUrl} HTTP/1.1\r\n`, 'GET http://192.0.2.1/', TEXTS.sha256])(
  '%j is no such request',
  (text) => {
    expect(isHttpRequest(ascii(text))).toBe(false);
  },
);

test('a request without an end gives what is there', () => {
  const whole = unwrapHttp(ascii('GET /ab-_'), { anyUserAgent: true, forwardedFor: false });
  expect(whole).toEqual({ text: ascii('ab+/'), forwardedFor: undefined });
});

describe('X-Forwarded-For', () => {
  const forwardedFor = (value: string, options = STRICT): unknown => {
    const unwrapped = unwrapHttp(request(`${AGENT}X-Forwarded-For: ${value}\r\n`), options);
    return typeof unwrapped === 'string' ? unwrapped : unwrapped.forwardedFor;
  };

  test('names the first address', () => {
    expect(forwardedFor('203.0.113.9')).toEqual(ip('203.0.113.9'));
    expect(forwardedFor('203.0.113.9, 10.0.0.1')).toEqual(ip('203.0.113.9'));
    expect(forwardedFor('203.0.113.9 10.0.0.1')).toEqual(ip('203.0.113.9'));
    expect(forwardedFor('2001:db8::9')).toEqual(ip('2001:db8::9'));
  });

  test('with anything else is no request to be believed: the proxy is not whom to open for', () => {
    for (const value of ['', 'unknown', '203.0.113', '203.0.113.009', '[2001:db8::9]', '203.0.113.9:80'])
      expect(forwardedFor(value)).toBe('bad-request');
  });

  test('is not looked at unless the operator trusts it', () => {
    const options = { anyUserAgent: false, forwardedFor: false };
    expect(forwardedFor('203.0.113.9', options)).toBeUndefined();
    expect(forwardedFor('rubbish', options)).toBeUndefined();
  });
});
