/** The folder of the daemon's state, which nobody else may write to: what is in it is believed at the next start. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the folder (0700) where it is missing. Throws a sentence where it cannot be used, or others could put files into it. */
export const makeStateFolder = (path: string): void => {
  let fault: string | undefined;
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK | constants.X_OK);
    fault = faultOf(path);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`state_dir ${path} cannot be used: ${words}`, { cause: error });
  }
  if (fault !== undefined) throw new Error(`state_dir ${path} ${fault}`);
};

/** Node takes a parent that cannot be written for one that is missing, unless it is asked for one folder alone. */
const makeFolder = (path: string): void => {
  if (existsSync(path)) return;
  if (existsSync(dirname(path))) mkdirSync(path, { mode: 0o700 });
  else mkdirSync(path, { recursive: true, mode: 0o700 });
};

/** Whoever may write there could lay a link in the way of a file, or a journal that has forgotten packets. */
const faultOf = (path: string): string | undefined => {
  const { uid, mode } = statSync(path);
  const user = process.geteuid?.() ?? 0;
  if (uid !== 0 && uid !== user)
    return `belongs to uid ${String(uid)}, who could change what is in it: run chown ${String(user)} ${path}`;
  if ((mode & 0o022) === 0) return undefined;
  const octal = (mode & 0o7777).toString(8).padStart(4, '0');
  return `can be written by others (mode ${octal}), who could change what is in it: run chmod 700 ${path}`;
};
