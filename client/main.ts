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

/** `spa-client knock …` is a program of its own, which `spa-client HOST` does not load. */
const knock = async (words: readonly string[]): Promise<number> => {
  const [{ runKnock }, { knockWorld }] = await Promise.all([import('./knock/run.ts'), import('./knock/world.ts')]);
  return runKnock(words, knockWorld);
};

/** So is `spa-client fwknop …`. */
const fwknop = async (words: readonly string[]): Promise<number> => {
  const [{ runFwknop }, { fwknopWorld }] = await Promise.all([import('./fwknop/run.ts'), import('./fwknop/world.ts')]);
  return runFwknop(words, fwknopWorld);
};

const [first, ...others] = process.argv.slice(2);
process.exitCode =
  first === 'knock'
    ? await knock(others)
    : first === 'fwknop'
      ? await fwknop(others)
      : await run(process.argv.slice(2), {
          out: (text) => process.stdout.write(text),
          err: (text) => process.stderr.write(text),
          onTerminal: process.stderr.isTTY,
          env: process.env,
          input: () => process.stdin.setEncoding('utf8'),
          now: () => unixMs(Date.now()),
          random: (length) => randomBytes(length),
          network,
        });
