/** knockd's log: a file, syslog, and with `--verbose` standard output. Text is bytes, one character each. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { lookupService } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import type { WallTime } from '../../src/knock/messages.ts';
import { openSyslog, type Syslog } from '../log/syslog.ts';
import { systemWords } from './system-words.ts';

/** knockd's buffer holds one byte more, for the NUL. */
const MAX_MESSAGE = 1023;
const LOOKUP_MS = 2000;
const MAX_LOOKUPS = 64;

const two = (value: number): string => String(value).padStart(2, '0');

/** In the time zone of the process. */
export const wallTime = (time: UnixMs): WallTime => {
  const date = new Date(time);
  const day = `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return { day, time: `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}` };
};

/** What goes where: `log` is file and syslog, `verbose` and `debug` are standard output. */
export interface Line {
  readonly log?: string;
  readonly verbose?: string;
  readonly debug?: string;
  readonly stderr?: string;
}

export class KnockdLog {
  readonly #verbose: boolean;
  readonly #debug: boolean;
  #fd: number | undefined;
  #syslog: Syslog | undefined;
  #path: string | undefined;
  /** Lines wait here while a name is looked up; packets and commands do not. */
  #queue: Promise<void> | undefined;
  #lookups = 0;
  #minute = { number: Number.NaN, text: '' };

  constructor(verbose: boolean, debug: boolean) {
    this.#verbose = verbose;
    this.#debug = debug;
    process.stdout.on('error', () => undefined);
    process.stderr.on('error', () => undefined);
  }

  /** Whether {@link debug} writes anything; what costs to say need not be made up where it does not. */
  get debugs(): boolean {
    return this.#debug;
  }

  get path(): string | undefined {
    return this.#path;
  }

  /** Appends to the file from now on; where that cannot be, says so on standard error and goes on without. */
  openFile(path: string): void {
    this.closeFile();
    this.#path = path;
    try {
      this.#fd = openSync(path, 'a');
    } catch (error) {
      this.error(`warning: cannot open logfile: ${systemWords(error)}`);
    }
  }

  closeFile(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  openSyslog(): void {
    if (this.#syslog !== undefined) return;
    try {
      this.#syslog = openSyslog('knockd');
    } catch (error) {
      this.error(`warning: no syslog: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  write(line: Line): void {
    if (this.#queue === undefined) this.#put(line);
    else this.#queue = this.#queue.then(() => this.#put(line));
  }

  /** Has the text made once the source's name is known, `ADDRESS (NAME)`, or that there is none to be had in time. */
  writeNamed(source: string, make: (source: string) => Line): void {
    const before = this.#queue ?? Promise.resolve();
    const naming = this.#nameOf(source);
    const queue = before.then(async () => this.#put(make(await naming)));
    this.#queue = queue;
    void queue.then(() => {
      if (this.#queue === queue) this.#queue = undefined;
    });
  }

  error(text: string): void {
    process.stderr.write(Buffer.from(`${text}\n`, 'latin1'));
  }

  debug(text: string): void {
    this.write({ debug: text });
  }

  /** Settles when nothing waits. */
  async flush(): Promise<void> {
    await this.#queue;
  }

  async #nameOf(source: string): Promise<string> {
    if (this.#lookups >= MAX_LOOKUPS) return source;
    this.#lookups += 1;
    try {
      const late = sleep(LOOKUP_MS, undefined, { ref: false });
      const found = await Promise.race([lookupService(source, 0), late]);
      return found === undefined ? source : `${source} (${found.hostname})`;
    } catch {
      return source;
    } finally {
      this.#lookups -= 1;
    }
  }

  /** The same for every line of a minute, of which a flood writes many. */
  #minuteText(): string {
    const now = Date.now();
    const minute = Math.floor(now / 60_000);
    if (minute !== this.#minute.number) {
      const { day, time } = wallTime(unixMs(now));
      this.#minute = { number: minute, text: `${day} ${time.slice(0, 5)}` };
    }
    return this.#minute.text;
  }

  #put({ log, verbose, debug, stderr }: Line): void {
    if (verbose !== undefined && this.#verbose) print(verbose);
    if (debug !== undefined && this.#debug) print(debug);
    if (stderr !== undefined) this.error(stderr);
    if (log === undefined) return;
    const message = log.slice(0, MAX_MESSAGE);
    this.#syslog?.write(Buffer.from(message.replaceAll('\0', ''), 'latin1'));
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, `[${this.#minuteText()}] ${message}\n`, null, 'latin1');
    } catch {
      // A full disk must not keep doors shut, or open.
    }
  }
}

const print = (text: string): void => {
  process.stdout.write(Buffer.from(`${text}\n`, 'latin1'));
};
