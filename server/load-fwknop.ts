/** From fwknop's own files on disk to its clients and settings, or to every problem there is. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf } from './process/accounts.ts';
import { readSecretFile } from '../keys/safe-file.ts';
import type { ProgramUser } from '../src/access/fwknop-stanza.ts';
import { err, ok, type Result } from '../src/base/result.ts';
import { type UnixMs, unixMs } from '../src/base/units.ts';
import { type FwknopEntry, parseAccessConf } from '../src/config/fwknop/access-conf.ts';
import type { AccessStart, FileReader } from '../src/config/fwknop/access-files.ts';
import type { CalendarDay } from '../src/config/fwknop/values.ts';
import { type FwknopdConf, parseFwknopdConf } from '../src/config/fwknop/fwknopd-conf.ts';
import type { Issue } from '../src/config/issue.ts';

export interface FwknopFiles {
  /** Undefined: what fwknopd.conf names. */
  readonly access: string | undefined;
  /** fwknopd.conf; undefined: fwknopd's own defaults. */
  readonly config: string | undefined;
  readonly overrides: readonly string[];
  readonly allowUnauthenticated: boolean;
  /** How that is asked for: a whole sentence. */
  readonly askForUnauthenticated: string;
}

export interface FwknopLoading {
  readonly conf: FwknopdConf;
  readonly entries: readonly FwknopEntry[];
}

/** Undefined where fwknopd.conf is wrong; entries are empty where an access file is. All of it is told in `issues`. */
export const loadFwknop = (files: FwknopFiles, issues: Issue[]): FwknopLoading | undefined => {
  const texts = [files.config, ...files.overrides]
    .filter((path) => path !== undefined)
    .map((path) => readPlain(path, issues));
  const known = texts.filter((text) => text !== undefined);
  const reading = parseFwknopdConf(known);
  issues.push(...reading.issues);
  // With what is known, so that problems of the access file are told with those of fwknopd.conf.
  const conf = reading.conf ?? parseFwknopdConf([]).conf;
  if (conf === undefined) return undefined;
  const start: AccessStart = files.access === undefined ? conf.access : { file: files.access };
  const access = parseAccessConf(start, {
    ...fwknopReader,
    midnight: localMidnight,
    ...{ nat: conf.nat, gpgHomeDir: conf.gpgHomeDir, gpgProgram: conf.gpgProgram },
    allowUnauthenticated: files.allowUnauthenticated,
    askForUnauthenticated: files.askForUnauthenticated,
  });
  issues.push(...access.issues);
  if (reading.conf === undefined || known.length < texts.length) return undefined;
  return { conf, entries: access.entries };
};

/** fwknopd.conf holds no secrets, and may be read by all. */
const readPlain = (path: string, issues: Issue[]): { path: string; text: string } | undefined => {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const problem = wordsOf(error);
    issues.push({ severity: 'error', file: path, line: 0, problem, hint: 'name a file that can be read' });
    return undefined;
  }
};

const attempt = <T>(work: () => T): Result<T, string> => {
  try {
    return ok(work());
  } catch (error) {
    return err(wordsOf(error));
  }
};

/** Files that may hold keys. */
export const fwknopReader: FileReader = {
  readFile: (path) => attempt(() => readSecretFile(path)),
  readFolder: (path) =>
    attempt(() =>
      readdirSync(path)
        .filter((name) => name.endsWith('.conf'))
        .sort()
        .map((name) => join(path, name)),
    ),
};

/** Where a day begins by the time zone of this host. */
export const localMidnight = ({ year, month, day }: CalendarDay): UnixMs =>
  unixMs(new Date(year, month - 1, day).getTime());

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Users, groups and folders that stanzas name must be there now, and not be missed when a packet comes. */
export const checkSurroundings = (entries: readonly FwknopEntry[], issues: Issue[]): void => {
  for (const { client, file, line } of entries) {
    const { stanza, gpg } = client;
    const complain = (problem: string, hint: string): void => {
      issues.push({ severity: 'error', file, line, problem: `${stanza.name}: ${problem}`, hint });
    };
    for (const runAs of [stanza.commands, stanza.cycle?.runAs]) if (runAs !== undefined) checkAccounts(runAs, complain);
    if (gpg !== undefined && statSync(gpg.homeDir, { throwIfNoEntry: false })?.isDirectory() !== true)
      complain(`there is no folder ${gpg.homeDir}`, "name GnuPG's folder of keys");
  }
};

const checkAccounts = ({ user, group, sudo }: ProgramUser, complain: (problem: string, hint: string) => void): void => {
  for (const [name, of] of [
    [user, group],
    [sudo?.user, sudo?.group],
  ] as const) {
    const found = attempt(() => identityOf(name, of));
    if (!found.ok) complain(found.error, 'name an account of this host');
  }
};

/** Whether there is such a file. */
export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
