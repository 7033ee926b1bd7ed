/** The pipe to the authorizer, which this process does not outlive. */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

const DESCRIPTOR = 3;
/** Exit status when the authorizer has gone; nobody is left to read it. */
const ORPHANED = 70;

/** Gives what writes as much as the pipe takes at once, and tells its length in bytes. */
export const openPipe = (): ((bytes: Uint8Array) => number) => {
  // Opening it as a stream makes the descriptor non-blocking, and tells when the other end closes.
  const pipe = new Socket({ fd: DESCRIPTOR, readable: true, writable: false });
  pipe.on('close', () => process.exit(ORPHANED));
  pipe.on('error', () => process.exit(ORPHANED));
  pipe.resume();
  return (bytes) => {
    try {
      return writeSync(DESCRIPTOR, bytes);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
      process.exit(ORPHANED);
    }
  };
};
