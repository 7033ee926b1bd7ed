/** The bench's side of the probe. */
import type { Host } from '../../test/support/host.ts';
import type { LabProcess } from '../../test/support/lab-process.ts';
import { builtFile } from '../../test/support/paths.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Order, Ping, PingResult, Shot, ShotResult, Volley } from './protocol.ts';

/** What an order may take beyond the time that it names, in milliseconds. */
const PATIENCE_MS = 10_000;

export class Probe {
  private readonly process: LabProcess;

  private constructor(process: LabProcess) {
    this.process = process;
  }

  static async start(host: Host): Promise<Probe> {
    const script = builtFile('bench/probe/shooter.js');
    // sched(7): what nobody else wants. A client that spins on a machine of its own takes no processor from the daemon;
    // here it would make the daemon wait for the end of its time slice, some 3 ms.
    const command = ['--idle', '0', process.execPath, script];
    const child = host.spawn('chrt', command, { env: QUIET_ENVIRONMENT });
    await child.waitForLine(/^ready$/);
    return new Probe(child);
  }

  async shoot(shot: Omit<Shot, 'kind'>): Promise<ShotResult> {
    return (await this.order({ kind: 'shot', ...shot }, shot.timeoutMs)) as ShotResult;
  }

  async ping(ping: Omit<Ping, 'kind'>): Promise<PingResult> {
    return (await this.order({ kind: 'ping', ...ping }, ping.times * 100)) as PingResult;
  }

  async fire(volley: Omit<Volley, 'kind'>): Promise<void> {
    await this.order({ kind: 'volley', ...volley }, volley.packets.length * volley.everyMs);
  }

  async stop(): Promise<void> {
    this.process.endInput();
    await this.process.stop();
  }

  private async order(order: Order, timeMs: number): Promise<unknown> {
    const mark = this.process.mark();
    this.process.write(`${JSON.stringify(order)}\n`);
    const [line] = await this.process.waitForLine(/^\{.*/, timeMs + PATIENCE_MS, mark);
    return JSON.parse(line);
  }
}

/** Starts the echo service on ports `first` to `last` of a host. */
export async function startEcho(host: Host, first: number, last: number): Promise<LabProcess> {
  const args = [builtFile('bench/probe/echo.js'), String(first), String(last)];
  const child = host.spawn(process.execPath, args, { env: QUIET_ENVIRONMENT });
  await child.waitForLine(/^listening$/);
  return child;
}
