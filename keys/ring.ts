/** The ring: every stanza and profile in the files that hold keys. */
import { accessDirectives } from '../src/config/access-section.ts';
import { fwknopDirectives } from '../src/config/fwknop-section.ts';
import { type UnixMs, unixMs } from '../src/base/units.ts';
import { expiry } from '../src/config/values.ts';
import { printable } from '../src/base/printable.ts';
import { nearest } from '../src/base/suggest.ts';
import { type IniEntry, type IniSection, parseIni } from '../src/config/ini-file.ts';
import { Secret } from '../src/crypto/secret.ts';
import { readKeyFile, resolveKeyPath } from './key-file.ts';
import { DEFAULT_CONF_PATH, defaultProfilesPath, type Environment } from './places.ts';
import { FileRefused, openSecretFile, type SecretFile } from './safe-file.ts';
import { Trouble } from './trouble.ts';

/** One half of a key, on the server (stanza) or on the client (profile). */
export interface RingEntry {
  readonly kind: 'stanza' | 'profile';
  readonly name: string;
  /** The server's name; undefined where the file does not say. */
  readonly server: string | undefined;
  readonly file: string;
  /** Where its section begins. */
  readonly line: number;
  /** The file that holds the secret, where it stands in one of its own. */
  readonly keyFile: string | undefined;
  /** The secret, or the sentence that says why it cannot be read. */
  readonly key: { readonly secret: Secret } | { readonly problem: string };
  /** The key before this one, where the stanza still has it. */
  readonly old: OldEntry | undefined;
  /** All settings but the secret, as they stand in the file. */
  readonly settings: readonly IniEntry[];
}

/** A key beside which another one has come. */
export interface OldEntry {
  readonly key: RingEntry['key'];
  readonly keyFile: string | undefined;
  /** As the file has it; undefined where it does not say. */
  readonly until: string | undefined;
}

/** The first instant at which an old key no longer holds; 0 where the file does not say it so that it can be read. */
export const endOfOld = ({ until }: Pick<OldEntry, 'until'>): UnixMs => {
  const end = expiry(until ?? '');
  return end.ok ? end.value : unixMs(0);
};

/** Whether it is a stanza that is kept for the record alone. */
export const isRevoked = ({ kind, settings }: RingEntry): boolean =>
  kind === 'stanza' && settings.some(({ key, value }) => key === 'enabled' && value === 'no');

/** A file of the ring as it was read. */
export interface RingFile {
  readonly path: string;
  readonly content: SecretFile;
  readonly entries: readonly RingEntry[];
}

export interface Ring {
  readonly files: readonly RingFile[];
  /** Files that exist and were not read. */
  readonly refused: readonly FileRefused[];
}

/**
 * Reads the files named, or the default ones where none is named; of the latter, those that do not exist are no trouble.
 * Throws errors of the operating system alone.
 */
export const readRing = (named: readonly string[], env: Environment): Ring => {
  const files: RingFile[] = [];
  const refused: FileRefused[] = [];
  for (const path of named.length > 0 ? named : [DEFAULT_CONF_PATH, defaultProfilesPath(env)]) {
    try {
      const content = openSecretFile(path);
      files.push({ path, content, entries: readEntries(path, content.text, env) });
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      if (named.length > 0 || error.reason !== 'absent') refused.push(error);
    }
  }
  return { files, refused };
};

const settingOf = (section: IniSection | undefined, key: string): string | undefined =>
  section?.entries.find((entry) => entry.key === key)?.value;

/** What is never shown with the other settings: our own key, and those of fwknop. */
const SECRET_KEYS = Object.entries({ ...fwknopDirectives, ...accessDirectives })
  .filter(([, directive]) => 'isSecret' in directive)
  .map(([key]) => key);

