/** The program that knocks: compiled when it is needed, since nothing in Node sends 100 000 packets a second. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Host } from '../test/support/host.ts';
import type { LabProcess } from '../test/support/lab-process.ts';
import { repositoryRoot } from '../test/support/paths.ts';

/** Long enough for a million packets on a machine that others use too. */
const TIMEOUT_MS = 120_000;

/** `random`: every packet from a source of its own. */
export type Source = string;

export interface Flood {
  readonly source: Source;
  readonly port: number;
  readonly count: number;
  /** Packets a second; 0 for as many as go. */
  readonly rate: number;
}

export interface Sent {
  readonly packets: number;
  readonly perSecond: number;
}

export interface Rounds {
  /** The first of the sources: each round has one of its own. */
  readonly source: Source;
  readonly ports: readonly number[];
  readonly count: number;
  readonly gapMs: number;
  /** What has not opened so long after its last knock is lost. */
  readonly patienceMs: number;
  /** What the door's command writes to. */
  readonly fifo: string;
}

/** @throws Error with the remedy when there is no compiler, or its words when it refuses. */
export function compileSender(folder: string): string {
  const program = join(folder, 'knock-sender');
  const source = join(repositoryRoot(), 'bench/native/knock-sender.c');
  const { status, stderr, error } = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('the question "knock" needs a C compiler: install the package gcc');
  if (status !== 0) throw new Error(`${source} does not compile:\n${stderr}`);
  return program;
}

/** Knocks at one host, from another. */
export class Sender {
  private readonly program: string;
  private readonly from: Host;
  private readonly wire: readonly string[];

  private constructor(program: string, from: Host, to: Host, mac: string) {
    this.program = program;
    this.from = from;
    this.wire = ['-i', from.interfaceName, '-m', mac, '-d', to.address4, '-P', 'tcp', '-f', 'S'];
  }

  static async between(program: string, from: Host, to: Host): Promise<Sender> {
    return new Sender(program, from, to, await to.macAddress());
  }

  async flood(flood: Flood): Promise<Sent> {
    const text = await this.from.run(this.program, this.floodArguments(flood), { timeoutMs: TIMEOUT_MS });
    return sentOf(text);
  }

  /** A flood that lasts as long as the work, if `count` is enough for that. */
  async during<T>(flood: Flood, work: () => Promise<T>): Promise<{ readonly result: T; readonly sent: Sent }> {
    const process: LabProcess = this.from.spawn(this.program, this.floodArguments(flood));
    const result = await work();
    await process.stop();
    return { result, sent: sentOf(process.stdout) };
  }

  /** Milliseconds from the last knock to the command, undefined for those that did not open. */
  async rounds({ source, ports, count, gapMs, patienceMs, fifo }: Rounds): Promise<(number | undefined)[]> {
    const times = ['-g', String(gapMs), '-t', String(patienceMs)];
    const words = ['-s', source, '-p', ports.join(), '-n', String(count), ...times, '-w', fifo];
    const text = await this.from.run(this.program, [...this.wire, ...words], { timeoutMs: TIMEOUT_MS });
    return text
      .trim()
      .split('\n')
      .map((line) => (line.startsWith('opened ') ? Number(line.slice('opened '.length)) / 1e6 : undefined));
  }

  private floodArguments({ source, port, count, rate }: Flood): string[] {
    return [...this.wire, '-s', source, '-p', String(port), '-n', String(count), '-r', String(rate)];
  }
}

function sentOf(text: string): Sent {
  const [, packets, nanoseconds] = /^sent ([0-9]+) ([0-9]+)$/m.exec(text) ?? [];
  if (packets === undefined) throw new Error(`the sender did not say what it sent: ${text}`);
  return { packets: Number(packets), perSecond: (Number(packets) * 1e9) / Number(nanoseconds) };
}
