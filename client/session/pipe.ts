/** Standard input and output as the two ends of a TCP connection. */
import { closeSync, createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { systemCode } from '../../keys/trouble.ts';

/**
 * Carries bytes both ways until both have ended. The end of one way is the end of that way alone; who does not read holds the other
 * back. Settles with the error of the connection, undefined where it ended in order or nobody reads any more.
 */
export const joinPipes = (input: Readable, output: Writable, socket: Socket): Promise<Error | undefined> =>
  new Promise((resolve) => {
    let waysLeft = 2;
    const finish = (error?: Error): void => {
      input.destroy();
      socket.destroy();
      output.destroy();
      resolve(error);
    };
    const endWay = (): void => {
      waysLeft -= 1;
      if (waysLeft === 0) finish();
    };
    // It may have broken before anybody listened.
    if (socket.errored !== null) {
      finish(socket.errored);
      return;
    }
    socket.on('error', finish);
    // Whoever started this has gone: nobody is there to be told.
    output.on('error', (error) => finish(systemCode(error) === 'EPIPE' ? undefined : error));
    input.on('error', () => socket.end());
    socket.on('finish', endWay);
    output.on('finish', () => {
      // What is no socket has no half to end, and the reader waits for it to be closed.
      output.destroy();
      endWay();
    });
    input.pipe(socket);
    socket.pipe(output);
  });

/**
 * Standard output that waits for its reader: `process.stdout` would hold up the whole program where that is a pipe, and is never
 * closed. A file or terminal is written as a file is.
 */
export const openStandardOutput = (): Writable => {
  const kind = fstatSync(1);
  if (!kind.isFIFO() && !kind.isSocket()) return createWriteStream('', { fd: 1 });
  const output = new Socket({ fd: 1, readable: false, writable: true });
  // Node leaves it open, as it does all three.
  return output.once('close', () => closeSync(1));
};
