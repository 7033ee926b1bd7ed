/** What the native code in the Debian package needs of the system: read from the files themselves, as dpkg-shlibdeps would. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** All of Node's own must be in its one file; these come with every Debian. */
const OF_THE_SYSTEM = /^(?:linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt|libgcc_s|libstdc\+\+|libatomic)\.so/;

/** Throws a sentence where `node` leans on libraries that the package does not bring, as a distribution's own Node does. */
export const refuseSharedNode = (node: string): void => {
  const { stdout } = spawnSync('ldd', [node], { encoding: 'utf8' });
  const foreign = stdout
    .split('\n')
    .map((line) => line.trim().split(' ')[0]?.split('/').at(-1) ?? '')
    .filter((name) => name !== '' && !OF_THE_SYSTEM.test(name));
  if (foreign.length === 0) return;
  const needs = foreign.join(', ');
  throw new Error(
    `${node} cannot be put into a package: it needs ${needs}. Use a Node.js from https://nodejs.org or NodeSource.`,
  );
};

/** The first g++ whose libstdc++ has GLIBCXX_3.4.N (gcc.gnu.org, "ABI Policy and Guidelines"); older ones are everywhere. */
const GCC_OF: readonly (readonly [last: number, version: string])[] = [
  [28, '9'],
  [29, '11'],
  [30, '12'],
  [32, '13.2'],
  [33, '14'],
];

/** The first part of `Depends:`, for what `files` were linked with. */
export const libraryDependencies = (files: readonly string[]): string => {
  const texts = files.map((file) => readFileSync(file, 'latin1'));
  const highest = (pattern: RegExp): number =>
    Math.max(...texts.flatMap((text) => [...text.matchAll(pattern)].map(([, minor]) => Number(minor))), 0);
  const libc = highest(/GLIBC_2\.(\d{1,2})\0/g);
  const last = highest(/GLIBCXX_3\.4\.(\d{1,2})\0/g);
  const gcc = GCC_OF.find(([known]) => last <= known)?.[1] ?? '15';
  return `libc6 (>= 2.${String(libc)}), libgcc-s1, libstdc++6 (>= ${gcc})`;
};
