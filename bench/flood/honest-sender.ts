/** The bench's side of bench/native/honest-sender.c. */
import { SPA_PORT } from '../daemons/contender.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Wire } from './wires.ts';

/** A packet that has not opened its port by then counts as lost. */
export const TIMEOUT_MS = 1000;
const PATIENCE_MS = 30_000;

export interface HonestPacket {
  /** The UDP port that it opens. */
  readonly port: number;
  readonly packet: Uint8Array;
}

/**
 * Sends the packets, `gapMs` apart, give or take a half. It runs at real-time priority, though with little to do: it is in
 * the place of a client on a machine of its own.
 * @returns milliseconds from each packet to its port open, null for those that were lost
 */
export async function sendHonest(
  program: string,
  { client, host }: Wire,
  packets: readonly HonestPacket[],
  gapMs: number,
): Promise<readonly (number | null)[]> {
  const words = ['-d', host.address4, '-p', String(SPA_PORT), '-g', String(gapMs), '-t', String(TIMEOUT_MS)];
  const input = packets.map(({ port, packet }) => `${String(port)} ${Buffer.from(packet).toString('hex')}\n`).join('');
  const timeoutMs = packets.length * gapMs * 2 + PATIENCE_MS;
  const text = await client.run('chrt', ['--fifo', '1', program, ...words], {
    ...{ input, timeoutMs, env: QUIET_ENVIRONMENT },
  });
  const lines = text.trim().split('\n');
  if (lines.length !== packets.length) throw new Error(`the sender told of ${String(lines.length)} packets: ${text}`);
  return lines.map((line) => (line.startsWith('opened ') ? Number(line.slice('opened '.length)) / 1e6 : null));
}
