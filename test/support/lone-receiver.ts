/** The receiver alone, started in a host of the laboratory as the daemon starts it, and what it says on its pipe. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { encodeSettings, type ReceiverSettings } from '../../src/engine/receiver-settings.ts';
import { type Handoff, HandoffReader } from '../../src/engine/handoff.ts';
import type { FwknopCandidate } from '../../src/engine/input.ts';
import type { Host } from './host.ts';
import { builtFile } from './paths.ts';
import { waitFor } from './wait.ts';

export class LoneReceiver {
  readonly pid: number;
  readonly candidates: FwknopCandidate[] = [];
  /** All that it has counted. */
  readonly counts: Record<string, number> = {};
  private readonly child: ChildProcess;
  private readonly others: Handoff[] = [];
  private failure = '';

  private constructor(host: Host, settings: ReceiverSettings) {
    const program = [process.execPath, '--no-warnings', builtFile('server/receiver/main.js')];
    this.child = spawn('ip', ['netns', 'exec', host.namespace, ...program], {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
    if (this.child.pid === undefined) throw new Error('"ip" cannot be started');
    this.pid = this.child.pid;
    this.child.stderr?.on('data', (text: Buffer) => {
      this.failure += text.toString();
    });
    const reader = new HandoffReader();
    this.child.stdio[3]?.on('data', (chunk: Buffer) => {
      for (const message of reader.push(chunk)) this.take(message);
      if (reader.breached) this.failure += 'it sent what is no message';
    });
    this.child.stdin?.write(encodeSettings(settings));
  }

  /** @throws Error with its words when it does not capture in time. */
  static async start(host: Host, settings: ReceiverSettings): Promise<LoneReceiver> {
    const receiver = new LoneReceiver(host, settings);
    await waitFor('the receiver to be ready', () => {
      const last = receiver.others.at(-1);
      if (last?.kind === 'trouble' || receiver.failure !== '')
        throw new Error(`the receiver: ${last?.kind === 'trouble' ? last.text : receiver.failure}`);
      return last?.kind === 'ready' ? true : undefined;
    });
    return receiver;
  }

  /** The first candidate from place `from` on. */
  async next(from: number): Promise<FwknopCandidate> {
    return waitFor(`candidate ${from} (counts: ${JSON.stringify(this.counts)})`, () => this.candidates[from], 5000);
  }

  /** Settles when `name` has been counted `least` times. */
  async counted(name: string, least: number): Promise<void> {
    await waitFor(`${least} of ${name}`, () => ((this.counts[name] ?? 0) >= least ? true : undefined), 5000);
  }

  /** Whether what it says is read, as by an authorizer that has time. */
  listen(does: boolean): void {
    const pipe = this.child.stdio[3] as Readable;
    if (does) pipe.resume();
    else pipe.pause();
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }

  private take(message: Handoff): void {
    if (message.kind === 'fwknop-candidate') this.candidates.push(message.candidate);
    else if (message.kind === 'counts') {
      for (const [name, count] of Object.entries(message.counts)) this.counts[name] = (this.counts[name] ?? 0) + count;
    } else this.others.push(message);
  }
}
