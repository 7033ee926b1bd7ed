/** One daemon a state folder: two would refuse each other's packets and forget each other's grants. */
import { unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/** Linux: sun_path of unix(7), less its final zero. */
const MAX_PATH = 107;
/** Of the sockets that a daemon has in its folder. */
const LONGEST_SOCKET = 'control.sock';

/**
 * Holds the folder until this process ends, by listening on a socket in it: only who may enter the folder can, and what a
 * killed daemon leaves behind answers nobody. Throws a sentence where another daemon holds it.
 */
export const claimFolder = async (folder: string): Promise<void> => {
  const path = join(folder, 'lock');
  if (Buffer.byteLength(join(folder, LONGEST_SOCKET)) > MAX_PATH)
    throw new Error(`state_dir ${folder} is too long: a socket in it needs ${String(MAX_PATH)} bytes`);
  if (await listen(path)) return;
  if (!(await answers(path))) {
    unlinkSync(path);
    if (await listen(path)) return;
  }
  throw new Error(`another spad is running on ${folder}: stop it first, or give this one a state_dir of its own`);
};

/** Whether a daemon holds the folder. */
export const isClaimed = (folder: string): Promise<boolean> => answers(join(folder, 'lock'));

/** Whether the socket could be made; throws where something else than another socket is in the way. */
const listen = (path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const lock = createServer((connection) => connection.destroy()).unref();
    lock.on('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(false);
      else reject(new Error(`state_dir cannot be used: ${error.message}`, { cause: error }));
    });
    lock.listen(path, () => resolve(true));
  });

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
