/**
 * Through which connection this very program is run: what SSH_CONNECTION says, in our own environment or in that of the
 * nearest process that started us, for sudo and su hand it on to nobody.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type Connection, isLoopback, parseSshConnection, type SocketTable } from '../../src/control/connection.ts';
import type { Port } from '../../src/base/units.ts';

/** More than any chain of shells is long. */
const MAX_CLIMB = 64;

/** Process ids from `pid` up to the first process. */
const ancestors = (pid: number): readonly number[] => {
  const chain: number[] = [];
  for (let next = pid; next > 0 && chain.length < MAX_CLIMB; next = parentOf(next)) chain.push(next);
  return chain;
};

const parentOf = (pid: number): number =>
  Number(/^PPid:\t([0-9]+)$/m.exec(read(`/proc/${String(pid)}/status`))?.[1] ?? 0);

/** Undefined where no process on the way up was started by sshd. */
export const findSession = (): Connection | undefined => {
  for (const pid of ancestors(process.pid)) {
    const line = read(`/proc/${String(pid)}/environ`)
      .split('\0')
      .find((entry) => entry.startsWith('SSH_CONNECTION='));
    const connection = line === undefined ? undefined : parseSshConnection(line.slice(line.indexOf('=') + 1));
    if (connection !== undefined) return connection;
  }
  return undefined;
};

/** The ports at which processes that started us listen, which is what lets such sessions in; none where it cannot be told. */
export const findWays = ({ listening }: SocketTable): readonly Port[] => {
  const inodes = new Set(ancestors(process.pid).flatMap(socketsOf));
  return listening.filter(({ address, inode }) => inodes.has(inode) && !isLoopback(address)).map(({ port }) => port);
};

const socketsOf = (pid: number): readonly number[] => {
  const folder = `/proc/${String(pid)}/fd`;
  return quietly(() => readdirSync(folder), []).flatMap((fd) => {
    const target = quietly(() => readlinkSync(`${folder}/${fd}`), '');
    const inode = /^socket:\[([0-9]+)\]$/.exec(target)?.[1];
    return inode === undefined ? [] : [Number(inode)];
  });
};

const read = (path: string): string => quietly(() => readFileSync(path, 'utf8'), '');

/** A process may end while it is looked at, and may be none of ours. */
const quietly = <T>(look: () => T, otherwise: T): T => {
  try {
    return look();
  } catch {
    return otherwise;
  }
};
