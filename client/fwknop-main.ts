#!/usr/bin/env node
import { runFwknop } from './fwknop/run.ts';
import { fwknopWorld } from './fwknop/world.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe may leave early.
  if (error.code !== 'EPIPE') throw error;
});

const main = async (): Promise<void> => {
  process.exitCode = await runFwknop(process.argv.slice(2), fwknopWorld);
};

void main();
