#!/usr/bin/env node
import { runKnock } from './knock/run.ts';
import { knockWorld } from './knock/world.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe may leave early.
  if (error.code !== 'EPIPE') throw error;
});

const main = async (): Promise<void> => {
  process.exitCode = await runKnock(process.argv.slice(2), knockWorld);
};

void main();
