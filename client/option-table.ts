/** The options of spa-client: one table for whoever reads a command line or tells of it. */
import { parseDuration } from '../src/base/units.ts';

/** What there is to know of an option. */
export interface OptionRow {
  readonly short?: string;
  /** The name of its value; a switch has none. */
  readonly value?: string;
  /** Whether its value may be missing. */
  readonly isOptional?: true;
  /** Whether it may be given again; the values are joined with commas. */
  readonly repeats?: true;
  readonly help: string;
}

export const OPTION_TABLE = {
  access: {
    ...{ short: 'A', value: 'LIST', repeats: true },
    help: "ports to open, such as tcp/22,udp/5000-5010 (default: the profile's, else what the server opens by default)",
  },
  profile: { short: 'n', value: 'NAME', help: "use this profile; HOST may be left out then, for the profile's own" },
  profiles: { value: 'FILE', help: 'read profiles from FILE (default: ~/.config/spa/profiles.ini)' },
  format: {
    value: 'native|fwknop',
    help: 'whose packets the server takes: native or fwknop (default: as the profile says)',
  },
  allow: { short: 'a', value: 'ADDR[,ADDR]', repeats: true, help: 'open for these addresses, at most 2' },
  source: { short: 's', help: 'open for the address that the server sees the packet come from' },
  resolve: {
    value: 'WAY',
    help: 'behind NAT, find the address to open for: stun:HOST[:PORT], https://HOST/PATH, stun or https as the profile has them, or reply, which is the server itself (docs/addresses.md)',
  },
  both: { help: 'open for the IPv4 and the IPv6 address of this host, with one packet' },
  'server-port': { short: 'p', value: 'N', help: 'send to this UDP port (default: 62201)' },
  'open-for': {
    ...{ short: 'f', value: 'DURATION' },
    help: "how long to open, such as 90s, 5m or 1h30m (default: the server's choice)",
  },
  forward: {
    value: 'HOST:PORT',
    help: 'have the port forwarded to this host and port behind the server, such as 10.0.0.5:22 or [fd00::5]:22, or to another port of the server itself: local:8022',
  },
  close: { help: 'close what is open, instead of opening' },
  server: { value: 'NAME', help: "the server's name, as in its spad.conf" },
  'key-file': { value: 'FILE', help: 'a file of mode 0600 that holds the secret alone' },
  key: { value: 'BASE64', help: 'the secret itself; everyone on this host can see it in ps, so prefer --key-file' },
  wait: {
    ...{ value: 'DURATION', isOptional: true },
    help: 'after sending, wait until the first tcp port accepts a connection; without a value, 10s',
  },
  'no-reply': {
    help: 'send one packet and end, without asking the server for an answer (default: as the profile says, else ask)',
  },
  timeout: {
    value: 'DURATION',
    help: 'how long to wait for the answer, asking again after 1, 3, 7, … seconds (default: 5s)',
  },
  'dry-run': { help: 'say what would be sent, and send nothing' },
  'save-packet': { value: 'FILE', help: 'write the datagram to FILE (mode 0600), and send it unless --dry-run' },
  code: {
    value: 'TEXT',
    help: 'send this emergency code to HOST[:PORT], as spa-keys emergency has printed it; white space does not matter; -: read it from standard input',
  },
  'code-file': { value: 'FILE', help: 'send the emergency code in FILE' },
  ipv4: { short: '4', help: 'use only IPv4 addresses of HOST' },
  ipv6: { short: '6', help: 'use only IPv6 addresses of HOST' },
  verbose: { short: 'v', help: 'say more: which profile, key, addresses and time' },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** Every option but --help and --version. */
export type OptionName = keyof typeof OPTION_TABLE;

export const OPTION_NAMES = Object.keys(OPTION_TABLE) as OptionName[];

/** The words of a command line, sorted; values are still text. */
export interface RawOptions {
  /** A switch that was given has the empty text. */
  readonly values: ReadonlyMap<OptionName, string>;
  readonly hosts: readonly string[];
}

/** How long `--wait` without a value waits. */
const DEFAULT_WAIT = '10s';

/** The value of `--wait` may be missing, so the word after it is its value only where it is a duration. */
export const bindWait = (args: readonly string[]): string[] => {
  const bound: string[] = [];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    const next = args[index + 1] ?? '';
    if (word !== '--wait' || index >= end) bound.push(word);
    else if (parseDuration(next) === undefined) bound.push(`--wait=${DEFAULT_WAIT}`);
    else {
      bound.push(`--wait=${next}`);
      index += 1;
    }
  }
  return bound;
};
