/** The variables of access.conf: how each is read, and what becomes of it. */
import { maybe, required } from '../directive.ts';
import { type Fate, honoured, notNeeded } from './fate.ts';
import { fwknopKeyDirectives, fwknopPolicyDirectives } from './stanza-directives.ts';
import * as value from './values.ts';

/** By their names in lower case. */
export const accessConfDirectives = {
  source: required(value.networks, 'where packets may come from: ANY, addresses and networks'),
  ...fwknopKeyDirectives,
  ...fwknopPolicyDirectives,
  access_expire: maybe(value.calendarDay, 'the day, MM/DD/YYYY, at whose beginning the stanza ends, by local time'),
  access_expire_epoch: maybe(value.number(1, 99_999_999_999), 'the same as seconds since 1970'),
} as const;

/** Other names for the same. */
export const ACCESS_ALIASES: Readonly<Record<string, string>> = { REQUIRE_SOURCE: 'REQUIRE_SOURCE_ADDRESS' };

const NOTES: Readonly<Record<string, Fate>> = {
  OPEN_PORTS: honoured('the ports that may be asked for; unset: any port'),
  HMAC_KEY_BASE64: honoured('the HMAC key; a stanza without one needs an explicit permission'),
  REQUIRE_SOURCE: honoured('another name for REQUIRE_SOURCE_ADDRESS'),
  GPG_REQUIRE_SIG: notNeeded('signatures are required unless GPG_DISABLE_SIG says Y, with fwknopd too'),
  '%include': honoured('the stanzas of another file'),
  '%include_folder': honoured('the stanzas of the files *.conf of a folder, in the order of their names'),
  '%include_keys': honoured('the keys of this stanza from a file of their own'),
};

/** Every variable there is, in fwknop's spelling. */
export const ACCESS_FATES: Readonly<Record<string, Fate>> = {
  ...Object.fromEntries(
    Object.entries(accessConfDirectives).map(([key, { doc }]) => [key.toUpperCase(), honoured(doc)] as const),
  ),
  ...NOTES,
};

/** What a file of keys may hold. */
export const isKeyVariable = (variable: string): boolean =>
  variable === variable.toUpperCase() && Object.hasOwn(fwknopKeyDirectives, variable.toLowerCase());

/** Values that are text, in which ` #` is no comment. */
export const TEXT_VARIABLES: readonly string[] = [
  ...['KEY', 'HMAC_KEY', 'GPG_DECRYPT_PW', 'GPG_DECRYPT_ID', 'GPG_HOME_DIR', 'GPG_EXE'],
  ...['REQUIRE_USERNAME', 'CMD_CYCLE_OPEN', 'CMD_CYCLE_CLOSE'],
];

/** Values whose white space at the end counts. */
export const UNTRIMMED_VARIABLES: readonly string[] = ['KEY', 'HMAC_KEY', 'GPG_DECRYPT_PW'];
