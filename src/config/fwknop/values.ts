/** Readers of the values in fwknop's files, each with the sentence that says what would be right. */
import { addressBits, type Cidr, type IpAddress, isUnspecified, parseAddress, parseCidr } from '../../base/address.ts';
import { normalizePorts, type PortSpec } from '../../base/port-spec.ts';
import { printable } from '../../base/printable.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { type Port, port, type Seconds, seconds } from '../../base/units.ts';
import { decodeBase64, encodeUtf8 } from '../../bytes/encoding.ts';
import { FWKNOP_DIGESTS, FWKNOP_MODES, type FwknopMode } from '../../spa/fwknop/key.ts';
import { listOf, one } from '../directive.ts';

/** A day of the calendar, months and days from 1. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The longest time that fwknop takes, in seconds: 2 to the 23rd. */
export const MAX_TIME = 8_388_608;
/** In bytes. */
const MAX_PASSPHRASE = 32;
const MAX_HMAC_KEY = 128;

export const ANYWHERE = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined);

/** fwknop takes every word that does not begin with Y for N, `1` and `true` too; here that is an error. */
export const flag = one((text) => {
  const word = text.toLowerCase();
  return ['y', 'yes'].includes(word) ? true : ['n', 'no'].includes(word) ? false : undefined;
}, 'Y or N');

/** Unlike fwknop, which takes the digits that it finds at the beginning. */
const whole = (text: string): number | undefined => (/^[0-9]{1,15}$/.test(text) ? Number(text) : undefined);

export const number = (least: number, most: number): ((text: string) => Result<number, string>) =>
  one(
    (text) => {
      const value = whole(text);
      return value !== undefined && value >= least && value <= most ? value : undefined;
    },
    `a whole number from ${String(least)} to ${String(most)}`,
  );

/** Whole seconds; 0 stands for the default, as with fwknop. */
export const time = (fallback: number): ((text: string) => Result<Seconds, string>) =>
  one(
    (text) => {
      const value = whole(text);
      return value !== undefined && value <= MAX_TIME ? seconds(value === 0 ? fallback : value) : undefined;
    },
    `whole seconds, at most ${String(MAX_TIME)}`,
  );

/** The wait of a command cycle: at least a second. */
export const timer = one(
  (text) => {
    const value = whole(text);
    return value !== undefined && value >= 1 && value <= MAX_TIME ? seconds(value) : undefined;
  },
  `whole seconds from 1 to ${String(MAX_TIME)}`,
);

/** Leading zeros are decimal, as with fwknop. */
const portOf = (digits: string): Port | undefined => (/^[0-9]{1,9}$/.test(digits) ? port(Number(digits)) : undefined);

export const portNumber = one(portOf, 'a port number from 1 to 65535');

const portList = listOf((text): PortSpec | undefined => {
  const [, name = '', digits = ''] = /^(tcp|udp)\/\s*([0-9]+)$/i.exec(text) ?? [];
  const first = portOf(digits);
  if (first === undefined) return undefined;
  return { protocol: name.toLowerCase() === 'tcp' ? 'tcp' : 'udp', first, last: first };
}, 'one port such as tcp/22 or udp/53; write more of them with commas between');

/** A canonical list of single ports. */
export const ports = (text: string): Result<readonly PortSpec[], string> => {
  const list = portList(text);
  return list.ok ? ok(normalizePorts(list.value)) : list;
};

/** A network by its prefix length or its dotted mask; bits beyond it do not count. `ANY` is every address. */
export const networks = (text: string): Result<readonly Cidr[], string> => {
  const found: Cidr[] = [];
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part.toUpperCase() === 'ANY') found.push(...ANYWHERE);
    else {
      const cidr = network(part);
      if (cidr === undefined)
        return err(`"${printable(part, 40)}" is not ANY, an address, or a network such as 192.0.2.0/24`);
      found.push(cidr);
    }
  }
  return ok(found);
};

const network = (text: string): Cidr | undefined => {
  const [host = '', mask, ...rest] = text.split('/');
  const address = parseAddress(host);
  if (address === undefined || rest.length > 0) return undefined;
  const prefix = mask === undefined ? addressBits(address.family) : prefixOf(mask, address);
  return prefix === undefined ? undefined : { address: withoutHostBits(address, prefix), prefix };
};

const prefixOf = (mask: string, address: IpAddress): number | undefined => {
  if (/^[0-9]{1,3}$/.test(mask)) return Number(mask) <= addressBits(address.family) ? Number(mask) : undefined;
  const dotted = address.family === 4 ? parseAddress(mask) : undefined;
  if (dotted?.family !== 4) return undefined;
  const bits = Array.from(dotted.bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0*$/, '').length : undefined;
};

