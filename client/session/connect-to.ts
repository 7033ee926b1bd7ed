import { layCourse } from '../course.ts';
import type { ClientIo, HostAddress } from '../io.ts';
import type { Target } from '../request.ts';
import type { Attempt } from '../wait.ts';
import type { SessionOptions } from './command-line.ts';
import { openPort } from './open-port.ts';

/** Begins one TCP connection, given up after `timeoutMs` unless it is open by then. */
export type Dial<T extends Attempt> = (to: HostAddress, port: number, timeoutMs: number) => T;

export interface Connected<T extends Attempt> {
  readonly connection: T;
  readonly to: HostAddress;
}

/** With `--reuse`, in ms: what a port that is open answers within, on nearly every way. */
const REUSE_PATIENCE_MS = 500;

/**
 * Opens the port of the target's `wait`, which must be there, and connects to it; with `--reuse` it is tried first whether that is
 * open already, and then nothing is sent. Rejects as {@link openPort}, and with what a lookup or a missing route gives.
 */
export const connectTo = async <T extends Attempt>(
  target: Target & { readonly wait: NonNullable<Target['wait']> },
  { options, limit, hasSwitch }: SessionOptions,
  { dial, endsRefused, screen }: { readonly dial: Dial<T>; readonly endsRefused: boolean; readonly screen?: ClientIo },
  io: ClientIo,
): Promise<Connected<T>> => {
  const laid = await layCourse(target, options, io);
  const { to } = laid.course;
  try {
    if (hasSwitch) {
      const connection = dial(to, target.wait.port, REUSE_PATIENCE_MS);
      if ((await connection.outcome) === 'open') return { connection, to };
      connection.destroy();
    }
    const { connection } = await openPort(
      laid,
      {
        ...{ needs: 'connection', limit, endsRefused, screen },
        dial: (timeoutMs) => dial(to, target.wait.port, timeoutMs),
      },
      io,
    );
    if (connection === undefined) throw new Error('opened without a connection');
    return { connection, to };
  } finally {
    laid.route.close();
  }
};
