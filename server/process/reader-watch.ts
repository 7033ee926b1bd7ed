/** Whether somebody still reads our standard output: who writes seldom would learn it late, or never. */
import koffi from 'koffi';

const LOOK_MS = 300;
/** poll.h. */
const POLLERR = 0x8;
/** struct pollfd: the descriptor, what is asked for, what there is. */
const POLLFD_LENGTH = 8;
const EVENTS_THERE_AT = 6;

/** Calls `onGone` once nobody does; gives what ends the looking. Where the system cannot be asked, it never does. */
export const watchReader = (onGone: () => void): (() => void) => {
  const poll = loadPoll();
  if (poll === undefined) return () => undefined;
  const timer = setInterval(() => {
    const question = Buffer.alloc(POLLFD_LENGTH);
    question.writeInt32LE(1, 0);
    poll(question, 1, 0);
    if ((question.readInt16LE(EVENTS_THERE_AT) & POLLERR) === 0) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
};

const loadPoll = () => {
  try {
    return koffi.load('libc.so.6').func('int poll(_Inout_ void *fds, ulong nfds, int timeout)');
  } catch {
    return undefined;
  }
};
