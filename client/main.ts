#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { unixMs } from '../src/base/units.ts';
import { connectOnce } from './connect.ts';
import type { Network } from './io.ts';
import { run } from './run.ts';
import { openRoute } from './send.ts';

const network: Network = {
  // The resolver is slow to load, and is not needed for --help.
  lookup: async (host, family) => (await import('./resolve-address.ts')).lookupHost(host, family),
  route: openRoute,
  connect: connectOnce,
};

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe may leave early.
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  onTerminal: process.stderr.isTTY,
  env: process.env,
  now: () => unixMs(Date.now()),
  random: (length) => randomBytes(length),
  network,
});
