/** A spad of the laboratory: its folder and configuration on one host, and the daemon that may be running there. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditReader } from './audit-reader.ts';
import type { Host } from './host.ts';
import type { Keyholder } from './keyholder.ts';
import type { Lab } from './lab.ts';
import type { ExecResult, Exit, LabProcess } from './lab-process.ts';
import { builtFile } from './paths.ts';
import { sendDatagram } from './probe.ts';
import { waitFor } from './wait.ts';

/** What is undefined is not written, be it a default. */
type Directives = Readonly<Record<string, string | number | undefined>>;

export interface SpadConfig {
  /** Directives of [spad]; name, guard (tcp/22), state_dir and audit_log have defaults here. */
  readonly daemon?: Directives;
  /** Directives of each [access NAME]. */
  readonly access?: Readonly<Record<string, Directives>>;
}

export interface StartOptions {
  /** A shell command that becomes the daemon by `exec "$@"`, to set something up first. */
  readonly through?: string;
  /** Instead of `-c` and spad.conf. */
  readonly args?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Unless told, `start` waits until the daemon captures. */
  readonly until?: RegExp;
  /** Milliseconds for that; 20 000 unless told. */
  readonly withinMs?: number;
}

export const SPA_PORT = 62_201;

const READY = /^spad: ready\b/;
const START_MS = 20_000;

function section(name: string, directives: Directives): string {
  const written = Object.entries(directives).filter(([, value]) => value !== undefined);
  const lines = written.map(([key, value]) => `${key} = ${value ?? ''}\n`);
  return `[${name}]\n${lines.join('')}\n`;
}

export class Spad {
  readonly host: Host;
  /** The folder of this server alone. */
  readonly dir: string;
  readonly confFile: string;
  readonly stateDir: string;
  readonly audit: AuditReader;
  private child: LabProcess | undefined;

  /** Names a folder of its own in the laboratory's, so that one host can have several. */
  constructor(lab: Lab, host: Host, name = 'spad') {
    this.host = host;
    this.dir = join(lab.dir, `${host.name}-${name}`);
    this.confFile = join(this.dir, 'spad.conf');
    this.stateDir = join(this.dir, 'state');
    this.audit = new AuditReader(join(this.dir, 'audit.jsonl'));
    mkdirSync(this.dir, { mode: 0o700 });
  }

  /** The running daemon. @throws Error when none has been started. */
  get process(): LabProcess {
    if (this.child === undefined) throw new Error(`no spad has been started on ${this.host.name}`);
    return this.child;
  }

  get hasStarted(): boolean {
    return this.child !== undefined;
  }

  /** Writes spad.conf anew. */
  configure(config: SpadConfig): void {
    const daemon = {
      ...{ name: 'gw1', guard: 'tcp/22', state_dir: this.stateDir, audit_log: this.audit.path },
      ...config.daemon,
    };
    const access = Object.entries(config.access ?? {}).map(([name, values]) => section(`access ${name}`, values));
    this.writeConf(section('spad', daemon) + access.join(''));
  }

  /** Writes spad.conf as it is given, closed to others. */
  writeConf(text: string): void {
    writeFileSync(this.confFile, text, { mode: 0o600 });
  }

  /** Starts the daemon and waits until it captures, or for the line that `options` name. */
  async start(options: StartOptions = {}): Promise<LabProcess> {
    const args = options.args ?? ['-c', this.confFile];
    const words = [process.execPath, builtFile('bin/spad.cjs'), ...args];
    const command = options.through === undefined ? words : ['sh', '-c', options.through, 'sh', ...words];
    const [file = '', ...rest] = command;
    this.child = this.host.spawn(file, rest, { env: options.env ?? {} });
    await this.child.waitForLine(options.until ?? READY, options.withinMs ?? START_MS);
    return this.child;
  }

  /** Runs spad with other words to its end: `--check`, `flush`. */
  exec(...args: readonly string[]): Promise<ExecResult> {
    return this.execThrough({}, ...args);
  }

  /** As `exec`, with words before the command, which become it by exec, and more environment. */
  execThrough(
    { prefix = [], env = {} }: { readonly prefix?: readonly string[]; readonly env?: Readonly<Record<string, string>> },
    ...args: readonly string[]
  ): Promise<ExecResult> {
    const [command = '', ...words] = [...prefix, process.execPath, builtFile('bin/spad.cjs'), ...args];
    return this.host.exec(command, words, { timeoutMs: START_MS, env });
  }

  /** Ends the daemon, in order unless told, and waits until it is gone. */
  stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<Exit> {
    return this.process.stop(signal, START_MS);
  }

  /** Rereads the configuration and waits until that has been decided; the audit line of the decision. */
  async reload(): Promise<void> {
    const from = this.audit.mark();
    this.process.kill('SIGHUP');
    await this.audit.waitFor({ event: 'reloaded' }, from);
  }

  /** The counters since the start. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const from = this.audit.mark();
    this.process.kill('SIGUSR2');
    return (await this.audit.waitFor({ event: 'counted' }, from)).counts ?? {};
  }

  /** How many packets since the start had nobody's hint, whoever has seen that: the kernel or the receiver. */
  async junkCount(): Promise<number> {
    const { sieved = 0, 'unknown-hint': unknown = 0 } = await this.counts();
    return sieved + unknown;
  }

  /** The process id of the receiver, once there is one. */
  receiverPid(): Promise<number> {
    const { pid } = this.process;
    return waitFor('a receiver', () => childrenOf(pid)[0]);
  }

  /** Sends bytes to this server's SPA port, over IPv4 unless told. */
  async send(from: Host, bytes: Uint8Array, family: 4 | 6 = 4): Promise<void> {
    await sendDatagram(from, family === 4 ? this.host.address4 : this.host.address6, SPA_PORT, bytes);
  }

  /** Sends many datagrams in their order, by one program, with a pause (milliseconds) after every `burst`. */
  async sendAll(from: Host, datagrams: readonly Uint8Array[], pause = 0, burst = 64): Promise<void> {
    const args = [
      builtFile('test/support/udp-send-many.js'),
      this.host.address4,
      String(SPA_PORT),
      String(pause),
      String(burst),
    ];
    const input = datagrams.map((bytes) => `${Buffer.from(bytes).toString('hex')}\n`).join('');
    await from.run(process.execPath, args, { input, timeoutMs: 60_000 });
  }

  /**
   * Sends an honest packet that opens tcp/9 for its source and waits until it has: all that was sent before has been
   * decided by then, for the road of packets is one queue. Under a flood a packet may be lost; `attempts` says how many
   * are sent at most.
   */
  async settle(from: Host, holder: Keyholder, attempts = 1): Promise<void> {
    const mark = this.audit.mark();
    const opened = (): true | undefined =>
      this.audit
        .entries()
        .slice(mark)
        .some(({ event, ports }) => ports?.[0] === 'tcp/9' && (event === 'granted' || event === 'extended')) ||
      undefined;
    const patience = attempts === 1 ? 15_000 : 2000;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      await this.send(from, holder.seal({ ports: 'tcp/9', openFor: 1 }));
      if ((await waitFor('tcp/9 to open', opened, patience).catch(() => undefined)) === true) return;
    }
    throw new Error(`none of ${attempts} packets from ${from.name} opened tcp/9`);
  }
}

/** The process ids of a process's children. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return text
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return [];
  }
}
