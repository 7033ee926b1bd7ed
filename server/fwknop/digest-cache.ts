import { readFileSync } from 'node:fs';
import { countOf } from '../../src/base/printable.ts';
import { parseFwknopCache } from '../../src/replay/fwknop-cache.ts';
import type { Logger } from '../log/logger.ts';

/**
 * What an fwknopd has remembered at `path`, so that no packet opens here that has opened there. Throws the system's error
 * where the file is there and cannot be read: then nobody knows what must not open.
 */
export const loadDigestCache = (path: string | undefined, logger: Logger): ReadonlySet<string> => {
  if (path === undefined) return new Set();
  const text = readIfThere(path);
  if (text === undefined) {
    logger.warn(`${path} is not there: packets that fwknopd has let in before are known by their age alone`);
    return new Set();
  }
  const { digests, unreadable, dropped } = parseFwknopCache(text);
  if (unreadable > 0) logger.warn(`${path}: ${String(unreadable)} lines could not be read`);
  if (dropped > 0) logger.warn(`${path}: the oldest ${String(dropped)} lines are too many to be held`);
  logger.info(`${path}: ${countOf(digests.size, 'packet')} of fwknopd's will not be let in again`);
  return digests;
};

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};
