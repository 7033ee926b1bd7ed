/**
 * The metrics as a file for the textfile collector of node_exporter, written anew every so often: whole or not at all, readable
 * by everyone. Nothing waits for the disk; one that fails is told once, and again when it works.
 */
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Seconds, SteadyMs } from '../../src/base/units.ts';
import type { Logger } from './logger.ts';

const READABLE = 0o644;

export interface MetricsFileSettings {
  /** Undefined: there is none. */
  readonly metrics_file: string | undefined;
  readonly metrics_every: Seconds;
}

export class MetricsFile {
  readonly #path: string | undefined;
  readonly #every: number;
  readonly #logger: Logger;
  #next = Number.NEGATIVE_INFINITY;
  /** A disk that hangs keeps one write waiting, and no second one. */
  #writing = false;
  #failing = false;

  constructor({ metrics_file: path, metrics_every: every }: MetricsFileSettings, logger: Logger) {
    this.#path = path;
    this.#every = every * 1000;
    this.#logger = logger;
  }

  /** To be called again and again: writes what `read` gives where it is time. Settles when that is done; never throws. */
  async glance(now: SteadyMs, read: () => string): Promise<void> {
    if (this.#path === undefined || this.#writing || now < this.#next) return;
    this.#writing = true;
    this.#next = now + this.#every;
    try {
      await replace(this.#path, read());
      if (this.#failing) this.#logger.info(`${this.#path} is written again`);
      this.#failing = false;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!this.#failing) this.#logger.warn(`metrics_file cannot be written: ${message}; trying again until it can be`);
      this.#failing = true;
    } finally {
      this.#writing = false;
    }
  }
}

/** The collector reads what ends in .prom alone, so never the draft. The folder may be another user's: no link is followed. */
const replace = async (path: string, text: string): Promise<void> => {
  const draft = join(dirname(path), `.${basename(path)}.new`);
  await unlink(draft).catch(() => undefined);
  const file = await open(draft, 'wx', READABLE);
  try {
    await file.chmod(READABLE);
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(draft, path);
};
