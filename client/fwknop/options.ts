/** The options of fwknop's client and the variables of .fwknoprc that mean the same: one table for reading and writing. */
import type { RcVariable } from '../../src/config/fwknop/rc-variables.ts';
import type { LongOption } from '../getopt.ts';

interface OptionRow {
  readonly short?: string;
  /** Whether a value follows; a switch has none. */
  readonly value?: true;
  readonly variable?: RcVariable;
}

/** In fwknop's own order, which is that of the possibilities it names for an ambiguous abbreviation. */
const OPTION_TABLE = {
  'allow-ip': { short: 'a', value: true, variable: 'ALLOW_IP' },
  access: { short: 'A', value: true, variable: 'ACCESS' },
  'save-packet-append': { short: 'b' },
  'save-packet': { short: 'B', value: true },
  'save-rc-stanza': {},
  'force-stanza': {},
  'stanza-list': {},
  'no-save-args': { variable: 'NO_SAVE_ARGS' },
  'server-cmd': { short: 'C', value: true },
  'digest-type': { short: 'm', value: true, variable: 'DIGEST_TYPE' },
  destination: { short: 'D', value: true, variable: 'SPA_SERVER' },
  'save-args-file': { short: 'E', value: true },
  'encryption-mode': { short: 'M', value: true, variable: 'ENCRYPTION_MODE' },
  fd: { value: true },
  'fw-timeout': { short: 'f', value: true, variable: 'FW_TIMEOUT' },
  'fault-injection-tag': { value: true },
  'gpg-encryption': { short: 'g', variable: 'USE_GPG' },
  'gpg-recipient-key': { value: true, variable: 'GPG_RECIPIENT' },
  'gpg-signer-key': { value: true, variable: 'GPG_SIGNER' },
  'gpg-home-dir': { value: true, variable: 'GPG_HOMEDIR' },
  'gpg-exe': { value: true, variable: 'GPG_EXE' },
  'gpg-agent': { variable: 'USE_GPG_AGENT' },
  'gpg-no-signing-pw': { variable: 'GPG_NO_SIGNING_PW' },
  'get-key': { short: 'G', value: true, variable: 'KEY_FILE' },
  'get-hmac-key': { value: true, variable: 'HMAC_KEY_FILE' },
  help: { short: 'h' },
  'http-proxy': { short: 'H', value: true },
  'key-gen': { short: 'k' },
  'key-gen-file': { short: 'K', value: true },
  'key-rijndael': { value: true, variable: 'KEY' },
  'key-base64-rijndael': { value: true, variable: 'KEY_BASE64' },
  'key-base64-hmac': { value: true, variable: 'HMAC_KEY_BASE64' },
  'key-hmac': { value: true, variable: 'HMAC_KEY' },
  'key-len': { value: true },
  'hmac-key-len': { value: true },
  'hmac-digest-type': { value: true, variable: 'HMAC_DIGEST_TYPE' },
  'icmp-type': { value: true },
  'icmp-code': { value: true },
  'last-cmd': { short: 'l' },
  'nat-access': { short: 'N', value: true, variable: 'NAT_ACCESS' },
  'named-config': { short: 'n', value: true },
  'nat-local': { variable: 'NAT_LOCAL' },
  'nat-port': { value: true, variable: 'NAT_PORT' },
  'nat-rand-port': { variable: 'NAT_RAND_PORT' },
  'no-home-dir': {},
  'no-rc-file': {},
  'rc-file': { value: true },
  'rand-port': { short: 'r', variable: 'RAND_PORT' },
  'server-port': { short: 'p', value: true, variable: 'SPA_SERVER_PORT' },
  'server-proto': { short: 'P', value: true, variable: 'SPA_SERVER_PROTO' },
  'spoof-source': { short: 'Q', value: true, variable: 'SPOOF_SOURCE_IP' },
  'resolve-ip-https': { short: 'R', variable: 'RESOLVE_IP_HTTPS' },
  'resolve-http-only': { variable: 'RESOLVE_HTTP_ONLY' },
  'resolve-url': { value: true, variable: 'RESOLVE_URL' },
  'server-resolve-ipv4': { variable: 'SERVER_RESOLVE_IPV4' },
  'show-last': {},
  'source-ip': { short: 's' },
  'source-port': { short: 'S', value: true, variable: 'SPA_SOURCE_PORT' },
  stdin: {},
  test: { short: 'T' },
  'time-offset-plus': { value: true, variable: 'TIME_OFFSET' },
  'time-offset-minus': { value: true },
  'user-agent': { short: 'u', value: true, variable: 'HTTP_USER_AGENT' },
  'use-hmac': { variable: 'USE_HMAC' },
  'use-wget-user-agent': { variable: 'USE_WGET_USER_AGENT' },
  'spoof-user': { short: 'U', value: true, variable: 'SPOOF_USER' },
  verbose: { short: 'v', variable: 'VERBOSE' },
  version: { short: 'V' },
  'wget-cmd': { short: 'w', value: true, variable: 'WGET_CMD' },
  // Ours. No abbreviation of fwknop's means something else for them.
  'send-packet': { value: true },
  'to-spad': {},
} as const satisfies Readonly<Record<string, OptionRow>>;

/** An option by its (first) long name. */
export type OptionName = keyof typeof OPTION_TABLE;

const rows = Object.entries(OPTION_TABLE) as readonly (readonly [OptionName, OptionRow])[];

/** The second names of two options, by their letters. */
const SECOND_NAMES: readonly LongOption[] = [
  { name: 'spoof-src', short: 'Q', takesValue: true },
  { name: 'resolve-ip-http', short: 'R', takesValue: false },
];

/** As getopt wants them. */
export const LONG_OPTIONS: readonly LongOption[] = [
  ...rows.map(([name, row]) => ({ name, short: row.short, takesValue: row.value === true })),
  ...SECOND_NAMES,
];

export const isOptionName = (text: string): text is OptionName => Object.hasOwn(OPTION_TABLE, text);

/** Whether a value follows the option. */
export const takesValue = (name: OptionName): boolean => 'value' in OPTION_TABLE[name];

/** How the option is written: `-D`, or `--fd` where it has no letter. */
export const spellOption = (name: OptionName): string => {
  const row: OptionRow = OPTION_TABLE[name];
  return row.short === undefined ? `--${name}` : `-${row.short}`;
};

/** The option that means what `variable` does. */
export const optionOfVariable = (variable: RcVariable): OptionName | undefined =>
  rows.find(([, row]) => row.variable === variable)?.[0];

/** The variable that means what the option does; undefined where .fwknoprc has none. */
export const variableOfOption = (name: OptionName): RcVariable | undefined => {
  const row: OptionRow = OPTION_TABLE[name];
  return row.variable;
};
