import { Trouble } from '../keys/trouble.ts';
import type { ClientIo, HostAddress } from './io.ts';
import type { Target } from './request.ts';
import { startProgress } from './ui.ts';
import type { WaitResult } from './wait.ts';

/** Tries the port until it is open; @throws Trouble (exit code 3) with what `explain` makes of it where the time runs out. */
export const waitForOpening = async (
  { port, limit }: Exclude<Target['wait'], undefined>,
  to: HostAddress,
  explain: (result: WaitResult & { open: false }) => string,
  io: ClientIo,
): Promise<void> => {
  const { waitForPort } = await import('./wait.ts');
  const progress = startProgress(io);
  const result = await waitForPort(
    (timeoutMs) => io.network.connect(to, port, timeoutMs),
    limit * 1000,
    (elapsed) => progress.update(`waiting for tcp/${String(port)} … ${(elapsed / 1000).toFixed(1)} s`),
  );
  progress.clear();
  if (!result.open) throw new Trouble(explain(result), 3);
  io.out(`tcp/${String(port)} is open after ${(result.afterMs / 1000).toFixed(2)} s\n`);
};
