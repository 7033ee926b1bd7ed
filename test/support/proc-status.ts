import { existsSync, readFileSync } from 'node:fs';

/** What /proc/PID/status says (proc(5)), by name, of a process or one of its threads; nothing of one that has ended. */
export const statusOf = (pid: number | string): Readonly<Record<string, string>> => {
  const file = `/proc/${pid}/status`;
  const lines = existsSync(file) ? readFileSync(file, 'latin1').split('\n') : [];
  return Object.fromEntries(lines.map((line) => line.split(/:\t(.*)/, 2) as [string, string]));
};
