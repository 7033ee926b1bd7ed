/**
 * Starting a receiver. Usually it is a child of ours. Where we have no right to start one that may capture, it is whoever
 * listens at a socket (systemd, `spad-receiver.socket`) who starts one for each connection, and the connection stands for
 * the process: its end is the receiver's.
 */
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startNode } from './process/run.ts';

export interface ReceiverProcess {
  /** Undefined where another process has started it. */
  readonly pid: number | undefined;
  /** Writes to it, behind its settings; false where it does not listen, or does not read. */
  write(bytes: Uint8Array): boolean;
  /** Ends it; nothing of it is heard afterwards. */
  end(): void;
}

export interface ReceiverProcessEvents {
  readonly onData: (chunk: Buffer) => void;
  /** What it says to the operator. */
  readonly onComplaint: (text: string) => void;
  /** It could not be started. `onEnd` follows. */
  readonly onTrouble: (text: string) => void;
  /** It has ended by itself; says how. */
  readonly onEnd: (how: string) => void;
}

/** Starts one and gives it its settings, whose bytes, which hold keys, are zero once they are written. */
export type ReceiverLauncher = (settings: Uint8Array, events: ReceiverProcessEvents) => ReceiverProcess;

const SCRIPT = fileURLToPath(
  new URL(`receiver/main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);
/** Bytes that a receiver may leave unread. */
const MAX_UNREAD = 256 * 1024;

/** As a child. The addon's `close` does not end a capture; only the end of the process does. */
export const launchChild: ReceiverLauncher = (settings, events) => {
  const child = startNode(SCRIPT);
  const { stdin, stderr, stdio } = child;
  let isOver = false;
  const over = (how: string): void => {
    if (isOver) return;
    isOver = true;
    events.onEnd(how);
  };
  stdin?.on('error', () => undefined);
  stdin?.write(settings, () => settings.fill(0));
  stderr?.setEncoding('utf8').on('data', (text: string) => events.onComplaint(text));
  stdio[3]?.on('error', () => undefined);
  stdio[3]?.on('data', (chunk: Buffer) => {
    if (!isOver) events.onData(chunk);
  });
  child.on('error', (error) => {
    if (child.pid !== undefined || isOver) return;
    events.onTrouble(`the receiver cannot be started: ${error.message}`);
    over('it never ran');
  });
  child.on('exit', (code, signal) => over(signal ?? `status ${String(code)}`));
  return {
    pid: child.pid,
    write: (bytes) => {
      if (stdin?.writable !== true || stdin.writableLength > MAX_UNREAD) return false;
      stdin.write(bytes);
      return true;
    },
    end: () => {
      isOver = true;
      child.kill('SIGKILL');
    },
  };
};

/** By a connection to the socket at `path`. */
export const launchBySocket =
  (path: string): ReceiverLauncher =>
  (settings, events) => {
    const connection = createConnection(path);
    let isOver = false;
    connection.write(settings, () => settings.fill(0));
    connection.on('data', (chunk) => {
      if (!isOver) events.onData(chunk);
    });
    let isThere = false;
    connection.on('connect', () => {
      isThere = true;
    });
    // One that was there and is killed may leave an error, too (ECONNRESET): that is its end, and told as such.
    connection.on('error', (error) => {
      if (!isOver && !isThere) events.onTrouble(`there is no receiver to be had at ${path}: ${error.message}`);
    });
    connection.on('close', () => {
      if (isOver) return;
      isOver = true;
      events.onEnd('it closed the connection');
    });
    return {
      pid: undefined,
      write: (bytes) => {
        if (!connection.writable || connection.writableLength > MAX_UNREAD) return false;
        connection.write(bytes);
        return true;
      },
      end: () => {
        isOver = true;
        connection.destroy();
      },
    };
  };
