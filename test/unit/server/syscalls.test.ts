/** The numbers of system calls, against those of this machine's headers (linux-libc-dev), which a compiler brings. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLONE, type Numbers, OPEN, OPENAT, REFUSED, SECCOMP, UNKNOWN } from '../../../server/receiver/syscalls.ts';

const ALL: Readonly<Record<string, Numbers>> = {
  ...REFUSED,
  ...UNKNOWN,
  open: OPEN,
  openat: OPENAT,
  clone: CLONE,
  seccomp: SECCOMP,
};

const HEADERS = [
  ['x64', 0, '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'],
  ['arm64', 1, '/usr/include/asm-generic/unistd.h'],
] as const;

const numbersOf = (header: string): ReadonlyMap<string, number> =>
  new Map(
    [...readFileSync(header, 'latin1').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm)].map(
      ([, name = '', number]) => [name, Number(number)],
    ),
  );

describe.each(HEADERS.filter(([, , header]) => existsSync(header)))('of %s', (_, column, header) => {
  const numbers = numbersOf(header);

  test.each(Object.keys(ALL))('%s', (name) => {
    expect(ALL[name]?.[column]).toBe(numbers.get(name));
  });
});

test('no two are the same', () => {
  for (const column of [0, 1] as const) {
    const numbers = Object.values(ALL).flatMap((pair) => pair[column] ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBeGreaterThan(50);
  }
});
