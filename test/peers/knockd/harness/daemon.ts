/** The daemon of one run: the real knockd or `spad knockd`, started the same way. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../../support/host.ts';
import type { LabProcess } from '../../../support/lab-process.ts';
import { builtFile } from '../../../support/paths.ts';
import { waitUntil } from '../../../support/wait.ts';
import type { Side } from './scenario.ts';

/** Messages of the C library are compared too. */
const ENVIRONMENT = { LC_ALL: 'C', LANG: 'C', NO_COLOR: '1' };

function commandLine(side: Side, options: readonly string[]): readonly string[] {
  return side === 'knockd'
    ? ['knockd', ...options]
    : [process.execPath, builtFile('bin/spad.cjs'), 'knockd', ...options];
}

export interface Start {
  /** The working directory. */
  readonly dir: string;
  readonly given: readonly string[];
  /** Shell commands that run first, in a mount namespace of the daemon's own. */
  readonly mounts: string;
}

export class Daemon {
  private readonly child: LabProcess;
  private adopted: number | undefined;

  constructor(side: Side, host: Host, start: Start) {
    // `exec` keeps the process id: signals reach the daemon itself.
    const script = `set -e\n${start.mounts}\nexec "$@"`;
    const wrapper = start.mounts === '' ? [] : ['unshare', '-m', 'sh', '-c', script, 'sh'];
    const [command = '', ...args] = [...wrapper, ...commandLine(side, start.given)];
    this.child = host.spawn(command, args, {
      env: { ...ENVIRONMENT, STATE_DIRECTORY: join(start.dir, 'state') },
      cwd: start.dir,
    });
    this.child.endInput();
  }

  get pid(): number {
    return this.adopted ?? this.child.pid;
  }

  get stdout(): string {
    return this.child.stdout;
  }

  get stderr(): string {
    return this.child.stderr;
  }

  /** Characters written to both streams so far. */
  get written(): number {
    return this.child.stdout.length + this.child.stderr.length;
  }

  get alive(): boolean {
    return this.adopted === undefined ? this.child.running : isThere(this.adopted);
  }

  adopt(pid: number): void {
    this.adopted = pid;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.adopted === undefined) this.child.kill(signal);
    else if (isThere(this.adopted)) process.kill(this.adopted, signal);
  }

  /** Settles when a packet socket is open in the daemon's network namespace and `logged` is so, or the daemon ended. */
  async listening(logged: () => boolean, withinMs = 10_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.alive && performance.now() < deadline) {
      const sockets = packetSockets(this.pid);
      if (sockets > 0 && logged()) return;
      if (sockets > 0 && performance.now() > deadline - withinMs + 3000) return;
      await sleep(20);
    }
  }

  /** Settles when the daemon has ended by itself, at the latest after `withinMs`. */
  async gone(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.alive && performance.now() < deadline) await sleep(20);
  }

  /** Ends the daemon and says how it ended. */
  async stop(signal: NodeJS.Signals): Promise<string> {
    if (this.adopted !== undefined) {
      const pid = this.adopted;
      this.kill(signal);
      await waitUntil('the end of the daemon', () => !isThere(pid), 10_000);
      return 'in the background';
    }
    const exit = await this.child.stop(signal, 10_000);
    return exit.signal === undefined ? `status ${exit.code}` : exit.signal;
  }
}

/** A zombie that nobody has waited for is gone as well. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** How many packet sockets there are in the network namespace of a process; its first line is a heading. */
function packetSockets(pid: number): number {
  try {
    return readFileSync(`/proc/${pid}/net/packet`, 'latin1').split('\n').length - 2;
  } catch {
    return 0;
  }
}
