/** Files that are replaced whole: a reader, or a daemon that comes back, finds the old content or the new, never half. */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces `path` (0600) and makes it durable, its folder entry included. Gives the open descriptor of the new file,
 * for reading and writing. Throws the system's error; the old file is then as it was.
 */
export const replaceFile = (path: string, content: Uint8Array): number => {
  const temporary = `${path}.new`;
  const fd = openSync(temporary, 'w+', 0o600);
  try {
    fchmodSync(fd, 0o600);
    writeAll(fd, content, 0);
    fsyncSync(fd);
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return fd;
  } catch (error) {
    closeSync(fd);
    try {
      unlinkSync(temporary);
    } catch {
      // It may be gone already; the first error is the one to tell.
    }
    throw error;
  }
};

/** Writes all bytes at `position`; the system may take fewer at once. */
export const writeAll = (fd: number, bytes: Uint8Array, position: number): void => {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
};

const syncFolder = (path: string): void => {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};
