/** Keeps what this process knows out of core dumps, and other processes of the same user out of its memory (prctl(2), ptrace(2)). */
import koffi from 'koffi';

/** include/uapi/linux/prctl.h */
const PR_SET_DUMPABLE = 4;

/** For this process and as long as it runs; a program that it starts has its own. Throws an Error where the system cannot be asked. */
export const forbidDumps = (): void => {
  const prctl = koffi.load('libc.so.6').func('int prctl(int option, ulong on, ulong b, ulong c, ulong d)');
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0) throw new Error(`PR_SET_DUMPABLE: error ${String(koffi.errno())}`);
};
