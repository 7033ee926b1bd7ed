/** Packets of the real client: made in one go, without sending (`fwknop --test --save-packet`), or sent by it. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../../support/host.ts';
import type { Lab } from '../../../support/lab.ts';
import type { ExecOptions, ExecResult } from '../../../support/lab-process.ts';
import { FWKNOP_ENVIRONMENT } from './environment.ts';

/** What the client ended with where it made no packet. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** As many at a time; the machine has other work. */
const AT_ONCE = 2;

export class FwknopClient {
  readonly host: Host;
  private readonly server: string;
  private readonly dir: string;
  private made = 0;

  /** @param server the address that packets are sent to, and that some of them name */
  constructor(lab: Lab, host: Host, server: string, name = 'fwknop') {
    this.host = host;
    this.server = server;
    this.dir = join(lab.dir, `${host.name}-${name}`);
    mkdirSync(this.dir, { mode: 0o700 });
  }

  /** The words that come before those of the caller. */
  get words(): readonly string[] {
    return ['--no-rc-file', '--no-save-args', '-D', this.server];
  }

  private get environment(): Environment {
    return { ...FWKNOP_ENVIRONMENT, HOME: this.dir };
  }

  /** Runs the client to its end; it sends its packet. */
  send(...args: readonly string[]): Promise<ExecResult> {
    return this.host.exec('fwknop', [...this.words, ...args], { env: this.environment, timeoutMs: 20_000 });
  }

  /**
   * One packet for each command line, in their order.
   * Some are made although the client then finds that it could not read them again, as it does in test mode.
   * @throws ClientRefused with what the client said when it made none for one of them.
   */
  async make(lines: readonly (readonly string[])[]): Promise<readonly string[]> {
    const dir = join(this.dir, `packets-${++this.made}`);
    mkdirSync(dir);
    const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
    const commands = lines.map((args, index) => {
      const file = join(dir, String(index));
      const words = ['fwknop', ...this.words, '--test', '--save-packet', file, ...args];
      return `${words.map(quote).join(' ')} >${file}.log 2>&1 || [ -s ${file} ] || { echo ${index}; cat ${file}.log; }`;
    });
    const parts = Array.from({ length: AT_ONCE }, (_, part) => commands.filter((_, i) => i % AT_ONCE === part));
    const scripts = parts.map((part) => this.host.run('sh', ['-s'], this.input(part)));
    const failed = (await Promise.all(scripts)).join('');
    if (failed !== '') throw new ClientRefused(`fwknop made no packet for line ${failed}`);
    const packets = lines.map((_, index) => readFileSync(join(dir, String(index)), 'latin1').replace(/\n$/, ''));
    rmSync(dir, { recursive: true });
    return packets;
  }

  private input(commands: readonly string[]): ExecOptions {
    return { input: `${commands.join('\n')}\n`, env: this.environment, timeoutMs: 60_000 };
  }
}
