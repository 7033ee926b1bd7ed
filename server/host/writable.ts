/** Whether spad can write where it will, and how much room there is. Nothing is made. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from '../../src/host/facts.ts';
import { attempt } from './sockets.ts';

/** A folder that spad makes where it is missing: then the nearest one above it counts. */
export const lookAtFolder = (path: string): Writable => {
  const place = nearest(path);
  return { path, trouble: troubleWith(place, true), free: freeAt(place) };
};

/** A file that spad makes, its folder included. */
export const lookAtFile = (path: string): Writable => {
  if (!existsSync(path)) return { ...lookAtFolder(dirname(path)), path };
  return { path, trouble: troubleWith(path, false), free: freeAt(dirname(path)) };
};

const nearest = (path: string): string => (existsSync(path) || dirname(path) === path ? path : nearest(dirname(path)));

const troubleWith = (path: string, isFolder: boolean): string | undefined => {
  try {
    if (statSync(path).isDirectory() !== isFolder) return `${path} is ${isFolder ? 'no' : 'a'} folder`;
    accessSync(path, isFolder ? constants.W_OK | constants.X_OK : constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const freeAt = (path: string): number | undefined => {
  const found = attempt(() => statfsSync(path));
  return found === undefined ? undefined : found.bavail * found.bsize;
};
