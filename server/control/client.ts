/** Asks the daemon that runs on a state folder. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { err, type Result } from '../../src/base/result.ts';
import { type ControlRequest, encodeRequest } from '../../src/control/request.ts';
import { decodeResponse } from '../../src/control/response.ts';

/** Its name in the state folder. */
export const CONTROL_SOCKET = 'control.sock';

/** Longer than the daemon's own patience: it may be about to answer. */
const PATIENCE_MS = 15_000;
/** Far above the longest list of grants. */
const MAX_RESPONSE = 64 * 1024 * 1024;

const SILENT = 'spad has not answered; is it stopping, or are many asking at once?';

/** Why nothing could be asked. */
export const notAllowed = (error: Error): Error =>
  new Error(`only root, or the user that spad runs as, may ask it: ${error.message}; try sudo`);

/** The answer or the sentence by which it was refused; undefined where no daemon is running there. Throws where one may not ask. */
export const askDaemon = (folder: string, request: ControlRequest): Promise<Result<unknown, string> | undefined> =>
  new Promise((resolve, reject) => {
    const socket = connect(join(folder, CONTROL_SOCKET));
    const chunks: Buffer[] = [];
    let length = 0;
    const late = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('connect', () => socket.write(`${encodeRequest(request)}\n`));
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > MAX_RESPONSE) socket.destroy();
    });
    socket.on('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
      else if (code === 'EACCES') reject(notAllowed(error));
      else resolve(err(SILENT));
    });
    socket.on('close', () => {
      clearTimeout(late);
      const text = Buffer.concat(chunks).toString('utf8');
      resolve(text.endsWith('\n') ? decodeResponse(text.trimEnd()) : err(SILENT));
    });
  });