/** A profile must say `server`, a stanza cannot: that tells them apart whatever they are called. */
const readEntries = (file: string, text: string, env: Environment): RingEntry[] => {
  const { sections } = parseIni(text, file);
  const isProfile = (section: IniSection): boolean => settingOf(section, 'server') !== undefined;
  const daemon = sections.find((section) => section.name === 'spad' && !isProfile(section));
  return sections.flatMap((section): RingEntry[] => {
    if (section === daemon || section.name === '') return [];
    const stanza = isProfile(section) ? undefined : /^access (\S+)$/.exec(section.name)?.[1];
    const keyFile = settingOf(section, 'key_file');
    return [
      {
        ...(stanza === undefined
          ? { kind: 'profile', name: section.name, server: settingOf(section, 'server') }
          : { kind: 'stanza', name: stanza, server: settingOf(daemon, 'name') }),
        ...{ file, line: section.line, keyFile, key: readKeyOf(section, keyFile, env) },
        old: stanza === undefined ? undefined : readOld(section, env),
        settings: section.entries.filter((entry) => !SECRET_KEYS.includes(entry.key)),
      },
    ];
  });
};

const readKeyOf = (section: IniSection, keyFile: string | undefined, env: Environment): RingEntry['key'] =>
  settingOf(section, 'format') === 'fwknop'
    ? { problem: "its keys are fwknop's, which have no fingerprint" }
    : readKey(settingOf(section, 'key'), keyFile, env);

const readOld = (section: IniSection, env: Environment): OldEntry | undefined => {
  const [text, keyFile] = [settingOf(section, 'old_key'), settingOf(section, 'old_key_file')];
  if (text === undefined && keyFile === undefined) return undefined;
  return { key: readKey(text, keyFile, env), keyFile, until: settingOf(section, 'old_key_until') };
};

const readKey = (text: string | undefined, keyFile: string | undefined, env: Environment): RingEntry['key'] => {
  if (text !== undefined && keyFile !== undefined) return { problem: 'there are both "key" and "key_file"' };
  if (keyFile !== undefined) return readKeyBehind(keyFile, env);
  if (text === undefined) return { problem: 'there is neither "key" nor "key_file"' };
  const secret = Secret.fromBase64(text);
  return secret === undefined ? { problem: 'the key is not base64 of 32 random bytes' } : { secret };
};

const readKeyBehind = (path: string, env: Environment): RingEntry['key'] => {
  try {
    return { secret: readKeyFile(resolveKeyPath(path, env)) };
  } catch (error) {
    if (error instanceof Trouble) return { problem: error.message };
    throw error;
  }
};

/** A half and the file it stands in. */
export interface Found {
  readonly file: RingFile;
  readonly entry: RingEntry;
}

/**
 * The one half called `name`.
 * @throws Trouble where there is none (with the nearest name) or more than one (with where they are).
 */
export const findEntry = (ring: Ring, name: string): Found => {
  const all = ring.files.flatMap((file) => file.entries.map((entry): Found => ({ file, entry })));
  const found = all.filter(({ entry }) => entry.name === name);
  const [first, second] = found;
  if (first === undefined) throw new Trouble(nothingCalled(ring, name));
  if (second === undefined) return first;
  const places = found.map(({ entry }) => `${printable(entry.file)} (${entry.kind}, line ${String(entry.line)})`);
  const remedy = found.every(({ file }) => file === first.file)
    ? 'correct the file with an editor'
    : 'say which with --file';
  throw new Trouble(`"${printable(name)}" is in ${places.join(' and in ')}: ${remedy}`);
};

const nothingCalled = (ring: Ring, name: string): string => {
  const names = ring.files.flatMap((file) => file.entries.map((entry) => entry.name));
  const near = nearest(name, names);
  const searched = ring.files.map((file) => printable(file.path));
  const where = searched.length === 0 ? 'any file that could be read' : searched.join(' or ');
  const remedy =
    near !== undefined
      ? `did you mean "${printable(near)}"?`
      : ring.refused[0] !== undefined
        ? ring.refused[0].message
        : 'spa-keys list shows the names; --file names another file';
  return `there is no "${printable(name)}" in ${where}: ${remedy}`;
};
