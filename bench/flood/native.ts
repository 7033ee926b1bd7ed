/** The C programs of the floods, compiled when they are needed: nothing in Node is as fast, or takes as little. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../../test/support/paths.ts';

const PROGRAMS = { 'junk-sender': [], 'honest-sender': [], 'pcap-reader': ['-lpcap'] } as const;

export type NativeProgram = keyof typeof PROGRAMS;

/** Where each program is. */
export type NativePrograms = Readonly<Record<NativeProgram, string>>;

/** @throws Error with the remedy when there is no compiler, or its words when it refuses. */
export function compilePrograms(folder: string): NativePrograms {
  return {
    'junk-sender': compileProgram(folder, 'junk-sender'),
    'honest-sender': compileProgram(folder, 'honest-sender'),
    'pcap-reader': compileProgram(folder, 'pcap-reader'),
  };
}

/**
 * One of them alone, into the folder.
 * @returns where it is
 * @throws Error as {@link compilePrograms}
 */
export function compileProgram(folder: string, name: NativeProgram): string {
  const program = join(folder, name);
  const source = join(repositoryRoot(), `bench/native/${name}.c`);
  const { status, stderr, error } = spawnSync('cc', ['-O2', '-o', program, source, ...PROGRAMS[name]], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw new Error('floods need a C compiler: install the package gcc');
  if (status !== 0) throw new Error(`${source} does not compile (libpcap-dev is needed):\n${stderr}`);
  return program;
}
