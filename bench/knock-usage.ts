/** What a daemon and all that it started have used, by /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;
/** Less processor time than this between two looks is idling. */
const IDLE_MS = 1;

/** Milliseconds on a processor, of all threads of all processes alive. */
export function processorMs(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + threadsMs(one), 0);
}

/** Megabytes (10^6 bytes) resident, of all processes together: now, and at the most so far. */
export function residence(pid: number): { readonly now: number; readonly peak: number } {
  const texts = treeOf(pid).map((one) => readOrEmpty(`/proc/${one}/status`));
  const total = (key: string): number => texts.reduce((sum, text) => sum + kilobytes(text, key), 0) * 1024e-6;
  return { now: total('VmRSS'), peak: total('VmHWM') };
}

/** Settles when the daemon has nothing left to do; gives up in silence. */
export async function waitUntilIdle(pid: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let before = processorMs(pid);
  // Twice in a row: on a busy machine a daemon may get no turn between two looks.
  for (let quiet = 0; quiet < 2 && performance.now() < deadline;) {
    await sleep(LOOK_EVERY_MS);
    const after = processorMs(pid);
    quiet = after - before < IDLE_MS ? quiet + 1 : 0;
    before = after;
  }
}

function treeOf(pid: number): number[] {
  const children = readOrEmpty(`/proc/${pid}/task/${pid}/children`).trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => treeOf(Number(child))))];
}

function threadsMs(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`).split(' ', 1)[0]),
  );
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
}

function kilobytes(status: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s+([0-9]+) kB$`, 'm').exec(status)?.[1] ?? 0);
}

/** What ends between the listing and the reading counts as nothing. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
