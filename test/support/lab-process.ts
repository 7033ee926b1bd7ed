/**
 * One program of the laboratory: started, listened to, and ended by its own process id.
 *
 * `ip netns exec` replaces itself by the program it starts, so the process id here is the program's own: a test that
 * sends SIGKILL to a daemon hits the daemon.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants } from 'node:os';

/** How a program ended: the code as a shell would show it (128 + signal number after a signal). */
export interface Exit {
  readonly code: number;
  readonly signal: NodeJS.Signals | undefined;
}

/** What a finished command left behind. */
export interface ExecResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  /** Added to this process's own environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface ExecOptions extends SpawnOptions {
  readonly input?: string | Uint8Array;
  /** Milliseconds until the command is killed and `exec` throws; 15 000 unless told. */
  readonly timeoutMs?: number;
}

/** Characters kept of each stream: a daemon under a flood must not fill the memory of the test that watches it. */
const KEPT = 4 << 20;

/** A running (or finished) program with everything it printed. */
export class LabProcess {
  readonly pid: number;
  /** The command line, for messages. */
  readonly title: string;
  /** Settles once the program has ended and all its output has been read; never rejects. */
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  private exit: Exit | undefined;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: string[] = [];
  private readonly listeners = new Set<() => void>();

  /** @throws Error when the program cannot be started. */
  constructor(command: string, args: readonly string[], title: string, options: SpawnOptions = {}) {
    this.title = title;
    const env = { ...process.env, ...options.env };
    const where = options.cwd === undefined ? {} : { cwd: options.cwd };
    this.child = spawn(command, args, { stdio: 'pipe', env, ...where });
    // A failed start has no pid; its 'error' event must not become an uncaught exception after the throw below.
    this.child.on('error', () => undefined);
    if (this.child.pid === undefined) throw new Error(`cannot start ${command}`);
    this.pid = this.child.pid;
    // A program that ends before it has read its input is its own affair, not an error of ours.
    this.child.stdin.on('error', () => undefined);
    this.listen('stdout');
    this.listen('stderr');
    this.exited = new Promise((resolve) => {
      this.child.on('exit', () => this.releaseOutput());
      this.child.on('close', (code, signal) => {
        const number = signal === null ? 0 : constants.signals[signal];
        this.exit = { code: code ?? 128 + number, signal: signal ?? undefined };
        this.wake();
        resolve(this.exit);
      });
    });
  }

  get running(): boolean {
    return this.exit === undefined;
  }

  /** Both streams in the order they arrived, by line. */
  get output(): string {
    return this.lines.join('\n');
  }

  /** How many lines there are by now: hand it to `waitForLine` to look only at what comes later. */
  mark(): number {
    return this.lines.length;
  }

  /** Writes to the program's standard input and leaves it open. */
  write(input: string | Uint8Array): void {
    this.child.stdin.write(input);
  }

  /** Closes the program's standard input, after a last piece if one is given. */
  endInput(input?: string | Uint8Array): void {
    if (input === undefined) this.child.stdin.end();
    else this.child.stdin.end(input);
  }

  /**
   * The first line of either stream that matches, also one that is already there.
   * @param timeoutMs milliseconds
   * @param from a `mark()`: earlier lines are not looked at
   * @throws Error with the output so far after `timeoutMs`, or when the program ends without such a line.
   */
  async waitForLine(pattern: RegExp, timeoutMs = 10_000, from = 0): Promise<RegExpExecArray> {
    const deadline = performance.now() + timeoutMs;
    let next = from;
    for (;;) {
      for (; next < this.lines.length; next++) {
        const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(this.lines[next] ?? '');
        if (match !== null) return match;
      }
      const left = deadline - performance.now();
      if (!this.running || left <= 0) {
        const why = this.running ? `within ${timeoutMs} ms` : `before it ended with code ${this.exit?.code ?? '?'}`;
        throw new Error(`"${this.title}" printed no line like ${String(pattern)} ${why}. Output:\n${this.output}`);
      }
      await this.change(left);
    }
  }

  /** Sends one signal; a program that has ended is left alone. */
  kill(signal: NodeJS.Signals): void {
    // The child object knows whether it was reaped, so the id cannot by then belong to somebody else.
    this.child.kill(signal);
  }

  /** Sends `signal`, then SIGKILL if the program is still there `patienceMs` later; settles when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', patienceMs = 5000): Promise<Exit> {
    this.kill(signal);
    const timer = setTimeout(() => this.kill('SIGKILL'), patienceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  private listen(name: 'stdout' | 'stderr'): void {
    let rest = '';
    const stream = this.child[name];
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this[name] = (this[name] + text).slice(-KEPT);
      const pieces = (rest + text).split('\n');
      rest = (pieces.pop() ?? '').slice(-KEPT);
      this.lines.push(...pieces);
      this.wake();
    });
    stream.on('end', () => {
      if (rest !== '') this.lines.push(rest);
      this.wake();
    });
  }

  /** A grandchild that inherited the pipes would keep 'close' from ever coming: what is buffered is read, then shut. */
  private releaseOutput(): void {
    setTimeout(() => {
      this.child.stdout.destroy();
      this.child.stderr.destroy();
    }, 250).unref();
  }

  private wake(): void {
    for (const listener of this.listeners) listener();
  }

  /** Settles at the next piece of output, at the end of the program, or after `ms`. */
  private change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.listeners.add(done);
    });
  }
}

/**
 * Runs a program to its end.
 * @throws Error when it cannot be started or is still running after `timeoutMs`; a code other than 0 is a result.
 */
export async function runToEnd(child: LabProcess, options: ExecOptions = {}): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? 15_000;
  let late = false as boolean;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  child.endInput(options.input);
  const exit = await child.exited;
  clearTimeout(timer);
  if (late) throw new Error(`"${child.title}" was still running after ${timeoutMs} ms. Output:\n${child.output}`);
  return { ...exit, stdout: child.stdout, stderr: child.stderr };
}
