/** The two halves of a new secret as text: the stanza for the server, the profile for the client. */
import { formatPortSpec, type PortSpec } from '../src/base/port-spec.ts';
import { printable } from '../src/base/printable.ts';
import { DEFAULT_SPA_PORT, type Port } from '../src/base/units.ts';
import { parseProfiles } from '../src/config/profile.ts';
import { parseSpadConf } from '../src/config/spad-conf.ts';
import type { Secret } from '../src/crypto/secret.ts';
import { Trouble } from './trouble.ts';

export interface NewKey {
  /** The server's name as its spad.conf has it; the profile is called so too. */
  readonly server: string;
  /** The stanza's name. */
  readonly client: string;
  /** Where the client sends its packets. */
  readonly host: string;
  readonly port: Port;
  /** Canonical, at least one. */
  readonly allow: readonly PortSpec[];
  /** As spad.conf has it. */
  readonly expires: string | undefined;
  readonly secret: Secret;
}

/** What the client's half says. */
export interface ProfileHalf {
  /** What the user calls it. */
  readonly name: string;
  readonly server: string;
  readonly host: string;
  readonly port: Port;
  readonly secret: Secret;
  /** Canonical; none leaves the choice to the server. */
  readonly access: readonly PortSpec[];
  /** False: the server answers nobody, and is not to be waited for. */
  readonly reply?: boolean;
}

/** The name of the section that holds a client's stanza. */
export const stanzaSection = (client: string): string => `access ${client}`;

const formatPorts = (ports: readonly PortSpec[]): string => ports.map(formatPortSpec).join(', ');

/** A range as the default would open all of it whenever the client names no port. */
const defaultPort = (key: NewKey): PortSpec | undefined => {
  const first = key.allow[0];
  return first !== undefined && first.first === first.last ? first : undefined;
};

/**
 * The stanza, ending with a newline. It holds the secret.
 * @throws Trouble where the client's name cannot be one.
 */
export const formatStanza = (key: NewKey): string => {
  const fallback = defaultPort(key);
  const lines = [
    `[${stanzaSection(key.client)}]`,
    `key = ${key.secret.revealBase64()}`,
    `allow = ${formatPorts(key.allow)}`,
    ...(fallback === undefined ? [] : [`default = ${formatPortSpec(fallback)}`]),
    ...(key.expires === undefined ? [] : [`expires = ${key.expires}`]),
  ];
  const text = `${lines.join('\n')}\n`;
  const { conf } = parseSpadConf(`[spad]\nname = x\n${text}`, '');
  if (conf?.access.length === 1 && conf.access[0]?.stanza.name === key.client) return text;
  throw new Trouble(`--client "${printable(key.client)}" cannot be a name: use up to 64 letters, digits and . _ @ -`);
};

/** The client's half of a new key; it is called as the server. */
export const profileOf = (key: NewKey): ProfileHalf => {
  const { server, host, port, secret } = key;
  const fallback = defaultPort(key);
  return { name: server, server, host, port, secret, access: fallback === undefined ? key.allow : [fallback] };
};

/**
 * The profile, ending with a newline. It holds the secret.
 * @throws Trouble where a name or the host would not be read back as what it is.
 */
export const formatProfile = (half: ProfileHalf): string => {
  if (!/^[^\s\p{Cc}]+$/u.test(half.host)) {
    throw new Trouble(`"${printable(half.host)}" cannot be a host: say with --host where the packets go`);
  }
  const lines = [
    `[${half.name}]`,
    `host = ${half.host}`,
    `server = ${half.server}`,
    ...(half.port === DEFAULT_SPA_PORT ? [] : [`port = ${String(half.port)}`]),
    `key = ${half.secret.revealBase64()}`,
    ...(half.access.length === 0 ? [] : [`access = ${formatPorts(half.access)}`]),
    ...(half.reply === false ? ['reply = no'] : []),
  ];
  const text = `${lines.join('\n')}\n`;
  const [profile] = parseProfiles(text, '').profiles;
  const survives = profile?.name === half.name && profile.server === half.server && profile.host === half.host;
  if (survives) return text;
  throw new Trouble(
    `"${printable(half.name)}" on "${printable(half.host)}" cannot be written as a profile: ` +
      'use letters, digits and . _ - in names and hosts',
  );
};

/** What a user types to use the profile; a name with blanks or signs must be quoted in a shell. */
export const askCommand = (profile: string): string => `spa-client ${shellWord(profile)}`;

/** As a shell takes it for one word. */
export const shellWord = (text: string): string =>
  /^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
