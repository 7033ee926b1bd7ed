/** Readers of single values that several files share, each with the sentence that says what would be right. */
import type { Stanza } from '../access/stanza.ts';
import { parseForwardRule } from '../access/forward-rule.ts';
import { canBeRemoteHost, isHost, parseAddress, parseCidr } from '../base/address.ts';
import { normalizePorts, type PortSpec, parsePortSpec } from '../base/port-spec.ts';
import { ok, type Result } from '../base/result.ts';
import { encodeUtf8 } from '../bytes/encoding.ts';
import { parseDuration, parsePort, type Seconds, type UnixMs, unixMs } from '../base/units.ts';
import { Secret } from '../crypto/secret.ts';
import type { CodeRange } from '../spa/native/code.ts';
import { isServerName } from '../spa/native/keys.ts';
import { MAX_CODE } from '../spa/native/layout.ts';
import type { Forward } from '../spa/request.ts';
import { listOf, one } from './directive.ts';

const portList = listOf(parsePortSpec, 'a port such as tcp/22 or udp/8000-8010');

/** A canonical list of ports. */
export const ports = (text: string): Result<readonly PortSpec[], string> => {
  const list = portList(text);
  return list.ok ? ok(normalizePorts(list.value)) : list;
};

export const cidrs = listOf(parseCidr, 'an address or a network such as 192.0.2.0/24 (no bits beyond the prefix)');

export const forwardRules = listOf(
  parseForwardRule,
  'inner hosts and ports, such as 10.0.0.0/24:22, [fd00::/64]:22 or local:8022',
);

/** `10.0.0.5:22`, `[fd00::5]:22` or `local:8022`. */
export const forwardTarget = one((text): Forward | undefined => {
  const rule = parseForwardRule(text);
  if (rule === undefined || rule.first !== rule.last) return undefined;
  if (rule.to === undefined) return { kind: 'local', port: rule.first };
  return isHost(rule.to) && canBeRemoteHost(rule.to.address)
    ? { kind: 'address', address: rule.to.address, port: rule.first }
    : undefined;
}, 'one inner host and port, such as 10.0.0.5:22 or [fd00::5]:22, or local:8022 for another port of the server');

export const forwardSource = one(
  (text): Stanza['forwardSource'] | undefined =>
    text === 'client' || text === 'masquerade' ? text : parseAddress(text),
  'client, masquerade or an address of this host',
);

export const portNumber = one(parsePort, 'a port number from 1 to 65535');

export const duration = (least: number, most: number): ((text: string) => Result<Seconds, string>) =>
  one(
    (text) => {
      const value = parseDuration(text);
      return value !== undefined && value >= least && value <= most ? value : undefined;
    },
    `a time from ${String(least)} to ${String(most)} seconds, such as 90s, 5m or 1h30m`,
  );

export const wholeNumber = (least: number, most: number): ((text: string) => Result<number, string>) =>
  one(
    (text) => (/^[0-9]{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined),
    `a whole number from ${String(least)} to ${String(most)}`,
  );

export const serverName = one(
  (text) => (isServerName(text) ? text : undefined),
  'a name of 1 to 64 bytes, the same on server and client',
);

export const secret = one(
  (text) => Secret.fromBase64(text),
  'base64 of 32 random bytes, as `spa-keys generate` makes them',
);

/** `1-8` or `8`: numbers of emergency codes. */
export const codeRange = one(
  (text): CodeRange | undefined => {
    const [, low = '', high = low] = /^([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?$/.exec(text) ?? [];
    const [first, last] = [Number(low), Number(high)];
    return low !== '' && first <= last && last <= MAX_CODE ? { first, last } : undefined;
  },
  `the numbers of codes as \`spa-keys emergency\` tells them, such as 1-8, at most ${String(MAX_CODE)}`,
);

export const absolutePath = one((text) => (text.startsWith('/') ? text : undefined), 'a path that begins with /');

/** unix(7): with the zero byte at its end no path is longer than 108. */
export const socketPath = one(
  (text) => (text.startsWith('/') && encodeUtf8(text).length < 108 ? text : undefined),
  'a path that begins with / and has at most 107 bytes',
);

/** A day (`2027-12-31`: it holds to that day's end, UTC) or an instant (`2027-12-31T18:00:00Z`). Gives the first instant after. */
export const expiry = one((text): UnixMs | undefined => {
  const isDay = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text);
  if (!isDay && !/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text)) return undefined;
  const instant = Date.parse(text);
  const isReal = !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text.replace('Z', ''));
  return isReal ? unixMs(instant + (isDay ? 86_400_000 : 0)) : undefined;
}, 'a day such as 2027-12-31 (UTC) or an instant such as 2027-12-31T18:00:00Z');
