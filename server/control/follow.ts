/** Follows the audit lines of the daemon that runs on a state folder. */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { encodeRequest } from '../../src/control/request.ts';
import { decodeResponse } from '../../src/control/response.ts';
import { CONTROL_SOCKET, notAllowed } from './client.ts';

/** How following came to its end: there was no daemon, it has gone, or it has refused. */
export type FollowEnd =
  | { readonly kind: 'not-running' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly sentence: string };

export interface FollowOptions {
  /** So many lines of before come first, at most. */
  readonly last: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** The daemon is there and will tell what comes. */
  readonly onOpen?: () => void;
  /** A line without its newline. */
  readonly onLine: (line: string) => void;
}

/** More lines than a daemon keeps. */
export const EVERYTHING = 1_000_000;

/** A line of the daemon's is far shorter; what is longer is not of its own words. */
const MAX_LINE = 1024 * 1024;

/** Settles when it is over. Rejects with a sentence where one may not ask. */
export const followDaemon = (folder: string, options: FollowOptions): Promise<FollowEnd> =>
  new Promise((resolve, reject) => {
    const socket = connect(join(folder, CONTROL_SOCKET));
    let end: FollowEnd = { kind: 'gone' };
    const leave = (): void => void socket.destroy();
    options.signal.addEventListener('abort', leave);
    if (options.signal.aborted) leave();
    socket.on('connect', () => socket.write(`${encodeRequest({ command: 'tail', last: options.last })}\n`));
    socket.on('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' || code === 'ECONNREFUSED') end = { kind: 'not-running' };
      else if (code === 'EACCES') reject(notAllowed(error));
    });
    socket.on('close', () => {
      options.signal.removeEventListener('abort', leave);
      resolve(end);
    });
    readLines(socket, (line, isFirst) => {
      if (!isFirst) {
        options.onLine(line);
        return;
      }
      const answer = decodeResponse(line);
      if (answer.ok) options.onOpen?.();
      else end = { kind: 'refused', sentence: answer.error };
    });
  });

const readLines = (socket: Socket, onLine: (line: string, isFirst: boolean) => void): void => {
  let rest = '';
  let isFirst = true;
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) socket.destroy();
    for (const line of lines) {
      onLine(line, isFirst);
      isFirst = false;
    }
  });
};
