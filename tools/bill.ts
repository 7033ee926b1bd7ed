/** The bill of materials: what is shipped beside our own files, as CycloneDX 1.6 (cyclonedx.org/docs/1.6/json). */

/** The part of package-lock.json (lockfileVersion 3) that is read here. */
export interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly lockfileVersion: number;
  /** By path; that of the project itself is empty. */
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Something shipped that npm knows nothing of. */
export interface Program {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const FOLDER = 'node_modules/';

/** `node_modules/a/node_modules/@b/c` is `@b/c`. */
export const packageName = (path: string): string => path.slice(path.lastIndexOf(FOLDER) + FOLDER.length);

/** The paths of all packages that are installed without `dev`, in the order of the alphabet. */
export const runTimePaths = ({ packages }: Lock): readonly string[] =>
  Object.keys(packages)
    .filter((path) => path !== '' && packages[path]?.dev !== true && packages[path]?.devOptional !== true)
    .sort();

/** Where Node finds `name` from the package at `from`: in its own folder, else in one further up. */
const resolvePath = ({ packages }: Lock, from: string, name: string): string | undefined => {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf(`/${FOLDER}`), 0))) {
    const path = `${folder === '' ? '' : `${folder}/`}${FOLDER}${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === '') return undefined;
  }
};

const purlOf = (path: string, { version }: LockedPackage): string =>
  `pkg:npm/${packageName(path).replace('@', '%40')}@${version}`;

/** What npm compares a package with (w3.org/TR/SRI), as CycloneDX has it. Throws where there is none. */
const hashesOf = (path: string, { integrity }: LockedPackage): object[] => {
  const digest = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity ?? '')?.[1];
  if (digest === undefined)
    throw new Error(`package-lock.json has no SHA-512 of ${path}: make it anew with "npm install"`);
  return [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }];
};

const licensesOf = (license: string | undefined): object =>
  license === undefined
    ? {}
    : { licenses: [/[ (]/.test(license) ? { expression: license } : { license: { id: license } }] };

const componentOf = (path: string, locked: LockedPackage): object => ({
  type: 'library',
  'bom-ref': path,
  name: packageName(path),
  version: locked.version,
  scope: locked.optional === true ? 'optional' : 'required',
  hashes: hashesOf(path, locked),
  ...licensesOf(locked.license),
  purl: purlOf(path, locked),
});

/**
 * The document. The same lock file gives the same bytes: it has neither a time nor a serial number, which CycloneDX leaves
 * free. `paths` are the packages that are shipped, `programs` what is shipped beside them. Throws where the lock file has no
 * such package, or no digest of it.
 */
export const billOfMaterials = (lock: Lock, paths: readonly string[], programs: readonly Program[]): string => {
  const own = lock.packages[''];
  if (own === undefined) throw new Error('package-lock.json does not say whose it is: make it anew with "npm install"');
  const lockedAt = (path: string): LockedPackage => {
    const locked = lock.packages[path];
    if (locked === undefined) throw new Error(`package-lock.json has no ${path}: run "npm install"`);
    return locked;
  };
  const neededBy = (path: string): string[] => {
    const { dependencies, optionalDependencies } = lockedAt(path);
    return Object.keys({ ...dependencies, ...optionalDependencies })
      .flatMap((name) => resolvePath(lock, path, name) ?? [])
      .filter((found) => paths.includes(found))
      .sort();
  };
  const programRefs = programs.map(({ name }) => name);
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': 'spad',
        name: 'spad',
        version: own.version,
        ...licensesOf(own.license),
      },
    },
    components: [
      ...paths.map((path) => componentOf(path, lockedAt(path))),
      ...programs.map(({ name, version, license }) => ({
        type: 'application',
        'bom-ref': name,
        name,
        version,
        ...licensesOf(license),
        purl: `pkg:generic/${name}@${version}`,
      })),
    ],
    dependencies: [
      { ref: 'spad', dependsOn: [...neededBy(''), ...programRefs] },
      ...paths.map((path) => ({ ref: path, dependsOn: neededBy(path) })),
    ],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
};
