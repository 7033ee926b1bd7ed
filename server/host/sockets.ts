/** The sockets of this host and the programs that hold them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Listener } from '../../src/host/facts.ts';
import { parseSocketTable, type SocketEntry } from '../../src/host/proc-net.ts';

const TABLES = [
  ['tcp', 4, 'tcp'],
  ['tcp', 6, 'tcp6'],
  ['udp', 4, 'udp'],
  ['udp', 6, 'udp6'],
] as const;

export const readSockets = (): readonly SocketEntry[] =>
  TABLES.flatMap(([protocol, family, file]) => parseSocketTable(readText(`/proc/net/${file}`), protocol, family));

export const listenersAmong = (sockets: readonly SocketEntry[]): readonly Listener[] => {
  const waiting = sockets.filter(({ waits }) => waits);
  const holders = findHolders(new Set(waiting.map(({ inode }) => inode)));
  const takesBoth = readText('/proc/sys/net/ipv6/bindv6only').trim() !== '1';
  return waiting.map(({ protocol, address, port, inode }) => {
    const pid = holders.get(inode);
    return { protocol, address, takesBoth, port, pid, program: pid === undefined ? undefined : nameOf(pid) };
  });
};

/** Whose descriptors the sockets are, by their inodes; of several, the first. */
const findHolders = (inodes: ReadonlySet<string>): ReadonlyMap<string, number> => {
  const holders = new Map<string, number>();
  for (const pid of processes()) {
    for (const descriptor of attempt(() => readdirSync(`/proc/${String(pid)}/fd`)) ?? []) {
      const target = attempt(() => readlinkSync(`/proc/${String(pid)}/fd/${descriptor}`));
      const inode = /^socket:\[([0-9]+)\]$/.exec(target ?? '')?.[1];
      if (inode !== undefined && inodes.has(inode) && !holders.has(inode)) holders.set(inode, pid);
    }
  }
  return holders;
};

/** The process ids of all processes that can be seen. */
export const processes = (): readonly number[] =>
  (attempt(() => readdirSync('/proc')) ?? []).filter((name) => /^[0-9]+$/.test(name)).map(Number);

/** What the kernel calls the process. */
export const nameOf = (pid: number): string | undefined => {
  const name = readText(`/proc/${String(pid)}/comm`).trim();
  return name === '' ? undefined : name;
};

/** Empty where the file is not there, or may not be read: processes come and go. */
export const readText = (path: string): string => attempt(() => readFileSync(path, 'latin1')) ?? '';

/** Undefined where it throws. */
export const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
