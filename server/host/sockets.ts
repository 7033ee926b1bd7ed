/** The sockets of this host and the programs that hold them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Protocol } from '../../src/base/port-spec.ts';
import { type Connection, connectionKey, parseSockets, UDP_LISTEN } from '../../src/control/connection.ts';
import type { Listener } from '../../src/host/facts.ts';
import { findSession } from '../control/session.ts';
import { readSockets } from '../control/sockets.ts';

export const readListeners = (): readonly Listener[] => {
  const udp = ['udp', 'udp6'].map((file) => readText(`/proc/net/${file}`)).join('\n');
  const tables = { tcp: readSockets(), udp: parseSockets(udp, UDP_LISTEN) };
  const waiting = (['tcp', 'udp'] as const).flatMap((protocol: Protocol) =>
    tables[protocol].listening.map((socket) => ({ protocol, ...socket })),
  );
  const holders = findHolders(new Set(waiting.map(({ inode }) => inode)));
  const takesBoth = readText('/proc/sys/net/ipv6/bindv6only').trim() !== '1';
  return waiting.map(({ protocol, address, port, inode }) => {
    const pid = holders.get(inode);
    return { protocol, address, takesBoth, port, pid, program: pid === undefined ? undefined : nameOf(pid) };
  });
};

/**
 * The session of SSH that this program was started over, while its connection stands: what a terminal multiplexer has kept
 * of an earlier one is none.
 */
export const liveSession = (): Connection | undefined => {
  const session = findSession();
  const key = session && connectionKey(session);
  return readSockets().established.some((connection) => connectionKey(connection) === key) ? session : undefined;
};

/** Whose descriptors the sockets are, by their inodes; of several, the first. */
const findHolders = (inodes: ReadonlySet<number>): ReadonlyMap<number, number> => {
  const holders = new Map<number, number>();
  for (const pid of processes()) {
    for (const descriptor of attempt(() => readdirSync(`/proc/${String(pid)}/fd`)) ?? []) {
      const target = attempt(() => readlinkSync(`/proc/${String(pid)}/fd/${descriptor}`));
      const inode = Number(/^socket:\[([0-9]+)\]$/.exec(target ?? '')?.[1]);
      if (inodes.has(inode) && !holders.has(inode)) holders.set(inode, pid);
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
