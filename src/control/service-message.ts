/** What a daemon tells the service manager that has started it, and how it is told: sd_notify(3), systemd(1). */
import { printable } from '../base/printable.ts';
import { encodeUtf8 } from '../bytes/encoding.ts';

export type ServiceMessage =
  /** Does its work, for the first time or again; `status` is a line for people. */
  | { readonly kind: 'ready'; readonly status: string }
  /** Reads its configuration; `ready` comes when that is done. `monotonic`: microseconds of the boot's clock. */
  | { readonly kind: 'reloading'; readonly monotonic: bigint }
  | { readonly kind: 'stopping' }
  /** Its event loop turns. */
  | { readonly kind: 'alive' };

const MAX_STATUS = 200;

/** The datagram, as text: one variable a line. */
export const formatServiceMessage = (message: ServiceMessage): string => {
  switch (message.kind) {
    case 'ready':
      return `READY=1\nSTATUS=${printable(message.status, MAX_STATUS)}\n`;
    case 'reloading':
      return `RELOADING=1\nMONOTONIC_USEC=${String(message.monotonic)}\nSTATUS=reading the configuration again\n`;
    case 'stopping':
      return 'STOPPING=1\nSTATUS=stopping\n';
    case 'alive':
      return 'WATCHDOG=1\n';
  }
};

/** sys/un.h: the family, in the machine's order, and room for a path. */
export const AF_UNIX = 1;
const FAMILY_LENGTH = 2;
const MAX_PATH = 108;

/**
 * A `struct sockaddr_un` for what NOTIFY_SOCKET says: an absolute path, which ends in a zero byte, or `@` and an abstract name,
 * which ends where the structure does (unix(7)). Undefined for anything else, vsock addresses of virtual machines included.
 */
export const serviceAddress = (socket: string, isLittleEndian: boolean): Uint8Array | undefined => {
  if (!/^[/@]./.test(socket)) return undefined;
  const isAbstract = socket.startsWith('@');
  const name = encodeUtf8(isAbstract ? `\0${socket.slice(1)}` : `${socket}\0`);
  if (name.length > MAX_PATH) return undefined;
  const bytes = new Uint8Array(FAMILY_LENGTH + name.length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, isLittleEndian);
  bytes.set(name, FAMILY_LENGTH);
  return bytes;
};

/** More is no time to wait for a process that hangs; longer timers than this would fire at once (2^31 ms). */
const MAX_PERIOD_MS = 3_600_000;

/**
 * How often the service manager wants to hear `alive`, in milliseconds: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises.
 * Undefined where it does not, or means another process than `pid`.
 */
export const watchdogPeriod = (
  { WATCHDOG_USEC: microseconds, WATCHDOG_PID: meant }: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined => {
  if (microseconds === undefined || !/^[1-9][0-9]{0,17}$/.test(microseconds)) return undefined;
  if (meant !== undefined && meant !== String(pid)) return undefined;
  return Math.min(Math.max(Math.floor(Number(microseconds) / 2000), 1), MAX_PERIOD_MS);
};
