/** The keys of one stanza: which are there, and whether they go together. */
import type { FwknopKeys, GpgKeys } from '../../access/fwknop-keys.ts';
import { printable } from '../../base/printable.ts';
import { equalBytes } from '../../crypto/secret.ts';
import type { FwknopCipherKey } from '../../spa/fwknop/key.ts';
import type { Issue } from '../issue.ts';
import type { FwknopKeyValues } from './stanza-directives.ts';

/** Tells a problem of the stanza at the line of `key`; undefined: at the line where the stanza begins. */
export type Complain = (key: string | undefined, problem: string, hint: string, severity?: Issue['severity']) => void;

/** How the file at hand spells things. */
export interface StanzaFile {
  readonly complain: Complain;
  /** A key as the file spells it. */
  readonly spell: (key: string) => string;
  /** GPG_HOME_DIR and GPG_EXE of fwknopd.conf. */
  readonly gpgHomeDir: string;
  readonly gpgProgram: string;
  /** Whether stanzas without an HMAC key are asked for. */
  readonly allowUnauthenticated: boolean;
  /** How that is done: a whole sentence. */
  readonly askForUnauthenticated: string;
}

/** Past 16 bytes, clients before 2.5 cut keys. */
const LEGACY_KEY = 16;

/** Whatever is wrong is told; what comes back then is of no use. */
export const stanzaKeys = (values: FwknopKeyValues, file: StanzaFile): FwknopKeys => {
  const passphrase = onlyOne(values, 'key', 'key_base64', file);
  const hmacKey = onlyOne(values, 'hmac_key', 'hmac_key_base64', file);
  const gpg = gpgOf(values, file);
  if (passphrase === undefined && gpg === undefined) {
    const [key, base64, allow] = [file.spell('key'), file.spell('key_base64'), file.spell('gpg_allow_no_pw')];
    file.complain(
      undefined,
      'no key',
      `set ${key} or ${base64}; or for GnuPG ${file.spell('gpg_decrypt_pw')} or ${allow}`,
    );
  }
  if (passphrase !== undefined && hmacKey !== undefined && equalBytes(passphrase, hmacKey)) {
    const at = values.hmac_key === undefined ? 'hmac_key_base64' : 'hmac_key';
    file.complain(
      at,
      'the HMAC key is the key itself',
      'give the HMAC a key of its own, as `spa-client --key-gen` does',
    );
  }
  if (hmacKey === undefined) tellUnauthenticated(file);
  return {
    cipher: passphrase === undefined ? undefined : cipherOf(passphrase, values, file),
    gpg,
    hmac: hmacKey === undefined ? undefined : { type: values.hmac_digest_type, key: hmacKey },
  };
};

const onlyOne = (
  values: FwknopKeyValues,
  plain: 'key' | 'hmac_key',
  base64: 'key_base64' | 'hmac_key_base64',
  file: StanzaFile,
): Uint8Array | undefined => {
  if (values[plain] !== undefined && values[base64] !== undefined)
    file.complain(base64, `${file.spell(plain)} and ${file.spell(base64)}`, 'set one of the two');
  return values[plain] ?? values[base64];
};

const tellUnauthenticated = (file: StanzaFile): void => {
  const names = `${file.spell('hmac_key_base64')} here and on the client`;
  if (file.allowUnauthenticated) {
    const problem = 'no HMAC key: packets are unsealed before it is known that they are genuine';
    file.complain(undefined, problem, `set ${names}`, 'warning');
  } else file.complain(undefined, 'no HMAC key', `set ${names}, or ${file.askForUnauthenticated}`);
};

const cipherOf = (passphrase: Uint8Array, values: FwknopKeyValues, file: StanzaFile): FwknopCipherKey => {
  const mode = values.encryption_mode;
  if (mode === 'asymmetric') {
    const hint = `remove ${file.spell('encryption_mode')}, or the key`;
    file.complain('encryption_mode', 'a mode for GnuPG alone, and a key that is none of GnuPG', hint);
    return { passphrase, mode: 'cbc' };
  }
  if (mode === 'legacy' && passphrase.length > LEGACY_KEY) {
    const problem = `in legacy mode the first ${String(LEGACY_KEY)} bytes of the key count`;
    file.complain('encryption_mode', problem, 'move the clients to version 2.5 or later, and to CBC', 'warning');
  }
  return { passphrase, mode };
};

const gpgOf = (values: FwknopKeyValues, file: StanzaFile): GpgKeys | undefined => {
  const { gpg_decrypt_pw: password, gpg_allow_no_pw: noPassword } = values;
  if (password === undefined && !noPassword) {
    const stray = values.gpg_decrypt_id === undefined ? undefined : 'gpg_decrypt_id';
    const hint = `set ${file.spell('gpg_decrypt_pw')}, or ${file.spell('gpg_allow_no_pw')}`;
    if (stray !== undefined) file.complain(stray, `${file.spell(stray)} without a password`, hint);
    return undefined;
  }
  if (password !== undefined && noPassword)
    file.complain(
      'gpg_allow_no_pw',
      'a password for GnuPG, and none',
      `remove ${file.spell('gpg_allow_no_pw')} or the password`,
    );
  const { gpg_remote_id: signerIds, gpg_fingerprint_id: signerFingerprints } = values;
  if (!values.gpg_disable_sig && signerIds.length + signerFingerprints.length === 0) {
    const hint = `set ${file.spell('gpg_fingerprint_id')} to the fingerprints of the clients' keys`;
    file.complain(undefined, 'nobody is named whose signature counts', hint);
  }
  return {
    homeDir: gpgPath(values.gpg_home_dir ?? file.gpgHomeDir, 'gpg_home_dir', file),
    program: gpgPath(values.gpg_exe ?? file.gpgProgram, 'gpg_exe', file),
    recipient: values.gpg_decrypt_id,
    password: noPassword ? undefined : password,
    requireSignature: !values.gpg_disable_sig,
    ignoreBadSignature: values.gpg_ignore_sig_verify_error,
    ...{ signerIds, signerFingerprints },
  };
};

const gpgPath = (path: string, key: string, file: StanzaFile): string => {
  if (!path.startsWith('/'))
    file.complain(key, `${file.spell(key)} ${printable(path, 60)}`, 'a path that begins with /');
  return path;
};
