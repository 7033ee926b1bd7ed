/** `spa-keys rotate`: another key for a stanza, beside which the one before holds for a time (docs/rotation.md). */
import { existsSync } from 'node:fs';
import { formatUtc } from '../src/base/instant.ts';
import { printable } from '../src/base/printable.ts';
import type { UnixMs } from '../src/base/units.ts';
import { parseIni } from '../src/config/ini-file.ts';
import { SECRET_LENGTH, Secret } from '../src/crypto/secret.ts';
import { findStanza } from './inspect.ts';
import { handOut, type InviteWishes, stanzaSubject } from './invite.ts';
import type { KeysIo } from './io.ts';
import { resolveKeyPath } from './key-file.ts';
import { endOfOld, type Found, type RingEntry } from './ring.ts';
import type { Environment } from './places.ts';
import { type StagedFile, stageSecretFile } from './ring-file.ts';
import { openSecretFileIfThere } from './safe-file.ts';
import { removeKey, setKey } from './section-text.ts';
import { Trouble } from './trouble.ts';

export interface RotateWishes extends Omit<InviteWishes, 'allow' | 'expires'> {
  /** When the old key ends, as spad.conf has it. */
  readonly until: string;
  /** The key that was handed out last is replaced, and the old one goes on as it was to. */
  readonly again: boolean;
}

/**
 * Makes the new key, moves the old one, and prints an invite with the new one, by which the client replaces the old one. Where
 * something is in the way, nothing is written.
 * @throws Trouble, FileRefused, and the errors of the operating system.
 */
export const rotate = (wishes: RotateWishes, io: KeysIo): void => {
  const found = findStanza(wishes.name, wishes.file, io);
  const { entry, file: home } = found;
  const subject = stanzaSubject(found, io.now());
  checkRotation(entry, wishes, io.now());
  const secret = Secret.fromBytes(io.random(SECRET_LENGTH));
  if (secret === undefined) throw new Error('the random bytes are all equal');
  const { text, keyFile } =
    entry.keyFile === undefined ? inPlace(found, secret, wishes) : inFiles(found, secret, wishes, io.env);
  const old = wishes.again ? subject.replaces : subject.secret.fingerprint();
  const end = endOfOld(wishes.again && entry.old !== undefined ? entry.old : wishes);
  const told = `rotated [access ${entry.name}] of ${printable(home.path)}: the old key (${old ?? 'unreadable'}) holds until ${formatUtc(end)}`;
  try {
    checkText(text, entry, keyFile?.path, wishes);
    handOut({ ...subject, secret, replaces: old, newText: text, told, ahead: keyFile }, home, wishes, io);
  } catch (error) {
    // Once the stanza names it, it stays, whatever failed after that.
    if (openSecretFileIfThere(home.path)?.text !== text) keyFile?.abandon();
    throw error;
  }
  const stray = wishes.again ? entry.keyFile : entry.old?.keyFile;
  if (stray !== undefined) io.err(sayStray(stray));
  if (subject.hasCodes)
    io.err(
      `note: the emergency codes that were printed end with the old key: spa-keys emergency ${entry.name} prints new ones\n`,
    );
};

/**
 * Takes the old key out of the stanza: it ends with the next reload, whatever its time was.
 * @throws Trouble, FileRefused, and the errors of the operating system.
 */
export const finishRotation = (name: string, file: string, io: KeysIo): void => {
  const { entry, file: home } = findStanza(name, file, io);
  const place = `[access ${printable(name)}] of ${printable(home.path)}`;
  if (entry.old === undefined) {
    io.err(`${place} has no old key\n`);
    return;
  }
  const text = OLD_KEYS.reduce((before, key) => removeKey(before, entry.line, key), home.content.text);
  stageSecretFile(home.path, text, home.content).commit();
  const fingerprint = 'secret' in entry.old.key ? entry.old.key.secret.fingerprint() : 'unreadable';
  io.out(`ended the old key of ${place} (fingerprint ${fingerprint})\n`);
  if (entry.old.keyFile !== undefined) io.err(sayStray(entry.old.keyFile));
  io.err('next: systemctl reload spad; until then it holds as long as it was to\n');
};

