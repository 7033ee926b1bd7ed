/**
 * What a stanza of fwknop's can say: the variables of access.conf in lower case, which are keys of `[access NAME]` in
 * spad.conf as well.
 */
import type { Seconds } from '../../base/units.ts';
import { seconds } from '../../base/units.ts';
import { maybe, maybeSecret, optional, type ValuesOf } from '../directive.ts';
import * as value from './values.ts';

export const DEFAULT_OPEN_FOR: Seconds = seconds(30);
export const DEFAULT_MAX_OPEN_FOR: Seconds = seconds(300);

/** The keys that packets are read with. */
export const fwknopKeyDirectives = {
  key: maybeSecret(value.passphrase, 'the key, 1 to 32 bytes of text as they stand'),
  key_base64: maybeSecret(value.passphraseBase64, 'the same as base64'),
  hmac_key: maybeSecret(value.hmacKey, 'the HMAC key, 1 to 128 bytes of text as they stand'),
  hmac_key_base64: maybeSecret(value.hmacKeyBase64, 'the same as base64'),
  hmac_digest_type: optional(value.digestName, 'sha256', 'the digest of the HMAC'),
  encryption_mode: optional(value.modeName, 'cbc', 'the mode of AES that the client uses; asymmetric: GnuPG alone'),
  gpg_decrypt_id: maybe(value.words, 'the GnuPG key that packets are sealed to'),
  gpg_decrypt_pw: maybeSecret(value.password, 'its password'),
  gpg_allow_no_pw: optional(value.flag, false, 'yes: it has no password'),
  gpg_home_dir: maybe(value.words, "GnuPG's folder of keys"),
  gpg_exe: maybe(value.words, "GnuPG's program"),
  gpg_disable_sig: optional(value.flag, false, 'yes: packets need no signature'),
  gpg_ignore_sig_verify_error: optional(value.flag, false, 'yes: a signature that is not good counts as well'),
  gpg_remote_id: optional(value.keyIds, [], 'the last 8 digits of the keys that may sign'),
  gpg_fingerprint_id: optional(value.fingerprints, [], 'fingerprints of the keys that may sign'),
} as const;

/** What may be asked for, under fwknop's names. */
export const fwknopPolicyDirectives = {
  destination: maybe(value.networks, 'where packets must have been sent to'),
  open_ports: maybe(value.ports, 'the ports that may be asked for'),
  restrict_ports: optional(value.ports, [], 'ports of which one refuses the whole request'),
  fw_access_timeout: maybe(value.time(DEFAULT_OPEN_FOR), 'seconds that a grant lasts when the client does not say'),
  max_fw_timeout: maybe(value.time(DEFAULT_MAX_OPEN_FOR), "seconds to which a client's longer wish is cut"),
  require_username: maybe(value.words, 'the user name that packets must bear'),
  require_source_address: maybe(
    value.flag,
    "yes: only an address named in the packet opens, never the packet's source",
  ),
  enable_cmd_exec: optional(value.flag, false, 'yes: commands in packets are run'),
  cmd_exec_user: maybe(value.accountName, 'the user as whom commands run'),
  cmd_exec_group: maybe(value.accountName, 'the group as which commands run'),
  enable_cmd_sudo_exec: optional(value.flag, false, 'yes: commands in packets are run through sudo'),
  cmd_sudo_exec_user: maybe(value.accountName, 'the user that sudo becomes'),
  cmd_sudo_exec_group: maybe(value.accountName, 'the group that sudo becomes'),
  cmd_cycle_open: maybe(value.words, 'a command that runs instead of opening ports'),
  cmd_cycle_close: maybe(value.words, 'the command that runs when the time is over; NONE: none'),
  cmd_cycle_timer: maybe(value.timer, 'seconds between the two'),
  force_nat: maybe(value.hostAndPort, 'the inner host and port that every request is sent on to'),
  force_snat: maybe(value.host, 'the source address that an inner host sees'),
  force_masquerade: optional(value.flag, false, "yes: an inner host sees this host's own address as the source"),
  disable_dnat: optional(value.flag, false, 'yes: ports open, and nothing is sent on'),
  forward_all: optional(value.flag, false, 'yes: all ports, whichever are asked for'),
} as const;

export type FwknopKeyValues = ValuesOf<typeof fwknopKeyDirectives>;
export type FwknopPolicyValues = ValuesOf<typeof fwknopPolicyDirectives>;
