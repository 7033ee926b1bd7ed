import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import type { KeysIo } from '../../../keys/io.ts';
import { Trouble } from '../../../keys/trouble.ts';

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

/** An io whose home is `home` and whose chance counts up from `seed`; without answers in `typed`, it has no terminal. */
export const captureIo = (home: string, seed = 1, typed: readonly string[] = []): CapturedIo => {
  const out: string[] = [];
  const err: string[] = [];
  const answers = [...typed];
  return {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: { HOME: home },
    askSecret: (prompt, otherwise) => {
      const answer = answers.shift();
      if (answer === undefined) throw new Trouble(otherwise, 1);
      err.push(prompt);
      return answer;
    },
    now: () => unixMs(Date.UTC(2026, 0, 31, 23, 59)),
    random: (length) => Uint8Array.from({ length }, (_, index) => (seed + index) & 0xff),
    stdout: () => out.join(''),
    stderr: () => err.join(''),
  };
};
