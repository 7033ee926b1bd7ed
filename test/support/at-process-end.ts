/** Cleaning up that must happen however the process ends: normally, by an uncaught error, or by a signal. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const tasks = new Set<() => void>();

function runAll(): void {
  // The last first: what was made within something else goes before it, a daemon before the folder that it writes to.
  for (const task of [...tasks].toReversed()) {
    try {
      task();
    } catch {
      // Best effort: one task that fails must not keep the others from running, and nobody is left to tell.
    }
  }
  tasks.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  runAll();
  unhook();
  // Listening took the signal's own effect away; it is given back unless somebody else listens and decides.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function unhook(): void {
  process.off('exit', runAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/**
 * Runs `task`, which must be synchronous, when the process ends; SIGKILL excepted.
 * An uncaught error ends in the same 'exit' event, so it needs no hook of its own.
 * @returns a function that takes the task off the list again.
 */
export function atProcessEnd(task: () => void): () => void {
  if (tasks.size === 0) {
    process.on('exit', runAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  tasks.add(task);
  return () => {
    tasks.delete(task);
    if (tasks.size === 0) unhook();
  };
}
