/** A daemon for as long as some work takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntilIdle } from '../knock-usage.ts';
import type { Scratch } from '../scratch.ts';
import { type Contender, type Daemon, type Ports, startReady } from './contender.ts';

/** After "ready": what was begun then is done by now. */
const SETTLE_MS = 1000;
const DRAIN_TIMEOUT_MS = 30_000;

/** Starts a daemon, lets it settle, and ends it after the work. */
export async function withDaemon<D extends Daemon, T>(
  scratch: Scratch,
  contender: Contender<D>,
  ports: Ports,
  work: (daemon: D, folder: string) => Promise<T>,
): Promise<T> {
  const folder = scratch.newFolder();
  const daemon = await startReady(contender, folder, ports);
  try {
    await sleep(SETTLE_MS);
    await waitUntilIdle(daemon.process.pid, DRAIN_TIMEOUT_MS);
    return await work(daemon, folder);
  } finally {
    await daemon.process.stop();
  }
}
