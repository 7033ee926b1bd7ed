/** One scenario played against one daemon, in a laboratory of its own: `server` runs the daemon, `client` knocks. */
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Host } from '../../../support/host.ts';
import { Lab } from '../../../support/lab.ts';
import type { ExecResult, LabProcess } from '../../../support/lab-process.ts';
import { waitFor } from '../../../support/wait.ts';
import { Daemon } from './daemon.ts';
import type { Scenario, Side } from './scenario.ts';
import { mask, type Masks, Transcript } from './transcript.ts';

/** How long nothing may be written until a step counts as dealt with; knockd itself looks every 50 ms. */
const QUIET_MS = 300;

/** How long a line that the other side has written is waited for. */
const PATIENCE_MS = 2500;

const FRAMES = fileURLToPath(new URL('frames.py', import.meta.url));

export class Run {
  readonly side: Side;
  readonly server: Host;
  readonly client: Host;
  /** What TMP stands for. */
  readonly dir: string;
  readonly transcript = new Transcript();
  /** The lines of the log at each point where the steps waited for quiet. */
  readonly pace: number[] = [];
  private readonly follow: readonly number[];
  private readonly lab: Lab;
  private daemon: Daemon | undefined;
  private daemons = 0;
  private sender: LabProcess | undefined;
  private mounts = '';
  private patterns: Masks['patterns'] = [];
  private readonly words: (readonly [string, string])[] = [];

  private constructor(side: Side, lab: Lab, follow: readonly number[]) {
    this.side = side;
    this.follow = follow;
    this.lab = lab;
    this.dir = lab.dir;
    this.server = lab.host('server');
    this.client = lab.host('client');
    this.words.push([this.log, 'LOGFILE'], [this.conf, 'CONF'], [lab.dir, 'TMP']);
  }

  /** @param follow the `pace` of the other side */
  static async create(side: Side, follow: readonly number[]): Promise<Run> {
    return new Run(side, await Lab.create({ hosts: ['server', 'client'] }), follow);
  }

  get conf(): string {
    return join(this.dir, 'knockd.conf');
  }

  get log(): string {
    return join(this.dir, 'knockd.log');
  }

  /** Plays the scenario from its first file to the daemon's end. */
  async play(scenario: Scenario): Promise<Transcript> {
    if (scenario.conf !== undefined) this.writeConf(scenario.conf);
    for (const [name, text] of Object.entries(scenario.files ?? {})) this.write(name, text);
    this.patterns = scenario.masks ?? [];
    this.mounts = this.expand(scenario.mounts ?? '');
    await scenario.before?.(this);
    const options = scenario.options === undefined ? '-i eth0' : scenario.options;
    if (options !== null) await this.start(`-c ${this.conf} ${options}`);
    await scenario.steps?.(this);
    await this.stop();
    if (existsSync(this.log)) this.transcript.add('log', this.masked(readFileSync(this.log, 'latin1')));
    return this.transcript;
  }

  async close(): Promise<void> {
    await this.lab.close();
  }

  // --- the daemon

  /** Starts the daemon with these options (LOGFILE, CONF and TMP are replaced) and waits until it listens or ends. */
  async start(options: string): Promise<void> {
    const given = this.expand(options)
      .split(' ')
      .filter((word) => word !== '');
    this.daemon = new Daemon(this.side, this.server, { dir: this.dir, given, mounts: this.mounts });
    await this.daemon.listening(() => this.logText().includes('starting up'));
    await this.settle();
  }

  /** The process that the signals go to. */
  get pid(): number {
    if (this.daemon === undefined) throw new Error('no daemon was started');
    return this.daemon.pid;
  }

  /** From here on the signals go to the process that the pid file names, which is left in the background by -d. */
  async adopt(pidFile: string): Promise<void> {
    const path = join(this.dir, pidFile);
    const text = await waitFor(`the pid file ${pidFile}`, () =>
      existsSync(path) && statSync(path).size > 0 ? readFileSync(path, 'latin1') : undefined,
    );
    this.daemon?.adopt(Number.parseInt(text, 10));
    this.words.push([text.trim(), 'PID']);
    await this.daemon?.listening(() => true);
    await this.settle();
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    this.daemon?.kill(signal);
    await this.settle();
  }

  /** To the daemon and all that it has started. */
  async signalAll(signal: NodeJS.Signals): Promise<void> {
    const listed = await this.client.run('ip', ['netns', 'pids', this.server.namespace]);
    for (const pid of listed.split('\n').filter((word) => word !== '')) process.kill(Number(pid), signal);
    await this.settle();
  }

  /** Sends SIGHUP and waits until the file has been read and the capture goes on. */
  async reload(): Promise<void> {
    await this.signal('SIGHUP');
    await sleep(700);
    await this.settle();
  }

  /** Waits until the daemon ends by itself, or records that it does not. */
  async ended(withinMs = 3000): Promise<void> {
    await this.daemon?.gone(withinMs);
  }

