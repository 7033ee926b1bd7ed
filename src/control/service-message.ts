/** What a daemon tells the service manager that has started it, and how it is told: sd_notify(3), systemd(1). */
import { printable } from '../base/printable.ts';

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
