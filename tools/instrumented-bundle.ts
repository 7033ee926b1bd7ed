/** The fuzzer and all it calls as one file, in which our own modules count (tools/instrument.ts). */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { instrument } from './instrument.ts';

/** What is looked into: the product, and the bugs that are planted to try out the fuzzer itself. */
const COUNTED = /^(?:src|server|client|keys|platform)\/|^test\/fuzz\/planted\.ts$/;

const probesIn = (root: string): Plugin => ({
  name: 'probes',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      // Vectors are found from the file that reads them.
      const text = readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      const counted = COUNTED.test(relative(root, path));
      return counted ? { contents: instrument(path, text), loader: 'js' } : { contents: text, loader: 'ts' };
    });
  },
});

/** Writes it to `file`, of the checkout `root`; packages stay outside, so the file has to lie within the checkout. */
export const bundleFuzzer = async (root: string, file: string): Promise<void> => {
  await build({
    entryPoints: [join(root, 'test/fuzz/main.ts')],
    inject: [join(root, 'test/fuzz/probes.ts')],
    outfile: file,
    absWorkingDir: root,
    plugins: [probesIn(root)],
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20.19', packages: 'external' },
    ...{ sourcemap: 'inline', logLevel: 'warning' },
  });
};
