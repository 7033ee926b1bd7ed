import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `look` gives something, and gives that.
 * @param what for the message: what is being waited for
 * @param withinMs milliseconds; generous unless told, for the machine may be busy with other tests
 * @throws Error when it never comes; what `look` itself throws comes through at once.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  withinMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await sleep(20);
  }
}

/** As `waitFor`, for what is only true or not yet. */
export async function waitUntil(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs?: number,
): Promise<void> {
  await waitFor(what, async () => ((await isSo()) ? true : undefined), withinMs);
}
