/** Replacing a file of keys: whoever reads it sees the old text or the new one, and after a power cut too. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { printable } from '../src/base/printable.ts';
import type { FileState, SecretFile } from './safe-file.ts';
import { serviceGroup } from './service-group.ts';
import { systemCode, Trouble } from './trouble.ts';

/** The file as it was read. */
type Previous = Pick<SecretFile, 'state'>;

/** A new text that lies complete on the disk beside the file. */
export interface StagedFile {
  readonly path: string;
  /** @throws Trouble (exit code 1) where the file is no longer what it was when it was read; nothing is changed then. */
  commit(): void;
  /** Takes away what there is of it: the text beside the file, or after `commit` a file that was new. */
  abandon(): void;
}

/**
 * Writes `text` beside `path`, ready to take its place. `previous` is the file as it was read, or undefined where it must
 * not exist yet: then it is made with mode 0600, and missing folders with 0700. Owner and mode stay as they were.
 * Throws the errors of the operating system.
 */
export const stageSecretFile = (
  path: string,
  text: string | Uint8Array,
  previous: Previous | undefined,
): StagedFile => {
  const folder = dirname(path);
  if (previous === undefined) makeFolder(folder);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  writeNewFile(temporary, text, previous?.state);
  let left: string | undefined = temporary;
  const commit = (): void => {
    left = undefined;
    try {
      if (previous === undefined) putInPlace(temporary, path);
      else replace(temporary, path, previous.state);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    }
    if (previous === undefined) left = path;
    syncFolder(folder);
  };
  const abandon = (): void => {
    if (left !== undefined) unlinkSync(left);
  };
  return { path, commit, abandon };
};

/** {@link stageSecretFile} and at once `commit`; throws what they throw. */
export const rewriteSecretFile = (path: string, text: string | Uint8Array, previous: Previous | undefined): void =>
  stageSecretFile(path, text, previous).commit();

/** Not mkdir's own recursion: Node 20 never comes back from one below /proc, where a folder cannot be made and none is missing. */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
};

const writeNewFile = (path: string, text: string | Uint8Array, like: FileState | undefined): void => {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    if (like === undefined) fchmodSync(descriptor, shareWithService(descriptor, dirname(path)) ? 0o640 : 0o600);
    else {
      keepOwner(descriptor, like);
      fchmodSync(descriptor, like.mode);
    }
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
};

/** Only root writes files that belong to others; for everyone else the new file's owner is right already. */
const keepOwner = (descriptor: number, like: FileState): void => {
  if (process.geteuid?.() === 0) fchownSync(descriptor, Number(like.owner), Number(like.group));
};

/** What root puts into a folder that the daemon's own user may read is for it, too. Says whether that is so. */
const shareWithService = (descriptor: number, folder: string): boolean => {
  if (process.geteuid?.() !== 0) return false;
  const { uid, gid, mode } = statSync(folder);
  if (uid !== 0 || (mode & 0o050) !== 0o050 || gid !== serviceGroup()) return false;
  fchownSync(descriptor, 0, gid);
  return true;
};

/** A link, unlike a rename, never replaces a file that somebody made in the meantime. */
const putInPlace = (temporary: string, path: string): void => {
  try {
    linkSync(temporary, path);
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? changedMeanwhile(path) : error;
  }
  unlinkSync(temporary);
};

const replace = (temporary: string, path: string, before: FileState): void => {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const same =
    now?.dev === before.device &&
    now.ino === before.inode &&
    now.size === before.size &&
    now.mtimeNs === before.modifiedNs;
  if (!same) throw changedMeanwhile(path);
  renameSync(temporary, path);
};

const changedMeanwhile = (path: string): Trouble =>
  new Trouble(`${printable(path)} was changed by another program just now and was left as it is; run this again`, 1);

/** The new name, too, must outlive a power cut. */
const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
