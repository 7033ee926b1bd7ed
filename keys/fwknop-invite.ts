/**
 * `spa-keys invite --fwknop`: a stanza's keys in the form that Fwknop2, the Android app, scans. It takes the text of a QR
 * code apart at blanks, and each piece at its colons; what it knows are KEY, KEY_BASE64, HMAC_KEY and HMAC_KEY_BASE64, and
 * a blank at the end becomes part of a key (https://github.com/jp-bennett/Fwknop2/issues/51). Keys go as base64 always, for
 * one with a blank or a colon would not arrive otherwise.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../src/base/printable.ts';
import type { FwknopKeys } from '../src/access/fwknop-keys.ts';
import { nearest } from '../src/base/suggest.ts';
import { err, ok, type Result } from '../src/base/result.ts';
import { encodeBase64 } from '../src/bytes/encoding.ts';
import { readAccessFiles, type StanzaLines } from '../src/config/fwknop/access-files.ts';
import { UNTRIMMED_VARIABLES } from '../src/config/fwknop/access-variables.ts';
import { type FwknopKeyValues, fwknopKeyDirectives } from '../src/config/fwknop/stanza-directives.ts';
import { stanzaKeys } from '../src/config/fwknop/stanza-keys.ts';
import { parseIni } from '../src/config/ini-file.ts';
import { describeIssue, type Issue } from '../src/config/issue.ts';
import type { FwknopCipherKey, FwknopHmacKey } from '../src/spa/fwknop/key.ts';
import type { KeysIo } from './io.ts';
import { DEFAULT_CONF_PATH } from './places.ts';
import { formatQrCode } from './qr-code.ts';
import { readSecretFile } from './safe-file.ts';
import { asTrouble, Trouble } from './trouble.ts';

/** Where the keys come from: a section of spad.conf, a stanza of access.conf, or chance. */
export type FwknopInviteSource =
  | { readonly kind: 'spad-conf'; readonly file: string | undefined; readonly name: string }
  /** `stanza` counts from 1; undefined: the only one. */
  | { readonly kind: 'access-conf'; readonly file: string; readonly stanza: number | undefined }
  | { readonly kind: 'new' };

/** As long as `fwknop --key-gen` makes them: bytes. */
const KEY_LENGTH = 32;
const HMAC_KEY_LENGTH = 64;

/** What the app offers beside each other in its lists. */
const APP_HMACS = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];

interface Keys {
  readonly cipher: FwknopCipherKey;
  readonly hmac: FwknopHmacKey | undefined;
}

/**
 * Prints the keys as a QR code, or as the text that it would hold; what else must be set in the app goes to `io.err`.
 * @throws Trouble where there is no such stanza, or none that the app could use.
 */
export const inviteFwknop = (source: FwknopInviteSource, asText: boolean, io: KeysIo): void => {
  const keys = source.kind === 'new' ? newKeys(io) : usable(readKeys(source), nameOf(source));
  const text = formatFwknopInvite(keys);
  io.out(asText ? `${text}\n` : formatQrCode(text));
  if (source.kind === 'new') io.out(serverLines(text));
  for (const note of notesFor(keys)) io.err(`note: ${note}\n`);
  if (!asText) io.err('this code holds the keys: show it to nobody else, and clear the screen afterwards\n');
};

/** For access.conf; spad.conf has the same names as keys. */
const serverLines = (text: string): string => {
  const lines = text.replaceAll(':', ' ').replace(' HMAC', '\nHMAC');
  return `# for the server: lines of a stanza of access.conf (spad.conf: key_base64 = … in a section with format = fwknop)\n${lines}\n`;
};

/** `KEY_BASE64:… HMAC_KEY_BASE64:…`, without anything behind. */
export const formatFwknopInvite = ({ cipher, hmac }: Keys): string => {
  const key = `KEY_BASE64:${encodeBase64(cipher.passphrase)}`;
  return hmac === undefined ? key : `${key} HMAC_KEY_BASE64:${encodeBase64(hmac.key)}`;
};

const newKeys = (io: KeysIo): Keys => ({
  cipher: { passphrase: io.random(KEY_LENGTH), mode: 'cbc' },
  hmac: { type: 'sha256', key: io.random(HMAC_KEY_LENGTH) },
});

const nameOf = (source: FwknopInviteSource): string => {
  if (source.kind === 'spad-conf') return `[access ${printable(source.name)}]`;
  return source.kind === 'new' ? 'the new keys' : `stanza ${String(source.stanza ?? 1)}`;
};

/** @throws Trouble for what the app does not know. */
const usable = ({ cipher, hmac }: FwknopKeys, name: string): Keys => {
  if (cipher === undefined)
    throw new Trouble(`${name} has GnuPG keys alone, which Fwknop2 does not know: give it KEY_BASE64`);
  if (cipher.mode !== 'cbc' && cipher.mode !== 'legacy') {
    throw new Trouble(`${name} says ENCRYPTION_MODE ${cipher.mode}, and Fwknop2 knows CBC alone: remove that line`);
  }
  if (hmac !== undefined && !APP_HMACS.includes(hmac.type)) {
    throw new Trouble(
      `${name} says HMAC_DIGEST_TYPE ${hmac.type}, which Fwknop2 does not know: set it to SHA256 or SHA512`,
    );
  }
  return { cipher, hmac };
};

