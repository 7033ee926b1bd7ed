#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { unixMs } from '../src/base/units.ts';
import { commandNamed } from './commands.ts';
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

/** The run of a command is not a usual one, although it may ask. */
const otherIo = (): ClientIo => ({ ...io, network: { ...network, route: openRoute } });

const main = async (): Promise<void> => {
  const words = process.argv.slice(2);
  const command = commandNamed(words[0]);
  if (command !== undefined) process.exitCode = await command.run(words.slice(1), otherIo());
  else {
    process.exitCode = await run(words, io);
    // Everything has been said and sent, and Node's own way to the end takes 5 ms more.
    if (isFlushed()) process.exit();
  }
};

void main();
