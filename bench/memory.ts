/** Resident memory of a daemon and the processes that it started, by /proc (proc(5)). */
import { readFileSync } from 'node:fs';

/** Megabytes (10^6 bytes), the daemon first, then its children in the order of their start. */
export function residentMegabytes(pid: number): number[] {
  return [pid, ...childrenOf(pid)].map(residentOf);
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function residentOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  if (kilobytes === undefined) throw new Error(`process ${pid} has ended`);
  return (Number(kilobytes) * 1024) / 1e6;
}