const notesFor = ({ cipher, hmac }: Keys): readonly string[] => [
  'the code holds the keys alone; the server, the ports and the rest are entered in the app',
  ...(cipher.mode === 'legacy' ? ['set "Legacy" in the app: this stanza says ENCRYPTION_MODE legacy'] : []),
  ...(hmac !== undefined && hmac.type !== 'sha256'
    ? [`choose ${hmac.type.toUpperCase()} as HMAC type in the app: this stanza says HMAC_DIGEST_TYPE ${hmac.type}`]
    : []),
  ...(hmac === undefined ? ['this stanza has no HMAC key: give it one with HMAC_KEY_BASE64'] : []),
];

// --- where they come from

const readKeys = (source: Exclude<FwknopInviteSource, { kind: 'new' }>): FwknopKeys =>
  source.kind === 'spad-conf'
    ? fromSpadConf(source.file ?? DEFAULT_CONF_PATH, source.name)
    : fromAccessConf(source.file, source.stanza);

interface Setting {
  /** As the directives are called. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

const fromSpadConf = (file: string, name: string): FwknopKeys => {
  const ini = parseIni(readSecretFile(file), file);
  refuseIssues(ini.issues);
  const sections = ini.sections.filter((one) => one.name.startsWith('access '));
  const section = sections.find((one) => one.name === `access ${name}`);
  if (section === undefined) {
    const near = nearest(
      name,
      sections.map((one) => one.name.slice('access '.length)),
    );
    const hint = near === undefined ? 'spa-keys list shows the names' : `did you mean "${printable(near)}"?`;
    throw new Trouble(`there is no [access ${printable(name)}] in ${printable(file)}: ${hint}`);
  }
  const format = section.entries.find(({ key }) => key === 'format')?.value;
  if (format !== 'fwknop' && format !== 'both') {
    throw new Trouble(`[access ${printable(name)}] is not for fwknop's clients: its section needs format = fwknop`);
  }
  return keysOf(format === 'both' ? ofFwknop(section.entries) : section.entries.map(underOneName), {
    file,
    line: section.line,
  });
};

/** Where packets of both formats are read, `key` is the secret of our own. */
const ofFwknop = (settings: readonly Setting[]): readonly Setting[] =>
  settings.filter(({ key }) => key !== 'key').map(underOneName);

const underOneName = (setting: Setting): Setting =>
  setting.key === 'fwknop_key' ? { ...setting, key: 'key' } : setting;

const fromAccessConf = (file: string, wanted: number | undefined): FwknopKeys => {
  const issues: Issue[] = [];
  const { stanzas } = readAccessFiles({ file }, { readFile, readFolder }, issues);
  refuseIssues(issues);
  const stanza = wanted === undefined && stanzas.length > 1 ? undefined : stanzas[(wanted ?? 1) - 1];
  if (stanza === undefined) throw new Trouble(whichStanza(file, stanzas, wanted));
  const settings = stanza.lines.map(({ variable, value, line }) => {
    const text = UNTRIMMED_VARIABLES.includes(variable) ? value : value.replace(/\s+#.*$/, '').trim();
    return { key: variable.toLowerCase(), value: text, line };
  });
  return keysOf(settings, stanza);
};

const whichStanza = (file: string, stanzas: readonly StanzaLines[], wanted: number | undefined): string => {
  const place = printable(file);
  if (stanzas.length === 0) return `${place} has no stanza: one begins with SOURCE`;
  const places = stanzas.map((one, index) => `${String(index + 1)} (line ${String(one.line)})`);
  const which = `${place} has ${places.length === 1 ? 'stanza' : 'the stanzas'} ${places.join(', ')}`;
  return wanted === undefined ? `${which}: say which with --stanza` : `${which}, and no stanza ${String(wanted)}`;
};

/** Errors alone; what is only odd is for the daemon to tell. */
const refuseIssues = (issues: readonly Issue[]): void => {
  const error = issues.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new Trouble(describeIssue(error));
};

/** Of two settings of one name the later counts, as with fwknopd. */
const keysOf = (settings: readonly Setting[], place: { readonly file: string; readonly line: number }): FwknopKeys => {
  const issues: Issue[] = [];
  const complain = (line: number, problem: string, hint: string): number =>
    issues.push({ severity: 'error', file: place.file, line, problem, hint });
  const values: Record<string, unknown> = {};
  for (const [key, directive] of Object.entries(fwknopKeyDirectives)) {
    const setting = settings.findLast((one) => one.key === key);
    if (setting === undefined) {
      values[key] = directive.fallback === 'required' ? undefined : directive.fallback.value;
      continue;
    }
    const parsed = directive.parse(setting.value);
    if (parsed.ok) values[key] = parsed.value;
    else complain(setting.line, `${key} cannot be read`, parsed.error);
  }
  refuseIssues(issues);
  const keys = stanzaKeys(values as FwknopKeyValues, {
    complain: (key, problem, hint, severity = 'error') => {
      const line = settings.findLast((one) => one.key === key)?.line ?? place.line;
      if (severity === 'error') complain(line, problem, hint);
    },
    spell: (key) => key.toUpperCase(),
    ...{ gpgHomeDir: '/', gpgProgram: '/', allowUnauthenticated: true, askForUnauthenticated: '' },
  });
  refuseIssues(issues);
  return keys;
};

const sentenceOf = (error: unknown): Result<never, string> => {
  const trouble = asTrouble(error);
  if (trouble === undefined) throw error;
  return err(trouble.message);
};

const readFile = (path: string): Result<string, string> => {
  try {
    return ok(readSecretFile(path));
  } catch (error) {
    return sentenceOf(error);
  }
};

const readFolder = (path: string): Result<readonly string[], string> => {
  try {
    const names = readdirSync(path).filter((name) => name.endsWith('.conf'));
    return ok(names.sort().map((name) => join(path, name)));
  } catch (error) {
    return sentenceOf(error);
  }
};