  /** Ends the daemon with SIGTERM unless it has ended, and records its streams and how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const daemon = this.daemon;
    if (daemon === undefined) return;
    this.daemon = undefined;
    const before = daemon.alive ? `alive, after ${signal}: ` : 'already gone: ';
    const how = await daemon.stop(signal);
    this.daemons++;
    const nth = this.daemons === 1 ? '' : ` of start ${this.daemons}`;
    this.transcript.add(`stdout${nth}`, this.masked(daemon.stdout));
    this.transcript.add(`stderr${nth}`, this.masked(daemon.stderr));
    this.transcript.add(`exit${nth}`, `${before}${how}\n`);
  }

  /** A start that is expected to be short: everything about it becomes one section. */
  async attempt(title: string, options: string, conf?: string): Promise<void> {
    if (conf !== undefined) this.writeConf(conf);
    await this.start(options);
    const daemon = this.daemon;
    if (daemon === undefined) return;
    this.daemon = undefined;
    const before = daemon.alive ? 'alive, after SIGTERM: ' : '';
    const exit = await daemon.stop('SIGTERM');
    const streams = [`exit: ${before}${exit}`, `stdout: ${daemon.stdout}`, `stderr: ${daemon.stderr}`];
    this.transcript.add(title, this.masked(`${streams.join('\n')}\n`));
  }

  // --- the world

  /** `knock ARGUMENTS` on the client. */
  async knock(args: string): Promise<void> {
    await this.onClient(`knock ${args}`);
  }

  /** A shell command on the client, its output thrown away; any exit status is fine. */
  async onClient(command: string): Promise<void> {
    await this.client.exec('sh', ['-c', this.expand(command)]);
    await this.settle();
  }

  /** The same on the server. */
  async onServer(command: string): Promise<ExecResult> {
    const result = await this.server.exec('sh', ['-c', this.expand(command)]);
    await this.settle();
    return result;
  }

  /** Runs a shell command on the server and records what it prints under `title`. */
  async look(title: string, command: string): Promise<void> {
    // By way of a file: a pipe may be shut before a busy machine has read it.
    const seen = join(this.dir, '.seen');
    await this.server.exec('sh', ['-c', `{ ${this.expand(command)}\n} > ${seen} 2>&1`]);
    this.transcript.add(title, this.masked(readFileSync(seen, 'utf8')) || '(nothing)\n');
  }

  /** Hand-made frames, 20 ms apart; see frames.py. */
  async frames(...frames: readonly string[]): Promise<void> {
    const sender = this.sender ?? (await this.framesThrough(this.client, await this.server.macAddress()));
    const from = sender.mark();
    sender.write(`${frames.join(' ')}\n`);
    await sender.waitForLine(/^sent$/, 15_000, from);
    await this.settle();
  }

  /** Frames come from `host`: to a link-layer address on its eth0, or out of its tun interface. */
  async framesThrough(host: Host, to: string): Promise<LabProcess> {
    this.sender = host.spawn('python3', ['-u', FRAMES, to]);
    await this.sender.waitForLine(/^ready$/);
    return this.sender;
  }

  async sleep(seconds: number): Promise<void> {
    await sleep(seconds * 1000);
  }

  /** Waits until `offset` seconds after a full second of the wall clock, for what is counted in whole seconds. */
  async clock(offset: number): Promise<void> {
    const now = Date.now();
    await sleep(((offset * 1000 - (now % 1000) + 1000) % 1000) + 0);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), this.expand(text));
  }

  append(name: string, text: string): void {
    appendFileSync(join(this.dir, name), this.expand(text));
  }

  writeConf(text: string): void {
    // A file of knockd's may hold any bytes.
    writeFileSync(this.conf, this.expand(text), 'latin1');
  }

  /** Waits until the log file holds `text` so many times. */
  async logged(text: string, times = 1, withinMs = 15_000): Promise<void> {
    const look = (): true | undefined => (this.logText().split(this.expand(text)).length > times ? true : undefined);
    await waitFor(`"${text}" in the log`, look, withinMs);
  }

  /**
   * Waits until nothing has been written to the log and the streams for a while; and, where the other side has played
   * before, for as many lines as it had written here: on a busy machine ours may need longer.
   */
  async settle(): Promise<void> {
    const wanted = this.follow[this.pace.length] ?? 0;
    const start = performance.now();
    let size = -1;
    let since = start;
    const isLate = (): boolean => performance.now() - start < PATIENCE_MS && this.logLines() < wanted;
    while (performance.now() - since < QUIET_MS || isLate()) {
      const now = this.logText().length + (this.daemon?.written ?? 0);
      if (now !== size) since = performance.now();
      size = now;
      await sleep(25);
    }
    this.pace.push(this.logLines());
  }

  private logLines(): number {
    return this.logText().split('\n').length;
  }

  private logText(): string {
    return existsSync(this.log) ? readFileSync(this.log, 'latin1') : '';
  }

  private expand(text: string): string {
    return text.replaceAll('LOGFILE', this.log).replaceAll('CONF', this.conf).replaceAll('TMP', this.dir);
  }

  private masked(text: string): string {
    return mask(text, { words: this.words, patterns: this.patterns });
  }
}
