/** The daemon's words to systemd (sd_notify(3)), through libc: Node has no datagram sockets of the local kind. */
import { endianness } from 'node:os';
import koffi from 'koffi';
import {
  AF_UNIX,
  formatServiceMessage,
  serviceAddress,
  type ServiceMessage,
  watchdogPeriod,
} from '../../src/control/service-message.ts';

/** sys/socket.h */
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Tells the service manager. Where there is none, or it does not listen, nothing happens. */
export interface Service {
  /** It does its work, for the first time or again; `status` is a line for people. */
  ready(status: string): void;
  /** It reads its configuration; nothing before it was ready. */
  reloading(): void;
  /** That is done, well or badly. */
  reloaded(status: string): void;
  stopping(): void;
}

const nothing = (): void => undefined;
const NOBODY: Service = { ready: nothing, reloading: nothing, reloaded: nothing, stopping: nothing };

const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

/**
 * Finds the service manager by its variables in `env`, which are taken away so that no child answers in our name. From now
 * on it hears, as often as it has asked to, that the event loop turns. Never throws; `onTrouble` hears why not.
 */
export const openService = (env: NodeJS.ProcessEnv, onTrouble: (message: string) => void): Service => {
  const { NOTIFY_SOCKET: socket = '' } = env;
  const period = watchdogPeriod(env, process.pid);
  // Not a known set of keys, so not to be deleted one by one.
  for (const name of VARIABLES) Reflect.deleteProperty(env, name);
  if (socket === '') return NOBODY;
  const address = serviceAddress(socket, endianness() === 'LE');
  if (address === undefined) {
    onTrouble(`NOTIFY_SOCKET is "${socket}", which is no local socket: the service manager is told nothing`);
    return NOBODY;
  }
  try {
    const send = openSender(address);
    const tell = (message: ServiceMessage): void => send(formatServiceMessage(message), message.kind !== 'alive');
    if (period !== undefined) setInterval(() => tell({ kind: 'alive' }), period).unref();
    return serviceOf(tell);
  } catch (error) {
    onTrouble(`the service manager is told nothing: ${error instanceof Error ? error.message : String(error)}`);
    return NOBODY;
  }
};

const serviceOf = (tell: (message: ServiceMessage) => void): Service => {
  let isReady = false;
  return {
    ready(status) {
      isReady = true;
      tell({ kind: 'ready', status });
    },
    reloading() {
      if (isReady) tell({ kind: 'reloading', monotonic: process.hrtime.bigint() / 1000n });
    },
    reloaded(status) {
      if (isReady) tell({ kind: 'ready', status });
    },
    stopping: () => tell({ kind: 'stopping' }),
  };
};

/** What must not be lost may wait for room in the socket, as in sd_notify(3) itself; a beat that is lost is followed by another. */
const openSender = (address: Uint8Array): ((text: string, mustArrive: boolean) => void) => {
  const library = koffi.load('libc.so.6');
  const open = library.func('int socket(int domain, int type, int protocol)');
  const sendTo = library.func(
    'int64_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t address_length)',
  );
  const fd: unknown = open(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (typeof fd !== 'number' || fd < 0) throw new Error('no local socket can be made');
  return (text, mustArrive) => {
    const data = Buffer.from(text);
    sendTo(fd, data, data.length, MSG_NOSIGNAL | (mustArrive ? 0 : MSG_DONTWAIT), address, address.length);
  };
};
