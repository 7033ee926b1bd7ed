/** The audit log as its readers see it: the file, line by line (docs/audit-log.md). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { AuditRecord } from '../../src/control/audit-record.ts';
import { waitFor } from './wait.ts';

/** One line; members that say nothing are absent. */
export interface AuditEntry extends AuditRecord {
  readonly delay?: { readonly max: number; readonly p99: number };
}

export type AuditPattern = Partial<AuditEntry>;

function matches(entry: AuditEntry, pattern: AuditPattern): boolean {
  return Object.entries(pattern).every(([key, wanted]) => isDeepStrictEqual(entry[key as keyof AuditEntry], wanted));
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export class AuditReader {
  readonly path: string;
  /** What has been read of the file: of a log of thousands of lines only what is new is looked at. */
  private read = { file: 0, bytes: 0, entries: [] as AuditEntry[] };

  constructor(path: string) {
    this.path = path;
  }

  /** Every whole line so far; a line being written is not one yet. A file that was begun anew is read from its begin. */
  entries(): readonly AuditEntry[] {
    const fd = openIfThere(this.path);
    if (fd === undefined) return [];
    try {
      const { ino, size } = fstatSync(fd);
      if (ino !== this.read.file || size < this.read.bytes) this.read = { file: ino, bytes: 0, entries: [] };
      const fresh = Buffer.alloc(size - this.read.bytes);
      const count = readSync(fd, fresh, 0, fresh.length, this.read.bytes);
      const whole = fresh.subarray(0, fresh.subarray(0, count).lastIndexOf('\n') + 1);
      this.read.bytes += whole.length;
      const lines = whole.toString('utf8').split('\n').slice(0, -1);
      this.read.entries.push(...lines.map((line) => JSON.parse(line) as AuditEntry));
    } finally {
      closeSync(fd);
    }
    return [...this.read.entries];
  }

  /** How many lines there are by now: hand it on as `from` to look only at what comes later. */
  mark(): number {
    return this.entries().length;
  }

  /** The lines, from the mark `from` on, whose members are those of `pattern`. */
  all(pattern: AuditPattern, from = 0): readonly AuditEntry[] {
    return this.entries()
      .slice(from)
      .filter((entry) => matches(entry, pattern));
  }

  /**
   * The first line from the mark `from` on whose members are those of `pattern`, also one that is already there.
   * @throws Error with the lines that came instead, after `withinMs` milliseconds.
   */
  async waitFor(pattern: AuditPattern, from = 0, withinMs = 15_000): Promise<AuditEntry> {
    try {
      return await waitFor('an audit line', () => this.all(pattern, from)[0], withinMs);
    } catch {
      const came = this.entries().slice(from).slice(-20);
      const lines = came.map((entry) => JSON.stringify(entry)).join('\n');
      throw new Error(`no audit line like ${JSON.stringify(pattern)} within ${withinMs} ms, but:\n${lines}`);
    }
  }
}
