/**
 * What closes on time after the daemon has gone, for firewalls that cannot themselves: a process of ours in a session of its
 * own. It is told, before anything opens, what to run and when, and does nothing while we live. When we end, however we
 * end, its standard input does, and it runs each command at its time and goes. There is none while nothing has an end.
 */
import { fileURLToPath } from 'node:url';
import type { SteadyMs } from '../../src/base/units.ts';
import { type Companion, startCompanion } from '../process/run.ts';
import { FirewallError } from './backend.ts';

const SCRIPT = fileURLToPath(new URL(`closer-main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
/** One that somebody has ended is replaced after this long. */
const AGAIN_MS = 1000;

export interface TimedClose {
  readonly at: SteadyMs;
  /** The program and its arguments. It must do no harm where there is nothing to close any more. */
  readonly argv: readonly string[];
}

export class Closer {
  readonly #now: () => SteadyMs;
  readonly #onTrouble: (message: string) => void;
  #child: Companion | undefined;
  #closes: readonly TimedClose[] = [];

  constructor(now: () => SteadyMs, onTrouble: (message: string) => void) {
    this.#now = now;
    this.#onTrouble = onTrouble;
  }

  /** Replaces all that it knows; when this is done it knows it, come what may to us. Throws FirewallError where it cannot be told. */
  async tell(closes: readonly TimedClose[]): Promise<void> {
    const isNews = closes.length > 0 || this.#closes.length > 0;
    this.#closes = closes;
    if (!isNews) return;
    const line = `${JSON.stringify(closes.map((close) => this.#absolute(close)))}\n`;
    try {
      // One that has just been ended by somebody cannot be written to; the next one can.
      await this.#write(line).catch(() => this.#write(line));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new FirewallError(
        `nothing is opened, for the process that would close it after a crash cannot be started: ${reason}`,
      );
    }
    if (closes.length === 0) this.#dismiss();
  }

  /** What is in the pipe is safe, whether or not the child has begun to read. */
  async #write(line: string): Promise<void> {
    const child = this.#child ?? this.#start();
    const { stdin } = child;
    try {
      await new Promise<void>((resolve, reject) => {
        if (stdin === null) reject(new Error('no pipe'));
        else stdin.write(line, (error) => (error === null || error === undefined ? resolve() : reject(error)));
      });
    } catch (error) {
      if (this.#child === child) this.#child = undefined;
      throw error;
    }
  }

  /** Times of ours mean nothing in another process; the system's own do. */
  #absolute({ at, argv }: TimedClose): { readonly at: number; readonly argv: readonly string[] } {
    return { at: Number(process.hrtime.bigint()) / 1e6 + (at - this.#now()), argv };
  }

  #start(): Companion {
    const child = startCompanion(SCRIPT);
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => this.#lost(child, error.message));
    child.on('exit', () => this.#lost(child, 'it has ended'));
    this.#child = child;
    return child;
  }

  #dismiss(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.stdin?.end();
  }

  #lost(child: Companion, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#closes.length === 0) return;
    this.#onTrouble(`the process that closes when spad cannot is not there: ${reason}; starting another`);
    setTimeout(() => {
      if (this.#child === undefined) this.tell(this.#closes).catch(() => undefined);
    }, AGAIN_MS).unref();
  }
}
