/** The group of the daemon's own user, `spad`: what root lays down for it has this group, and the group may read it. */
import { readFileSync } from 'node:fs';

/** The group's number here; undefined where there is no such group. */
export const serviceGroup = (): number | undefined => numberOfGroup('spad', readFileSync('/etc/group', 'utf8'));

/** By the text of a group(5) file; undefined where the group is not in it, or is root's. */
export const numberOfGroup = (name: string, file: string): number | undefined => {
  const row = file
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
  const number = Number(row?.[2]);
  return Number.isInteger(number) && number > 0 ? number : undefined;
};
