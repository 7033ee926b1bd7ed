import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import type { KeysIo } from '../../../keys/io.ts';

/** A new folder that is gone when the test is over. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'spa-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export interface CapturedIo extends KeysIo {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** An io whose home is `home` and whose chance counts up from `seed`. */
export const captureIo = (home: string, seed = 1): CapturedIo => {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: { HOME: home },
    now: () => unixMs(Date.UTC(2026, 0, 31, 23, 59)),
    random: (length) => Uint8Array.from({ length }, (_, index) => (seed + index) & 0xff),
    stdout: () => out.join(''),
    stderr: () => err.join(''),
  };
};
