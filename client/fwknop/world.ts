import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { askSecret } from '../../keys/terminal.ts';
import { systemCode } from '../../keys/trouble.ts';
import { unixMs } from '../../src/base/units.ts';
import type { FwknopIo, ReadText } from './io.ts';
import { readLine } from './descriptor.ts';

const NO_TERMINAL =
  'no key was given and there is no terminal to ask for one: put it into .fwknoprc, or use -G FILE or --stdin';

const readText = (path: string): ReadText | undefined => {
  try {
    const descriptor = openSync(path, 'r');
    try {
      return { text: readFileSync(descriptor, 'utf8'), isOpen: (fstatSync(descriptor).mode & 0o077) !== 0 };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

const { O_WRONLY, O_CREAT, O_APPEND, O_EXCL, O_NOFOLLOW } = constants;

const writeText = (path: string, text: string, append = false): void => {
  if (append || !isReplaceable(path)) {
    writeThrough(path, text, O_APPEND);
    return;
  }
  // Whole or not at all: the file may hold the only copy of other keys.
  const draft = `${path}.${String(process.pid)}.new`;
  try {
    writeThrough(draft, text, O_EXCL);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
};

/** Not a device, a pipe or a symbolic link. */
const isReplaceable = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true;

const writeThrough = (path: string, text: string, flags: number): void => {
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | flags, 0o600);
  try {
    // One that was there may have been open to others; what is written may be a key, or a packet not yet sent.
    if (fstatSync(descriptor).isFile()) fchmodSync(descriptor, 0o600);
    writeFileSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
};

const loginName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the password file.
    return undefined;
  }
};

/** The real world. */
export const fwknopWorld: FwknopIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
  posixly: process.env['POSIXLY_CORRECT'] !== undefined,
  loginName,
  now: () => unixMs(Date.now()),
  random: (length) => randomBytes(length),
  ...{ readText, writeText, readLine },
  askSecret: (prompt) => new Promise((resolve) => resolve(askSecret(prompt, NO_TERMINAL))),
  send: async (plan) => (await import('./transports.ts')).sendPacket(plan, (length) => randomBytes(length)),
  fetchText: async (url, userAgent) => (await import('./fetch-text.ts')).fetchText(url, userAgent),
  sealGpg: async (plain, plan) => (await import('./gpg.ts')).sealGpg(plain, plan),
};
