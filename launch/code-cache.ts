/**
 * V8's code cache of a bundled program: what it compiled in an earlier run. It is code, so it is believed only where nobody
 * but those could have written it who could as well have changed the program or are the user.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';

/** Where a cache may be. */
export interface CachePlace {
  /** An absolute path. */
  readonly folder: string;
  /** The user's own folder must be closed to the writing of others; beside the program, who may write may replace it anyway. */
  readonly isOwn: boolean;
  /** Whose files are believed. */
  readonly owners: readonly number[];
}

const WRITABLE_BY_OTHERS = 0o022;
/** Ours are some hundred kB. */
const MAX_CACHE = 16 * 1024 * 1024;

/** The folder of the program `file`, which belongs to the user id `owner`, then the user's own (XDG Base Directory Specification). */
export const cachePlaces = (file: string, owner: number, env: NodeJS.ProcessEnv): readonly CachePlace[] => {
  const { XDG_CACHE_HOME: configured = '', HOME: home = '' } = env;
  const base = configured.startsWith('/') ? configured : home.startsWith('/') ? `${home}/.cache` : undefined;
  const own = base === undefined ? [] : [{ folder: `${base}/spad`, isOwn: true, owners: [user()] }];
  // Whoever owns the program could have written anything into it.
  const owners = [0, user(), owner];
  return [{ folder: file.slice(0, file.lastIndexOf('/')), isOwn: false, owners }, ...own];
};

/**
 * The first cache `name` that may be believed; undefined where there is none. Never throws. It is in `room` where that is large enough:
 * memory that was used before is faster to read into than new one.
 */
export const readCache = (places: readonly CachePlace[], name: string, room: Buffer): Buffer | undefined => {
  for (const { folder, isOwn, owners } of places) {
    try {
      if (isOwn && !isOwnFolder(folder)) continue;
      const cache = readTrusted(`${folder}/${name}`, owners, room);
      if (cache !== undefined) return cache;
    } catch {
      // Not here, or not for us.
    }
  }
  return undefined;
};

const user = (): number => process.geteuid?.() ?? -1;

const isOwnFolder = (folder: string): boolean => {
  const found = lstatSync(folder);
  return found.isDirectory() && found.uid === user() && (found.mode & WRITABLE_BY_OTHERS) === 0;
};

const isTrusted = (found: Stats, owners: readonly number[]): boolean =>
  found.isFile() && owners.includes(found.uid) && (found.mode & WRITABLE_BY_OTHERS) === 0;

/**
 * V8 checks versions and lengths and then believes every byte, and may crash on a wrong one. So a file holds the same twice:
 * comparing that costs a twentieth of a millisecond, a checksum in JavaScript two.
 */
const readTrusted = (path: string, owners: readonly number[], room: Buffer): Buffer | undefined => {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (!isTrusted(found, owners) || found.size > MAX_CACHE || found.size % 2 !== 0) return undefined;
    const both = found.size <= room.length ? room.subarray(0, found.size) : Buffer.allocUnsafeSlow(found.size);
    if (readSync(descriptor, both) !== both.length) return undefined;
    const half = both.length / 2;
    return both.compare(both, half, both.length, 0, half) === 0 ? both.subarray(0, half) : undefined;
  } finally {
    closeSync(descriptor);
  }
};

/** Keeps `cache` under `name` in the first place that takes it: whole or not at all. Never throws. */
export const writeCache = (places: readonly CachePlace[], name: string, cache: Buffer): void => {
  for (const { folder, isOwn } of places) {
    try {
      if (isOwn) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        if (!isOwnFolder(folder)) continue;
      } else if (lstatSync(folder).uid !== user()) continue;
      writeWhole(`${folder}/${name}`, cache);
      return;
    } catch {
      // Not to be written here: the next start compiles again.
    }
  }
};

const writeWhole = (path: string, cache: Buffer): void => {
  const draft = `${path}.${String(process.pid)}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const descriptor = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    try {
      // Whatever the umask of a daemon is: others who run the program may read it.
      fchmodSync(descriptor, 0o644);
      for (const half of [cache, cache]) {
        for (let at = 0; at < half.length;) at += writeSync(descriptor, half, at);
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, path);
  } catch (error) {
    unlinkSync(draft);
    throw error;
  }
};
