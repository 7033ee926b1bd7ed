/** package-lock.json (lockfileVersion 3), as far as tests look at it. */

export interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly lockfileVersion: number;
  /** By path; that of the project itself is empty. */
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

const FOLDER = 'node_modules/';

/** `node_modules/a/node_modules/@b/c` is `@b/c`. */
export const packageName = (path: string): string => path.slice(path.lastIndexOf(FOLDER) + FOLDER.length);

/** The paths of all packages that are installed without `dev`, in the order of the alphabet. */
export const runTimePaths = ({ packages }: Lock): readonly string[] =>
  Object.keys(packages)
    .filter((path) => path !== '' && packages[path]?.dev !== true && packages[path]?.devOptional !== true)
    .sort();
