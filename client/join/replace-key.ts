/**
 * A new key for profiles that are there (docs/rotation.md). It is tried in a file of its own, and put in its place only when the
 * server has answered a packet made with it: until then, however this ends, the profiles have the old key, which still holds.
 */
import { unlinkSync } from 'node:fs';
import { readKeyFile, resolveKeyPath } from '../../keys/key-file.ts';
import type { Environment } from '../../keys/places.ts';
import { rewriteSecretFile } from '../../keys/ring-file.ts';
import { openSecretFile, openSecretFileIfThere, type SecretFile } from '../../keys/safe-file.ts';
import { removeKey, sectionLines, setKey } from '../../keys/section-text.ts';
import { asTrouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import { type Profile, parseProfiles } from '../../src/config/profile.ts';
import type { Invite } from '../../src/invite/body.ts';
import type { ClientIo } from '../io.ts';
import { run } from '../run.ts';
import type { JoinOptions } from './command-line.ts';

/** The profiles of the invite's server that have the key of this fingerprint. */
export const profilesWithKey = (
  text: string,
  file: string,
  { server, name }: { readonly server: string; readonly name: string | undefined },
  fingerprint: string,
  env: Environment,
): readonly Profile[] =>
  parseProfiles(text, file).profiles.filter(
    (profile) =>
      profile.server === server &&
      (name === undefined || profile.name === name) &&
      fingerprintOf(profile, env) === fingerprint,
  );

/** Undefined where the file that holds the key cannot be read: whose it is cannot be told then. */
const fingerprintOf = ({ key }: Profile, env: Environment): string | undefined => {
  if ('secret' in key) return key.secret.fingerprint();
  try {
    return readKeyFile(resolveKeyPath(key.file, env)).fingerprint();
  } catch (error) {
    if (asTrouble(error) === undefined) throw error;
    return undefined;
  }
};

/** Tries the new key and puts it into `profiles`, of which there is at least one; gives the exit code. */
export const replaceKey = async (
  invite: Invite,
  profiles: readonly [Profile, ...Profile[]],
  { file, options }: { readonly file: string; readonly options: JoinOptions },
  io: ClientIo,
): Promise<number> => {
  const before = openSecretFile(file);
  const text = withKey(before.text, profiles, invite);
  const names = profiles.map(({ name }) => `[${printable(name)}]`).join(', ');
  const [{ name, reply }] = profiles;
  if (!options.test || !reply)
    return putUntried(file, { before, text, replaces: invite.replaces ?? '', reply }, names, io);
  io.out('trying the new key:\n');
  const code = await tryKey(`${file}.new`, text, name, io);
  if (!PROVEN.includes(code)) {
    io.err(`${names} ${KEEPS_OLD}`);
    return code;
  }
  rewriteSecretFile(file, text, before);
  sayPut(names, file, io);
  io.out(`fingerprint of the key: ${invite.secret.fingerprint()}; it was ${invite.replaces ?? ''}\n`);
  const keyFiles = new Set(profiles.flatMap(({ key }) => ('file' in key ? [printable(key.file)] : [])));
  io.out(`the server knows the new key; the old one is ${sayLeft([...keyFiles])}\n`);
  return code;
};

/** With profiles of its own, so that the file is changed once the key has proved to be good, and never for nothing. */
const tryKey = async (trial: string, text: string, name: string, io: ClientIo): Promise<number> => {
  rewriteSecretFile(trial, text, openSecretFileIfThere(trial));
  try {
    return await run(['--profiles', trial, '-n', name], io);
  } finally {
    unlinkSync(trial);
  }
};

const KEEPS_OLD =
  "keeps the old key, which holds until the server's operator, or its time, ends it. If the server is up, it was not reloaded since the " +
  'rotation (systemctl reload spad): join with the same line again then\n';

const sayPut = (names: string, file: string, io: ClientIo): void =>
  io.out(`put the new key into ${names} of ${printable(file)}, and left the rest as it is\n`);

/** The server has done what was asked, or has refused it in words of its own: both are answers, sealed with the new key. */
const PROVEN: readonly number[] = [0, 4];

const withKey = (text: string, profiles: readonly Profile[], { secret }: Invite): string =>
  profiles.reduce((before, { name }) => {
    const [line] = sectionLines(before, name);
    return line === undefined
      ? before
      : setKey(removeKey(before, line, 'key_file'), line, 'key', secret.revealBase64());
  }, text);

interface Untried {
  readonly before: SecretFile;
  readonly text: string;
  readonly replaces: string;
  readonly reply: boolean;
}

/** Whether the server knows the key will be seen: the file as it was stays beside the new one. */
const putUntried = (file: string, { before, text, replaces, reply }: Untried, names: string, io: ClientIo): number => {
  const backup = `${file}.old-${replaces.replaceAll(':', '')}`;
  rewriteSecretFile(backup, before.text, openSecretFileIfThere(backup));
  rewriteSecretFile(file, text, before);
  sayPut(names, file, io);
  const why = reply ? '' : 'the server answers nothing, so whether it knows the new key cannot be told; ';
  io.out(`next: ${why}the file with the old key is ${printable(backup)}: remove it once the new one works\n`);
  return 0;
};

/** A file that a profile names is not of this program's making, and others may need it. */
const sayLeft = (keyFiles: readonly string[]): string =>
  keyFiles.length === 0
    ? 'gone from here'
    : `still in ${keyFiles.join(' and ')}: remove that once nothing else names it`;
