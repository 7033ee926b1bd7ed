/** Other programs that open ports for whoever knocks, in this network namespace. */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { OtherDaemon } from '../../src/host/facts.ts';
import { attempt, nameOf, processes, readText } from './sockets.ts';

export const findDaemons = (): readonly OtherDaemon[] => {
  const own = networkOf('self');
  return processes().flatMap((pid) => {
    const program = pid === process.pid ? undefined : programOf(pid);
    return program === undefined || networkOf(String(pid)) !== own ? [] : [{ program, pid }];
  });
};

const networkOf = (pid: string): string | undefined => attempt(() => readlinkSync(`/proc/${pid}/ns/net`));

const programOf = (pid: number): OtherDaemon['program'] | undefined => {
  const name = nameOf(pid);
  if (name === 'knockd' || name === 'fwknopd') return name;
  const [, script = '', ...args] = readText(`/proc/${String(pid)}/cmdline`).split('\0');
  const isSpad = basename(script) === 'spad' || script.endsWith('/server/main.js');
  const isDaemon = args[0] === '' || args[0]?.startsWith('-') === true || args[0] === 'start';
  return isSpad && isDaemon && !args.includes('--check') && !args.includes('check') ? 'spad' : undefined;
};
