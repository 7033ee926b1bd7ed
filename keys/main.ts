#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { unixMs } from '../src/base/units.ts';
import { run } from './cli.ts';
import { askSecret } from './terminal.ts';

// A reader that had enough (`spa-keys list | head -1`) is no trouble.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
  askSecret,
  now: () => unixMs(Date.now()),
  random: (length) => randomBytes(length),
});
