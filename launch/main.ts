/**
 * Starts a bundled program. The bundle beside this file is one function expression; with V8's code cache nothing of it is
 * compiled again. Where there is no cache that may be believed it is compiled, and a run that did what is usual leaves one.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { cachePlaces, readCache, writeCache } from './code-cache.ts';

/** Put in by the bundler: the program's name, and what tells one bundle from another (V8 itself asks only for its length). */
declare const PROGRAM: string;
declare const BUILD: string;

/** The bundle as it is called. `hereOf` gives the `import.meta.url` of a file that is in it, by its path from here. */
type Bundle = (
  require: NodeJS.Require,
  module: { exports: { readonly isUsualRun?: () => boolean } },
  hereOf: (path: string) => string,
) => void;

const file = `${__dirname}/${PROGRAM}.bundle.js`;
const name = `${PROGRAM}-${BUILD}-${process.versions.v8}-${process.arch}.cache`;

/** In bytes: most bundles and most caches. */
const ROOM = 512 * 1024;

/** The bundle, whose it is, and the memory that it was read into, which is free again. As `readFileSync`, in half the time. */
const readBundle = (): readonly [text: string, owner: number, room: Buffer] => {
  const descriptor = openSync(file, 'r');
  const { size, uid } = fstatSync(descriptor);
  const room = Buffer.allocUnsafeSlow(Math.max(size, ROOM));
  let length = 0;
  for (let count = -1; count !== 0 && length < size; length += count) {
    count = readSync(descriptor, room, length, size - length, null);
  }
  closeSync(descriptor);
  // The bundle is ASCII, and Latin-1 is the fastest to read.
  return [room.toString('latin1', 0, length), uid, room];
};

const [text, owner, room] = readBundle();
const places = cachePlaces(file, owner, process.env);
const cachedData = readCache(places, name, room);
const script = new Script(text, { filename: file, ...(cachedData && { cachedData }) });
const module = { exports: {} as { readonly isUsualRun?: () => boolean } };

/** With other flags V8 refuses a cache, and would go on to refuse each other's. */
const hasOwnFlags = process.execArgv.length > 0 || (process.env['NODE_OPTIONS'] ?? '') !== '';

/** These need next to nothing of the program. */
const isQuestion = process.argv.slice(2).some((word) => /^(-h|-V|--help|--version|help)$/.test(word));

if ((cachedData === undefined || script.cachedDataRejected === true) && !hasOwnFlags && !isQuestion) {
  process.on('exit', (code) => {
    if (code === 0 && module.exports.isUsualRun?.() !== false) writeCache(places, name, script.createCachedData());
  });
}

const run = script.runInThisContext() as Bundle;
run(require, module, (path) => new URL(path, pathToFileURL(file)).href);
