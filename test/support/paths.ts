/** Where things are, the same from the sources (vitest) and from `dist` (the demo and the benches). */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds package.json.
 * @throws Error when no parent folder holds one.
 */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package.json in any parent folder');
    folder = parent;
  }
  return folder;
}

/**
 * The absolute path of a built file, named from `dist`: `builtFile('bin/spad.cjs')`.
 * @throws Error with the remedy when it has not been built.
 */
export function builtFile(name: string): string {
  const path = join(repositoryRoot(), 'dist', name);
  if (!existsSync(path)) throw new Error(`dist/${name} does not exist: run "npm run build" first`);
  return path;
}
