/** The Debian package, made as `npm run package` makes it. */
import { spawnSync } from 'node:child_process';
import { builtFile } from './paths.ts';

/** Runs a shell script that must succeed and complain of nothing; what it printed. @throws Error with its complaints. */
const runScript = (script: string, ...words: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...words], { encoding: 'utf8' });
  if (status !== 0 || stderr !== '') throw new Error(`"${words.join(' ')}" ended with code ${status}:\n${stderr}`);
  return stdout;
};

/** Makes it in `folder`, and gives its path. */
export const buildDeb = (folder: string): string => {
  // Neither the clock nor the umask of whoever makes it may matter.
  const words = [process.execPath, builtFile('tools/package.js'), '--fast', '--to', folder];
  return runScript('umask 077; exec "$@"', ...words).split(': ')[0] ?? '';
};

const NEXT = `set -e
dpkg-deb --raw-extract "$1" "$2/tree"
cd "$2/tree"
sed -i "s/^Version: .*/Version: $3/" DEBIAN/control
sed -i "s/\\"version\\": \\".*\\"/\\"version\\": \\"$3\\"/" usr/lib/spad/package.json
echo '# of version '$3 >> etc/logrotate.d/spad
dpkg-deb --root-owner-group -Zzstd -z1 --build . "$2/spad_$3.deb"
rm -r "$2/tree"
`;

/** Makes of it what its next version would be, with a settings file that has changed; in `folder`; gives its path. */
export const nextDeb = (deb: string, folder: string, version: string): string => {
  runScript(NEXT, deb, folder, version);
  return `${folder}/spad_${version}.deb`;
};
