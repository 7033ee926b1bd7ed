/** The command line of spa-client as typed values. */
import { Trouble } from '../keys/trouble.ts';
import type { PortSpec } from '../src/base/port-spec.ts';
import { printable } from '../src/base/printable.ts';
import type { Result } from '../src/base/result.ts';
import type { Port, Seconds } from '../src/base/units.ts';
import { oneOf } from '../src/config/directive.ts';
import { type AllowChoice, parseAllow } from '../src/config/profile.ts';
import { type Resolve, resolveWay } from '../src/config/resolve.ts';
import { duration, forwardTarget, portNumber, ports, secret, serverName } from '../src/config/values.ts';
import type { Secret } from '../src/crypto/secret.ts';
import type { Forward } from '../src/spa/request.ts';
import { COMMAND_NAMES, COMMAND_TABLE } from './command-table.ts';
import { type CodeOptions, readCodeOptions } from './code-options.ts';
import type { OptionName, RawOptions } from './option-table.ts';
import { formatHelp, sortWords } from './options.ts';
import { sortPlainWords } from './plain-words.ts';

/** What was asked for on the command line; undefined where it says nothing. */
export interface ClientOptions {
  readonly host: string | undefined;
  readonly profile: string | undefined;
  readonly profilesFile: string | undefined;
  readonly format: 'native' | 'fwknop' | undefined;
  readonly access: readonly PortSpec[] | undefined;
  readonly allow: AllowChoice | undefined;
  readonly resolve: Resolve | undefined;
  /** Whether to name the addresses of both families. */
  readonly both: boolean;
  readonly serverPort: Port | undefined;
  readonly openFor: Seconds | undefined;
  readonly forward: Forward | undefined;
  readonly close: boolean;
  readonly server: string | undefined;
  readonly key: { readonly secret: Secret } | { readonly file: string } | undefined;
  readonly wait: Seconds | undefined;
  readonly noReply: boolean;
  readonly timeout: Seconds | undefined;
  readonly dryRun: boolean;
  readonly savePacket: string | undefined;
  readonly family: 4 | 6 | undefined;
  readonly verbose: boolean;
}

export type Command =
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'ask'; readonly options: ClientOptions }
  | { readonly kind: 'send-code'; readonly options: CodeOptions };

/**
 * Reads the words after the program's name.
 * @throws Trouble (exit code 2), one sentence, for the first thing that is wrong.
 */
export const parseCommandLine = (args: readonly string[]): Command => {
  const raw = sortPlainWords(args) ?? sortWords(args);
  if (raw === 'help' || raw === 'version') return { kind: raw };
  const codeOptions = readCodeOptions(raw);
  if (codeOptions !== undefined) return { kind: 'send-code', options: codeOptions };
  const options = readOptions(raw);
  const { hosts } = raw;
  if (hosts.length > 1) {
    throw new Trouble(`one HOST at a time, not ${hosts.map((host) => `"${printable(host, 60)}"`).join(' and ')}`);
  }
  return { kind: 'ask', options };
};

/**
 * What the options say; the host is the first one.
 * @throws Trouble (exit code 2), one sentence, for the first thing that is wrong.
 */
export const readOptions = (raw: RawOptions): ClientOptions => {
  const options = readValues(raw);
  refuseContradictions(raw, options);
  return options;
};

const readValues = ({ values, hosts }: RawOptions): ClientOptions => {
  const read = <T>(name: OptionName, parse: (text: string) => Result<T, string>): T | undefined => {
    const text = values.get(name);
    if (text === undefined) return undefined;
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    // A mistyped secret is still nearly the secret.
    const shown = name === 'key' ? '' : ` ${printable(text, 60)}`;
    throw new Trouble(`--${name}${shown}: ${parsed.error}`);
  };
  const keyFile = values.get('key-file');
  const key = read('key', secret);
  return {
    ...{ host: hosts[0], profile: values.get('profile'), profilesFile: values.get('profiles') },
    format: read('format', oneOf('native', 'fwknop')),
    access: read('access', ports),
    allow: values.has('source') ? 'source' : read('allow', parseAllow),
    ...{ resolve: read('resolve', resolveWay), both: values.has('both') },
    serverPort: read('server-port', portNumber),
    openFor: read('open-for', duration(1, 0xffff_ffff)),
    forward: read('forward', forwardTarget),
    close: values.has('close'),
    server: read('server', serverName),
    key: key !== undefined ? { secret: key } : keyFile !== undefined ? { file: keyFile } : undefined,
    wait: read('wait', duration(1, 3600)),
    ...{ noReply: values.has('no-reply'), timeout: read('timeout', duration(1, 3600)) },
    ...{ dryRun: values.has('dry-run'), savePacket: values.get('save-packet'), verbose: values.has('verbose') },
    family: values.has('ipv4') ? 4 : values.has('ipv6') ? 6 : undefined,
  };
};