const withoutHostBits = ({ family, bytes }: IpAddress, prefix: number): IpAddress => ({
  family,
  bytes: bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * index)))),
});

/** Unspecified addresses are no place to send to. */
const hostOf = (text: string): IpAddress | undefined => {
  const address = parseAddress(text);
  return address === undefined || isUnspecified(address) ? undefined : address;
};

export const host = one(hostOf, 'an address such as 192.0.2.1');

/** `10.0.0.5 22`. */
export const hostAndPort = one((text) => {
  const [first = '', second = '', ...rest] = text.split(/[\s,]+/);
  const [to, at] = [hostOf(first), portOf(second)];
  return to === undefined || at === undefined || rest.length > 0 ? undefined : { to, port: at };
}, 'an address and a port such as 10.0.0.5 22');

/** `MM/DD/YYYY`; two digits of a year are of this century. Unlike fwknop, only days that there are. */
export const calendarDay = one((text): CalendarDay | undefined => {
  const [, month = '', day = '', year = ''] = /^([0-9]{1,2})\/([0-9]{1,2})\/([0-9]{4}|[0-9]{2})$/.exec(text) ?? [];
  const found = { year: Number(year) + (year.length === 2 ? 2000 : 0), month: Number(month), day: Number(day) };
  const date = new Date(Date.UTC(found.year, found.month - 1, found.day));
  const isReal = date.getUTCMonth() === found.month - 1 && date.getUTCDate() === found.day && found.year >= 1970;
  return isReal ? found : undefined;
}, 'a day such as 12/31/2027 (month, day, year)');

const CHANGE_ME = '__CHANGEME__';

const key =
  (most: number, parse: (text: string) => Uint8Array | undefined, what: string) =>
  (text: string): Result<Uint8Array, string> => {
    if (text.trim() === CHANGE_ME) return err('put a key of your own in the place of __CHANGEME__');
    const bytes = parse(text);
    if (bytes === undefined || bytes.length === 0) return err(what);
    return bytes.length <= most ? ok(bytes) : err(`at most ${String(most)} bytes; these are ${String(bytes.length)}`);
  };

/** Padding may be missing, and unused bits are not looked at, as with fwknop. */
const looseBase64 = (text: string): Uint8Array | undefined => {
  const body = text.trim().replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]+$/.test(body) || body.length % 4 === 1) return undefined;
  // Zero bits behind the text, of which the bytes that are no whole ones are cut off.
  const bytes = decodeBase64(`${body}${'A'.repeat((4 - (body.length % 4)) % 4)}`);
  return bytes?.subarray(0, Math.floor((body.length * 3) / 4));
};

export const passphrase = key(MAX_PASSPHRASE, encodeUtf8, 'a key of 1 to 32 bytes');
export const passphraseBase64 = key(MAX_PASSPHRASE, looseBase64, 'base64 of a key of 1 to 32 bytes');
export const hmacKey = key(MAX_HMAC_KEY, encodeUtf8, 'a key of 1 to 128 bytes');
export const hmacKeyBase64 = key(MAX_HMAC_KEY, looseBase64, 'base64 of a key of 1 to 128 bytes');

export const password = (text: string): Result<string, string> =>
  text.trim() === CHANGE_ME ? err('put the password of the key in the place of __CHANGEME__') : ok(text);

/** In any case of letters. */
export const digestName = one(
  (text) => FWKNOP_DIGESTS.find((name) => name === text.toLowerCase()),
  `one of: ${FWKNOP_DIGESTS.map((name) => name.toUpperCase()).join(', ')}`,
);

/** `asymmetric` is GnuPG alone. In any case of letters. */
export const modeName = one(
  (text): FwknopMode | 'asymmetric' | undefined =>
    ([...FWKNOP_MODES, 'asymmetric'] as const).find((name) => name === text.toLowerCase()),
  `one of: ${FWKNOP_MODES.map((name) => name.toUpperCase()).join(', ')}, ASYMMETRIC`,
);

export const words = (text: string): Result<string, string> => (text === '' ? err('some text') : ok(text));

/** Of users and groups, by name as fwknop looks them up. */
export const accountName = one(
  (text) => (/^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/.test(text) ? text : undefined),
  'the name of an account',
);

const hexDigits = (least: number, most: number, what: string): ((text: string) => Result<readonly string[], string>) =>
  listOf((text) => {
    const id = text.replace(/^0x/i, '').toUpperCase();
    return /^[0-9A-F]+$/.test(id) && id.length >= least && id.length <= most ? id : undefined;
  }, what);

/** fwknop compares the last 8 digits; what is longer never matches there. */
export const keyIds = hexDigits(8, 8, 'the last 8 hexadecimal digits of a key');

export const fingerprints = hexDigits(32, 64, 'the fingerprint of a key, 32 to 64 hexadecimal digits');