const sayStray = (file: string): string =>
  `note: a secret is still in ${printable(file)}, which nothing needs any more\n`;

const OLD_KEYS = ['old_key', 'old_key_file', 'old_key_until'] as const;

/** @throws Trouble where the stanza has two keys and must not, or has one and should have two. */
const checkRotation = ({ name, old, file, line }: RingEntry, { again }: RotateWishes, now: UnixMs): void => {
  const place = `${printable(file)}:${String(line)}`;
  const isGoingOn = old !== undefined && now < endOfOld(old);
  if (isGoingOn && !again)
    throw new Trouble(
      `[access ${name}] was rotated already (${place}), and its old key holds until ${formatUtc(endOfOld(old))}: spa-keys invite ${name} ` +
        'prints the new one again, --again replaces it by another, and --finish ends the old one',
    );
  if (!isGoingOn && again)
    throw new Trouble(`[access ${name}] has no old key that holds (${place}): leave --again out to rotate it`);
};

interface Change {
  readonly text: string;
  /** A new file for the new secret, to be put in its place before the text is. */
  readonly keyFile: StagedFile | undefined;
}

const inPlace = ({ entry, file }: Found, secret: Secret, { until, again }: RotateWishes): Change => {
  const text = setKey(file.content.text, entry.line, 'key', secret.revealBase64());
  if (again || !('secret' in entry.key)) return { text, keyFile: undefined };
  const old = entry.key.secret.revealBase64();
  return { text: withOld(text, entry.line, { old_key: old, old_key_until: until }), keyFile: undefined };
};

/** The stanza names another file, so that one rename changes both keys. */
const inFiles = ({ entry, file }: Found, secret: Secret, { until, again }: RotateWishes, env: Environment): Change => {
  const before = entry.keyFile ?? '';
  const path = freePath(resolveKeyPath(before, env));
  const keyFile = stageSecretFile(path, `${secret.revealBase64()}\n`, undefined);
  const text = setKey(file.content.text, entry.line, 'key_file', path);
  return {
    text: again ? text : withOld(text, entry.line, { old_key_file: before, old_key_until: until }),
    keyFile,
  };
};

const withOld = (text: string, line: number, values: Readonly<Record<string, string>>): string => {
  const cleared = OLD_KEYS.reduce((before, key) => removeKey(before, line, key), text);
  return Object.entries(values).reduce((before, [key, value]) => setKey(before, line, key, value), cleared);
};

/** `alice.key` becomes `alice.key.2`, and that `alice.key.3`. */
const freePath = (path: string): string => {
  const [, stem = path, number = '1'] = /^(.*?)(?:\.([1-9][0-9]{0,3}))?$/.exec(path) ?? [];
  for (let next = Number(number) + 1; ; next += 1) {
    const candidate = `${stem}.${String(next)}`;
    if (!existsSync(candidate)) return candidate;
  }
};

/** @throws Trouble where what was put in is not what would be read: a value of the file that cannot be written plainly. */
const checkText = (
  text: string,
  { line, name, keyFile }: RingEntry,
  newFile: string | undefined,
  { again, until }: RotateWishes,
): void => {
  const section = parseIni(text, '').sections.find((one) => one.line === line);
  const valueOf = (key: string): string | undefined => section?.entries.find((one) => one.key === key)?.value;
  const hasOld = again || (valueOf('old_key_until') === until && valueOf('old_key_file') === keyFile);
  if (hasOld && valueOf('key_file') === newFile) return;
  throw new Trouble(`[access ${name}] cannot be rewritten: rename its key_file to a path without blanks and signs`);
};
