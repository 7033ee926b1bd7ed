/** The daemon's words to systemd (sd_notify(3)). */
import { endianness } from 'node:os';
import { localAddress } from '../../src/control/local-address.ts';
import { formatServiceMessage, type ServiceMessage, watchdogPeriod } from '../../src/control/service-message.ts';
import { openDatagrams } from './local-datagrams.ts';

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
  const address = localAddress(socket, endianness() === 'LE');
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
  const send = openDatagrams(address);
  return (text, mustArrive) => void send(Buffer.from(text), mustArrive);
};
