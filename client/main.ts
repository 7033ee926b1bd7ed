#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { unixMs } from '../src/base/units.ts';
import { connectOnce } from './connect.ts';
import type { ClientIo, Network } from './io.ts';
import { openOutput } from './output.ts';
import { lookupHost } from './resolve-address.ts';
import { run } from './run.ts';
import { openRoute } from './send.ts';

let hasAsked = false;

/** Asked by the launcher: what this run has compiled is what the next one will need. */
export const isUsualRun = (): boolean => hasAsked;

const network: Network = {
  lookup: lookupHost,
  route: (to, port) => {
    hasAsked = true;
    return openRoute(to, port);
  },
  connect: connectOnce,
};

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

const { out, err, isFlushed } = openOutput();

const io: ClientIo = {
  out,
  err,
  // Asking makes the stream, so only those do who wait.
  get onTerminal() {
    return process.stderr.isTTY;
  },
  env: process.env,
  input: () => process.stdin.setEncoding('utf8'),
  now: () => unixMs(Date.now()),
  random: (length) => randomBytes(length),
  network,
};

/** And so is `spa-client join …`, whose run is not a usual one although it asks. */
const join = async (words: readonly string[]): Promise<number> => {
  const [{ runJoin }, { askSecret }] = await Promise.all([import('./join/run.ts'), import('../keys/terminal.ts')]);
  return runJoin(words, { ...io, network: { ...network, route: openRoute } }, askSecret);
};

/** And those that connect. */
const session = async (program: 'proxy' | 'ready' | 'exec', words: readonly string[]): Promise<number> => {
  const [{ runSession }, { openStandardOutput }] = await Promise.all([
    import('./session/run.ts'),
    import('./session/pipe.ts'),
  ]);
  return runSession(
    program,
    words,
    { ...io, network: { ...network, route: openRoute } },
    { dial: connectOnce, openPipes: () => ({ input: process.stdin, output: openStandardOutput() }) },
  );
};

const main = async (): Promise<void> => {
  const words = process.argv.slice(2);
  const [first, ...others] = words;
  if (first === 'knock') process.exitCode = await knock(others);
  else if (first === 'fwknop') process.exitCode = await fwknop(others);
  else if (first === 'join') process.exitCode = await join(others);
  else if (first === 'proxy' || first === 'ready' || first === 'exec') process.exitCode = await session(first, others);
  else {
    process.exitCode = await run(words, io);
    // Everything has been said and sent, and Node's own way to the end takes 5 ms more.
    if (isFlushed()) process.exit();
  }
};

void main();
