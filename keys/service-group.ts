/** The group of the daemon's own user, `spad`: what root lays down for it has this group, and the group may read it. */
import { readFileSync } from 'node:fs';
import { rowIn } from '../src/base/passwd.ts';

/** The group's number here; undefined where there is no such group. */
export const serviceGroup = (): number | undefined => numberOfGroup('spad', readFileSync('/etc/group', 'utf8'));

/** By the text of a group(5) file; undefined where the group is not in it, or is root's. */
export const numberOfGroup = (name: string, file: string): number | undefined => {
  const number = Number(rowIn(file, name)?.[2]);
  return Number.isInteger(number) && number > 0 ? number : undefined;
};
