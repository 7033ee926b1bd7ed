/** The way to the authorizer, which this process does not outlive. */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** The daemon that started us reads this descriptor; its orders, behind the settings, come on standard input. */
const PIPE = 3;
/** Both ways are one connection, where systemd has started us for it. */
const CONNECTION = 0;
/** Exit status when the authorizer has gone; nobody is left to read it. */
const ORPHANED = 70;

export interface Link {
  /** Writes as much as is taken at once, and tells its length in bytes. */
  readonly write: (bytes: Uint8Array) => number;
  /** What the authorizer says behind the settings. */
  readonly orders: Readable;
}

/** To be opened once the settings have been read: from then on reading waits for nothing. */
export const openLink = (isConnection: boolean): Link => {
  const descriptor = isConnection ? CONNECTION : PIPE;
  // Opening it as a stream makes the descriptor non-blocking, and tells when the other end closes.
  const end = new Socket({ fd: descriptor, readable: true, writable: false });
  end.on('close', () => process.exit(ORPHANED));
  end.on('error', () => process.exit(ORPHANED));
  end.resume();
  const write = (bytes: Uint8Array): number => {
    try {
      return writeSync(descriptor, bytes);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
      process.exit(ORPHANED);
    }
  };
  return { write, orders: isConnection ? end : process.stdin };
};