const EITHER_OR: readonly (readonly [OptionName, OptionName])[] = [
  ['allow', 'source'],
  ...(['resolve', 'both'] as const).flatMap((find) => [['allow', find] as const, ['source', find] as const]),
  ['key', 'key-file'],
  ['ipv4', 'ipv6'],
  ['close', 'open-for'],
  ['close', 'wait'],
  ['close', 'forward'],
  ['dry-run', 'wait'],
  ['no-reply', 'timeout'],
];

const refuseContradictions = ({ values }: RawOptions, options: ClientOptions): void => {
  for (const [a, b] of EITHER_OR) {
    if (values.has(a) && values.has(b)) throw new Trouble(`--${a} and --${b} exclude each other: give one of them`);
  }
  if (options.host === '') throw new Trouble('HOST is empty: name a host, or a profile with -n');
  if (options.host === undefined && options.profile === undefined) {
    throw new Trouble('name a HOST, or a profile with -n; spa-client --help shows how');
  }
};

/** The text of --help. */
export const helpText = (): string => formatHelp(`\nCommands:\n${commandLines().join('\n')}\n${MORE_HELP}`);

const commandLines = (): string[] => COMMAND_NAMES.map((name) => `  ${name.padEnd(22)}${COMMAND_TABLE[name]}`);

const MORE_HELP = `
Profiles are in ~/.config/spa/profiles.ini (mode 0600); spa-keys generate makes
them. The profile is the one that -n names, else the section called HOST, else
the first whose host is HOST. Options beat the profile. With --server and a key
and without -n, no profile is read.

Without --allow and --source, the packet names this host's own address on the
way to HOST, if that is a public one; else the server takes the address it sees.
Behind NAT, --resolve finds the address that others see, so that the packet can
name it.

Examples:
  spa-client gw1                        what the profile gw1 asks for
  spa-client -A tcp/22 --wait gw1 && ssh gw1.example.net
  spa-client -n gw1 -a 203.0.113.9 -f 1h
  spa-client -A tcp/2222 --forward 10.0.0.5:22 --wait gw1
  spa-client --resolve stun:stun.example.net gw1
  spa-client --both --wait gw1          for IPv4 and IPv6
  spa-client --close gw1
  spa-client --server gw1 --key-file ~/gw1.key -A tcp/22 192.0.2.1

Connecting, not knocking:
  spa-client install-ssh gw1            then: ssh gw1
  spa-client proxy HOST PORT            for ProxyCommand in ssh_config
  spa-client ready HOST [PORT]          for Match … exec in ssh_config
  spa-client exec HOST -- COMMAND       open for as long as COMMAND runs

From an invite, the line that spa-keys invite prints, to a profile that works:
  spa-client join -                     then paste it (spa-client join -h)

An emergency code from paper needs no profile, no key and no right clock:
  spa-client --code - gw1.example.net   then type or paste it

Port knocking, with the options of the knock client (spa-client knock -h):
  spa-client knock gw1.example.net 7000 8000:udp 9000
  spa-client knock --profile gw1        the ports of this minute

For a server that is fwknopd: stanzas of ~/.fwknoprc are profiles too, and
spa-client fwknop takes the whole command line of fwknop (spa-client fwknop -h):
  spa-client -n myserver --wait         a stanza of ~/.fwknoprc
  spa-client fwknop -A tcp/22 -R -D gw1.example.net

Exit codes:
  0  the server has opened or closed (with --no-reply: sent; with --wait: the
     port is open)
  1  it could not be done: no such host, no route, a file cannot be written
  2  wrong usage, or trouble with the profile or the key
  3  nothing came back in time, or, with --wait, the port did not open in time
  4  the server refused, or could not do what was asked
`;
