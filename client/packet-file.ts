import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { systemCode, Trouble } from '../keys/trouble.ts';
import { printable } from '../src/base/printable.ts';

/**
 * Writes the raw bytes of a datagram to `path`, mode 0600: until it has been sent or is stale, whoever reads it can send it.
 * A file that is there is overwritten.
 * @throws Trouble (exit code 1) where the path is a symbolic link or not a regular file; errors of the operating system.
 */
export const savePacket = (path: string, datagram: Uint8Array): void => {
  const descriptor = openForWriting(path);
  try {
    if (!fstatSync(descriptor).isFile()) throw notAFile(path, 'is not a regular file');
    fchmodSync(descriptor, 0o600);
    ftruncateSync(descriptor, 0);
    writeFileSync(descriptor, datagram);
  } finally {
    closeSync(descriptor);
  }
};

const openForWriting = (path: string): number => {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ELOOP') throw notAFile(path, 'is a symbolic link');
    if (code === 'EISDIR' || code === 'ENXIO') throw notAFile(path, 'is not a regular file');
    throw error;
  }
};

const notAFile = (path: string, what: string): Trouble =>
  new Trouble(`the packet cannot be saved: ${printable(path)} ${what}; choose another name`, 1);
