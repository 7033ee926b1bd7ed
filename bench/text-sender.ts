/** The program that sends texts of fwknop's by the thousand, from any source: compiled when it is needed. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../test/support/host.ts';
import { repositoryRoot } from '../test/support/paths.ts';
import { SPA_PORT } from './daemons/contender.ts';
import { QUIET_ENVIRONMENT } from './environment.ts';

const TIMEOUT_MS = 120_000;
/** More than any flood here can send while it is needed. */
const ENDLESS = 40_000_000;

export interface Texts {
  /** An IPv4 address, or `random`: every datagram from a network of its own. */
  readonly source: string;
  readonly texts: readonly string[];
  /** How many datagrams: the texts in turn. */
  readonly count: number;
  /** Datagrams a second; 0 for as many as go. */
  readonly rate: number;
}

/** @throws Error with the remedy when there is no compiler, or its words when it refuses. */
export function compileTextSender(folder: string): string {
  const program = join(folder, 'text-sender');
  const source = join(repositoryRoot(), 'bench/native/text-sender.c');
  const { status, stderr, error } = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('the question "fwknop" needs a C compiler: install the package gcc');
  if (status !== 0) throw new Error(`${source} does not compile:\n${stderr}`);
  return program;
}

/** Sends to one host, from another. */
export class TextSender {
  private readonly program: string;
  private readonly from: Host;
  private readonly folder: string;
  private readonly wire: readonly string[];
  private files = 0;

  private constructor(program: string, folder: string, from: Host, wire: readonly string[]) {
    this.program = program;
    this.folder = folder;
    this.from = from;
    this.wire = wire;
  }

  /** @param folder where texts are written for the program to read */
  static async between(program: string, folder: string, from: Host, to: Host): Promise<TextSender> {
    const wire = ['-i', from.interfaceName, '-m', await to.macAddress(), '-d', to.address4, '-p', String(SPA_PORT)];
    return new TextSender(program, folder, from, wire);
  }

  async send(texts: Texts): Promise<void> {
    await this.from.run(this.program, this.words(texts), { timeoutMs: TIMEOUT_MS, env: QUIET_ENVIRONMENT });
  }

  /** A flood that lasts as long as the work; tells how many datagrams a second it was. */
  async during<T>(
    texts: Omit<Texts, 'count'>,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly perSecond: number }> {
    const words = this.words({ ...texts, count: ENDLESS });
    const process = this.from.spawn(this.program, words, { env: QUIET_ENVIRONMENT });
    try {
      const result = await work();
      await process.stop();
      const [, packets, nanoseconds] = /^sent ([0-9]+) ([0-9]+)$/m.exec(process.stdout) ?? [];
      if (packets === undefined) throw new Error(`the sender did not say what it sent: ${process.output}`);
      return { result, perSecond: (Number(packets) * 1e9) / Number(nanoseconds) };
    } finally {
      await process.stop();
    }
  }

  private words({ source, texts, count, rate }: Texts): string[] {
    const file = join(this.folder, `texts-${(this.files += 1)}`);
    writeFileSync(file, `${texts.join('\n')}\n`);
    return [...this.wire, '-s', source, '-t', file, '-n', String(count), '-r', String(rate)];
  }
}
