/**
 * Reading files that hold secrets. Everything is asked of the open descriptor, never of the path, so that nobody can
 * put another file in its place between the question and the answer.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { printable } from '../src/base/printable.ts';
import { decodeUtf8 } from '../src/bytes/encoding.ts';
import { serviceGroup } from './service-group.ts';
import { systemCode, Trouble } from './trouble.ts';

/** `absent`: there is no such file · `forbidden`: this user may not read it · `unsafe`: it could be read, and must not be used. */
export type FileRefusal = 'absent' | 'forbidden' | 'unsafe';

/** Why a file was not read, as a whole sentence that names it. */
export class FileRefused extends Trouble {
  override readonly name = 'FileRefused';
  readonly path: string;
  readonly reason: FileRefusal;

  constructor(path: string, reason: FileRefusal, sentence: string) {
    super(sentence, 2);
    this.path = path;
    this.reason = reason;
  }
}

/** In bytes: a hundred thousand clients with their keys, and room. A wrong path (a disk image, a log) comes near it. */
export const MAX_SECRET_FILE = 32 * 1024 * 1024;

/** Which file it was and what state it was in: two equal ones mean that nobody wrote in between. */
export interface FileState {
  readonly device: bigint;
  readonly inode: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly modifiedNs: bigint;
  readonly owner: bigint;
  readonly group: bigint;
  /** Permission bits alone. */
  readonly mode: number;
}

export interface SecretFile {
  readonly text: string;
  readonly state: FileState;
}

/**
 * The text of a file that holds secrets.
 * @throws FileRefused unless it is a regular file of this user or root, closed to all others (no bit of 0077; root's may be read
 *   by the daemon's group, {@link serviceGroup}), at most
 *   {@link MAX_SECRET_FILE} long and UTF-8; a symbolic link is refused. Errors of the machine (EIO) are thrown as they are.
 */
export const readSecretFile = (path: string): string => openSecretFile(path).text;

/** As {@link readSecretFile}, with what a later rewrite must find unchanged. Throws the same. */
export const openSecretFile = (path: string): SecretFile => {
  const descriptor = openForReading(path);
  try {
    const state = checkedState(path, descriptor);
    const bytes = readAll(path, descriptor, Number(state.size));
    const text = decodeUtf8(bytes);
    // The text itself cannot be wiped: JavaScript's strings cannot be changed.
    bytes.fill(0);
    if (text === undefined) throw new FileRefused(path, 'unsafe', `${printable(path)} is not UTF-8 text`);
    return { text, state };
  } finally {
    closeSync(descriptor);
  }
};

/** As {@link openSecretFile}; undefined where there is no such file. */
export const openSecretFileIfThere = (path: string): SecretFile | undefined => {
  try {
    return openSecretFile(path);
  } catch (error) {
    if (error instanceof FileRefused && error.reason === 'absent') return undefined;
    throw error;
  }
};

/** Without O_NONBLOCK, opening a named pipe would wait for its writer. */
const openForReading = (path: string): number => {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    throw openingRefused(path, systemCode(error)) ?? error;
  }
};

const openingRefused = (path: string, code: string | undefined): FileRefused | undefined => {
  const name = printable(path);
  switch (code ?? '') {
    case 'ENOENT':
      return new FileRefused(path, 'absent', `there is no file ${name}`);
    case 'ENOTDIR':
      return new FileRefused(path, 'absent', `there is no file ${name}: a part of this path is not a folder`);
    case 'EACCES':
    case 'EPERM':
      return new FileRefused(
        path,
        'forbidden',
        `${name} may not be read by this user (uid ${String(currentUser())}): run this as the file's owner or as root`,
      );
    case 'ELOOP':
      return new FileRefused(path, 'unsafe', `${name} is a symbolic link: give the path of the file itself`);
    case 'ENXIO':
      return new FileRefused(path, 'unsafe', `${name} is not a regular file`);
    default:
      return undefined;
  }
};

/** What root has laid down for the daemon's own user. */
const isForService = ({ uid, gid }: { readonly uid: bigint; readonly gid: bigint }, mode: number): boolean =>
  uid === 0n && (mode & 0o077) === 0o040 && Number(gid) === serviceGroup();

const checkedState = (path: string, descriptor: number): FileState => {
  const refuse = (sentence: string): FileRefused => new FileRefused(path, 'unsafe', `${printable(path)} ${sentence}`);
  const stat = fstatSync(descriptor, { bigint: true });
  if (!stat.isFile()) throw refuse(stat.isDirectory() ? 'is a folder, not a file' : 'is not a regular file');
  const user = currentUser();
  if (stat.uid !== 0n && stat.uid !== BigInt(user)) {
    throw refuse(
      `belongs to uid ${String(stat.uid)}, neither to this user (uid ${String(user)}) nor to root: ` +
        `run this as its owner, or run chown ${String(user)} ${printable(path)}`,
    );
  }
  const mode = Number(stat.mode & 0o7777n);
  if ((mode & 0o077) !== 0 && !isForService(stat, mode)) {
    const how = (mode & 0o044) !== 0 ? 'readable' : (mode & 0o022) !== 0 ? 'writable' : 'executable';
    const octal = mode.toString(8).padStart(4, '0');
    throw refuse(`is ${how} by others (mode ${octal}): run chmod 600 ${printable(path)}`);
  }
  if (stat.size > BigInt(MAX_SECRET_FILE)) throw refuse('is larger than 32 MiB: is this the right file?');
  return {
    device: stat.dev,
    inode: stat.ino,
    size: stat.size,
    modifiedNs: stat.mtimeNs,
    owner: stat.uid,
    group: stat.gid,
    mode,
  };
};

/** Reads to the end, but never past the limit: the file of `size` bytes may grow while it is read. */
const readAll = (path: string, descriptor: number, size: number): Uint8Array => {
  // One more than there is tells that it is all.
  let bytes = new Uint8Array(size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    length += count;
    if (count === 0) return bytes.subarray(0, length);
    if (length === bytes.length) {
      const larger = new Uint8Array(MAX_SECRET_FILE + 1);
      larger.set(bytes);
      bytes = larger;
    }
    if (length > MAX_SECRET_FILE) throw new FileRefused(path, 'unsafe', `${printable(path)} is larger than 32 MiB`);
  }
};

/** The effective uid; this is a program for Linux, where there always is one. */
const currentUser = (): number => process.geteuid?.() ?? 0;
