/** A small disk that one program alone sees, to be filled up: it is gone with the program. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const FILLER = 'filler';

export class MemoryDisk {
  readonly folder: string;
  private readonly size: string;

  /** @param size as tmpfs(5) reads it: `1m` */
  constructor(folder: string, size: string) {
    this.folder = folder;
    this.size = size;
    mkdirSync(folder, { mode: 0o700, recursive: true });
  }

  /**
   * A shell command that becomes "$@" with the disk mounted, after `prepare`. `ip netns exec` has given the shell mounts
   * of its own, so nobody else sees this one, and nobody needs to take it down.
   */
  through(prepare = ':', options = 'rw'): string {
    return `mount -t tmpfs -o size=${this.size},mode=700,${options} tmpfs '${this.folder}' && ${prepare} && exec "$@"`;
  }

  /** The path of a file on the disk, from outside, while the process `pid` lives. */
  path(pid: number, name: string): string {
    return join(`/proc/${pid}/root`, this.folder, name);
  }

  /** Leaves no byte free. */
  fill(pid: number): void {
    const fd = openSync(this.path(pid, FILLER), 'w');
    for (const chunk of [Buffer.alloc(4096), Buffer.alloc(1)]) {
      try {
        for (;;) writeSync(fd, chunk);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
    closeSync(fd);
  }

  /** Makes room again. */
  clear(pid: number): void {
    rmSync(this.path(pid, FILLER));
  }
}
