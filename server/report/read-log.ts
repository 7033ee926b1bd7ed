/** Audit logs from disk: as they are written, rotated, compressed, or from standard input. */
import { createReadStream, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { UnixMs } from '../../src/base/units.ts';
import { parseAuditLine } from '../../src/report/audit-entry.ts';
import { LineCutter } from '../../src/report/line-cutter.ts';

/** The name of standard input. */
export const STDIN = '-';

/** The log at `path` and those that were rotated away beside it: `.1`, `.2.gz`, `-20261120.gz`. */
export const withRotated = (path: string): readonly string[] => {
  const [folder, name] = [dirname(path), basename(path)];
  return readdirSync(folder)
    .filter((other) => other.startsWith(name) && /^(?:[.-]\d[\d-]*)?(?:\.gz)?$/.test(other.slice(name.length)))
    .map((other) => join(folder, other));
};

/** The files, oldest first by the first line of each that has a time; as they are where one is standard input. */
export const inOrder = async (paths: readonly string[]): Promise<readonly string[]> => {
  if (paths.includes(STDIN)) return paths;
  const timed: { readonly path: string; readonly first: number }[] = [];
  for (const path of paths) timed.push({ path, first: await firstTime(path) });
  return timed.sort((a, b) => a.first - b.first).map(({ path }) => path);
};

/** A file that cannot be read is last: what is wrong with it is told when it is its turn. */
const firstTime = async (path: string): Promise<UnixMs | number> => {
  try {
    for await (const lines of linesOf(path)) {
      for (const line of lines) {
        const entry = line === undefined ? undefined : parseAuditLine(line);
        if (entry !== undefined) return entry.time;
      }
    }
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
};

/** Its lines, a compressed file's too, a piece of the file at a time; undefined: one that is too long. Throws the system's error, and zlib's. */
export const linesOf = async function* (path: string): AsyncGenerator<readonly (string | undefined)[]> {
  const cutter = new LineCutter();
  const decoder = new TextDecoder();
  for await (const bytes of await openLog(path)) {
    yield cutter.push(decoder.decode(bytes as Uint8Array, { stream: true }));
  }
  yield [...cutter.push(decoder.decode()), ...cutter.end()];
};

/** What it begins with tells whether it is compressed (RFC 1952), whatever it is called. */
const openLog = async (path: string): Promise<Readable> => {
  const raw: Readable = path === STDIN ? process.stdin : createReadStream(path);
  const pieces: AsyncIterator<unknown> = raw[Symbol.asyncIterator]();
  const head: Buffer[] = [];
  while (Buffer.concat(head).length < 2) {
    const next = await pieces.next();
    if (next.done === true) break;
    head.push(next.value as Buffer);
  }
  const all = Readable.from(withHead(head, pieces));
  const [first, second] = Buffer.concat(head);
  if (first !== 0x1f || second !== 0x8b) return all;
  const unpacked = createGunzip();
  all.on('error', (error) => unpacked.destroy(error));
  // Who has read enough of it lets go of the file, too.
  unpacked.on('close', () => all.destroy());
  return all.pipe(unpacked);
};

const withHead = async function* (head: readonly Buffer[], rest: AsyncIterator<unknown>): AsyncGenerator {
  yield* head;
  yield* { [Symbol.asyncIterator]: () => rest };
};
