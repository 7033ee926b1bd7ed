/**
 * How far the clocks of servers are ahead of this host's, learned from their answers, in `clocks.json`: the next packet bears the
 * server's time. Forgetting a server costs a packet that may be stale, as it would have been without this file.
 */
import { readFileSync } from 'node:fs';
import { rewriteSecretFile } from '../keys/ring-file.ts';
import { openSecretFileIfThere } from '../keys/safe-file.ts';

/** Clocks that differ by less, in ms, are as good as equal: it is what a slow way makes of equal ones. */
export const AGREED_MS = 2000;

/** Whoever asks more servers than that with a wrong clock had better set it. The one that was learned first goes first. */
const MAX_SERVERS = 100;

/** A difference that has grown by less, in ms, is not written again. */
const STEADY_MS = 500;

/** By the server's name: by how many ms its clock is ahead. */
type Clocks = ReadonlyMap<string, number>;

/** In ms; 0 where nothing is known. What cannot be read is as good as not there: it is only a memory. */
export const recallClock = (path: string, server: string): number => readClocks(path).get(server) ?? 0;

/**
 * Remembers that the server's clock is `aheadMs` ahead of this host's, or forgets it where they agree. The file is replaced
 * whole, mode 0600. Throws FileRefused and Trouble as {@link rewriteSecretFile}, and errors of the operating system.
 */
export const rememberClock = (path: string, server: string, aheadMs: number): void => {
  const clocks = new Map(readClocks(path));
  const known = clocks.get(server);
  const isOff = Math.abs(aheadMs) > AGREED_MS;
  if (isOff ? known !== undefined && Math.abs(known - aheadMs) < STEADY_MS : known === undefined) return;
  clocks.delete(server);
  if (isOff) clocks.set(server, aheadMs);
  const text = `${JSON.stringify(Object.fromEntries([...clocks].slice(-MAX_SERVERS)), null, 2)}\n`;
  rewriteSecretFile(path, text, openSecretFileIfThere(path));
};

const readClocks = (path: string): Clocks => {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return new Map();
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return new Map();
  return new Map(Object.entries(content).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1])));
};
