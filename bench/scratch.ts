/** A folder for the daemons' state, on a real disk: a replay journal in memory would be durable for nothing. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atProcessEnd } from '../test/support/at-process-end.ts';

export class Scratch {
  readonly folder: string;
  private readonly forget: () => void;
  private count = 0;

  constructor() {
    // /tmp is often memory; /var/tmp survives a reboot by definition (file-hierarchy(7)).
    this.folder = mkdtempSync('/var/tmp/spad-bench-');
    this.forget = atProcessEnd(() => this.remove());
  }

  /** A new folder inside, mode 0700. */
  newFolder(): string {
    this.count++;
    const path = join(this.folder, String(this.count));
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /** The kind of file system that the folder is on: `ext4`. */
  get fileSystem(): string {
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '));
    const holding = mounts.filter(([, point = '-']) => `${this.folder}/`.startsWith(point === '/' ? '/' : `${point}/`));
    // A later mount on the same point hides the earlier one.
    return holding.reduce((best, next) => ((next[1]?.length ?? 0) >= (best[1]?.length ?? 0) ? next : best))[2] ?? '?';
  }

  remove(): void {
    this.forget();
    // A daemon that was just killed may still be writing.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
