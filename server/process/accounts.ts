/** The system's users and groups, from the files that hold them. */
import { readFileSync } from 'node:fs';
import { rowIn } from '../../src/base/passwd.ts';
import type { Identity } from './run.ts';

/**
 * The numbers of a user and a group; a user without a group named has its own. Throws a sentence where there is no such user or group:
 * what was to be run as somebody must not be run as us.
 */
export const identityOf = (user: string | undefined, group: string | undefined): Identity => {
  const account = user === undefined ? undefined : findRow('/etc/passwd', user, 'user');
  const gid = group === undefined ? numberAt(account, 3) : numberAt(findRow('/etc/group', group, 'group'), 2);
  return { uid: numberAt(account, 2), gid };
};

const findRow = (file: string, name: string, what: string): readonly string[] => {
  const row = rowIn(readFileSync(file, 'utf8'), name);
  if (row === undefined) throw new Error(`there is no ${what} ${name} in ${file}`);
  return row;
};

const numberAt = (row: readonly string[] | undefined, place: number): number | undefined => {
  if (row === undefined) return undefined;
  const value = Number(row[place]);
  if (row[place] === '' || !Number.isInteger(value)) throw new Error(`the row of ${row[0] ?? ''} has no number`);
  return value;
};
