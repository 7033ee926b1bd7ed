/**
 * Runs the commands of doors: the start command, then a wait that counts from its end, then the stop command. At most so
 * many at once; what has to wait for its turn is bounded, stop commands excepted, whose number the pending ones bound.
 */
import { randomBytes } from 'node:crypto';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { decodeUtf8 } from '../../src/bytes/encoding.ts';
import type { Door } from '../../src/knock/door.ts';
import { startCommandFor, stopCommandFor } from '../../src/knock/door.ts';
import { commandPair, commandTimeoutMessage, runningMessage, statusMessage } from '../../src/knock/messages.ts';
import { dueFrom, type PendingStop, remainingWait } from '../../src/knock/stop-record.ts';
import { startShell } from '../process/run.ts';
import type { KnockdLog } from './knockd-log.ts';
import type { StopStore } from './stop-store.ts';

const MAX_RUNNING = 32;
const MAX_QUEUED = 4096;
const MAX_PENDING = 65_536;
/** setTimeout takes 31 bits. */
const MAX_TIMER_MS = 0x7fff_ffff;

interface Job {
  readonly door: string;
  readonly command: string;
  /** Comes when the command has been started. */
  readonly onStart?: () => void;
  readonly onEnd?: () => void;
}

export class CommandRunner {
  readonly #log: Pick<KnockdLog, 'write'>;
  readonly #store: StopStore;
  readonly #timeoutLine: (source: string, door: string) => void;
  #starts: Job[] = [];
  #stops: Job[] = [];
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #running = 0;
  #stopping = false;
  #onIdle: (() => void) | undefined;

  /** `timeoutLine` writes the line that a wait is over. */
  constructor(log: Pick<KnockdLog, 'write'>, store: StopStore, timeoutLine: (source: string, door: string) => void) {
    this.#log = log;
    this.#store = store;
    this.#timeoutLine = timeoutLine;
  }

  /** Takes up what an earlier run has left: due ones run now. */
  resume(): void {
    for (const stop of this.#store.pending) this.#wait(stop, remainingWait(stop, now()));
  }

  /** A door has opened for `source`. */
  open(door: Door, source: string, family: 4 | 6): void {
    const pair = commandPair(startCommandFor(door, family), stopCommandFor(door, family), source);
    if (pair.kind === 'nothing') return;
    if (pair.kind === 'too-long') {
      this.#log.write({ log: pair.message, stderr: pair.message });
      return;
    }
    if (this.#stopping || this.#starts.length >= MAX_QUEUED || this.#store.size >= MAX_PENDING) {
      const message = `${door.name}: too many commands are waiting --> won't execute it for ${source}`;
      this.#log.write({ log: message, stderr: message });
      return;
    }
    const stop = this.#stopOf(door, source, pair.stop);
    this.#starts.push({
      door: door.name,
      command: pair.start,
      ...(stop && { onStart: () => this.#store.put(stop), onEnd: () => this.#waitFull(stop) }),
    });
    this.#fill();
  }

  /** Ends in order: what runs may end, what was opened is closed now, nothing new begins. Settles then, or after `patience` ms. */
  async finish(patience: number): Promise<void> {
    this.#stopping = true;
    this.#starts = [];
    for (const [id, timer] of [...this.#timers]) {
      clearTimeout(timer);
      const stop = this.#store.get(id);
      if (stop !== undefined) this.#runStop(stop);
    }
    if (this.#running === 0 && this.#stops.length === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, patience);
      this.#onIdle = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  /** A negative wait has no end. */
  #stopOf(door: Door, source: string, command: string | undefined): PendingStop | undefined {
    if (command === undefined || door.cmdTimeout < 0) return undefined;
    const stop = { id: randomBytes(9).toString('base64url'), door: door.name, source, command };
    return dueFrom({ ...stop, wait: door.cmdTimeout * 1000, due: unixMs(0) }, now());
  }

  #waitFull(stop: PendingStop): void {
    const due = dueFrom(stop, now());
    this.#store.put(due);
    if (this.#stopping) this.#runStop(due);
    else this.#wait(due, due.wait);
  }

  #wait(stop: PendingStop, left: number): void {
    const step = Math.min(left, MAX_TIMER_MS);
    const timer = setTimeout(() => (left > step ? this.#wait(stop, left - step) : this.#runStop(stop)), step);
    this.#timers.set(stop.id, timer);
  }

  #runStop(stop: PendingStop): void {
    this.#timers.delete(stop.id);
    this.#timeoutLine(stop.source, stop.door);
    // Marked when it runs and not before: if we die just then, it is better to run twice than never.
    this.#stops.push({ door: stop.door, command: stop.command, onStart: () => this.#store.done(stop.id) });
    this.#fill();
  }

  #fill(): void {
    while (this.#running < MAX_RUNNING) {
      const job = this.#stops.shift() ?? this.#starts.shift();
      if (job === undefined) break;
      this.#run(job);
    }
    if (this.#running === 0 && this.#stops.length === 0) this.#onIdle?.();
  }

  #run(job: Job): void {
    const message = runningMessage(job.door, job.command);
    this.#log.write({ log: `${message}\n`, verbose: message });
    this.#running += 1;
    const isStart = job.onEnd !== undefined;
    if (isStart) job.onStart?.();
    let ended = false;
    const end = (status: number | undefined): void => {
      if (ended) return;
      ended = true;
      this.#running -= 1;
      if (status !== undefined) this.#complain(statusMessage(job.door, status));
      job.onEnd?.();
      this.#fill();
    };
    try {
      const child = startShell(shellText(job.command));
      child.on('error', () => {
        this.#complain('error: command fork failed!');
        end(undefined);
      });
      // A death by signal shows as 0, a clean end not at all.
      child.on('exit', (code, signal) => end(signal !== null ? 0 : code === 0 ? undefined : (code ?? 0)));
    } catch {
      this.#complain('error: command fork failed!');
      setImmediate(() => end(undefined));
    }
    if (!isStart) job.onStart?.();
  }

  #complain(message: string): void {
    this.#log.write({ log: message, stderr: message });
  }
}

/** Arguments are UTF-8 to Node. Bytes that are not go through the shell's own printf. */
const shellText = (command: string): string => {
  const bytes = Buffer.from(command, 'latin1');
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  return `eval "$(printf '${Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}')"`;
};

const now = (): UnixMs => unixMs(Date.now());

/** The line that a wait is over. */
export const timeoutLine = (source: string, door: string): { readonly log: string; readonly verbose: string } => {
  const message = commandTimeoutMessage(source, door);
  return { log: message, verbose: message };
};
