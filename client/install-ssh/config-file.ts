/** Reading and replacing a file of ssh_config(5), be it a link. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { rewriteSecretFile } from '../../keys/ring-file.ts';
import type { FileState } from '../../keys/safe-file.ts';
import { systemCode, Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';

export interface ConfigFile {
  /** Where it really is, so that a link to it stays one. */
  readonly path: string;
  /** One character a byte. */
  readonly text: string;
  /** Undefined where there is no such file. */
  readonly state: FileState | undefined;
}

/** @throws Trouble where it is no file, and errors of the operating system. */
export const readConfig = (name: string): ConfigFile => {
  const path = realPath(name);
  if (path === undefined) return { path: name, text: '', state: undefined };
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const descriptor = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    if (!stat.isFile()) throw new Trouble(`${printable(path)} is not a regular file: name another one with --file`);
    const text = readFileSync(descriptor, 'latin1');
    const { dev: device, ino: inode, size, mtimeNs: modifiedNs, uid: owner, gid: group } = stat;
    return { path, text, state: { device, inode, size, modifiedNs, owner, group, mode: Number(stat.mode & 0o7777n) } };
  } finally {
    closeSync(descriptor);
  }
};

const realPath = (name: string): string | undefined => {
  try {
    return realpathSync(name);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    if (lstatSync(name, { throwIfNoEntry: false }) === undefined) return undefined;
    throw new Trouble(
      `${printable(name)} is a link to a file that is not there: make that file, or name one with --file`,
    );
  }
};

/** The file is replaced whole; a new one has mode 0600, and so has one that others could write, which ssh would not read. */
export const writeConfig = ({ path, state }: ConfigFile, text: string): void => {
  const kept = state && { ...state, mode: (state.mode & 0o022) === 0 ? state.mode : 0o600 };
  rewriteSecretFile(path, Buffer.from(text, 'latin1'), kept && { state: kept });
};
