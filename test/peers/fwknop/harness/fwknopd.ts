/** The real fwknopd in one host of the laboratory, with files of its own; its iptables rules live in the host's namespace. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../../support/host.ts';
import type { Lab } from '../../../support/lab.ts';
import type { ExecResult, Exit, LabProcess } from '../../../support/lab-process.ts';
import { waitUntil } from '../../../support/wait.ts';
import { FWKNOP_ENVIRONMENT, withHosts } from './environment.ts';

/** Lines of access.conf or fwknopd.conf, in their order. */
export type Variables = readonly (readonly [string, string])[];

export interface FwknopdSetup {
  /** Added to fwknopd.conf, which otherwise names nothing but the interface and the run directory. */
  readonly conf?: Variables;
  /** Each stanza of access.conf begins with its SOURCE. */
  readonly access: readonly Variables[];
  /** TCP ports to which new connections are dropped where no rule of fwknopd's accepts them, as `22` or `22:25`. */
  readonly guard?: readonly string[];
}

const READY = /Starting fwknopd main event loop|Kicking off UDP server/;
const START_MS = 20_000;

/** A chain's rule as `iptables -S` prints it, without its expiry. */
export interface ChainRule {
  readonly chain: string;
  /** `-s 10.99.0.2/32 -p tcp -m tcp --dport 22 -j ACCEPT` */
  readonly rule: string;
  /** When fwknopd is going to remove it: Unix time, seconds. */
  readonly expires: number;
}

export class Fwknopd {
  readonly host: Host;
  readonly dir: string;
  private readonly lab: Lab;
  private child: LabProcess | undefined;
  private guarded: readonly string[] = [];

  /** @param name several of one host need names of their own */
  constructor(lab: Lab, host: Host, name = 'fwknopd') {
    this.host = host;
    this.lab = lab;
    this.dir = join(lab.dir, `${host.name}-${name}`);
    mkdirSync(this.dir, { mode: 0o700 });
  }

  get confFile(): string {
    return join(this.dir, 'fwknopd.conf');
  }

  get accessFile(): string {
    return join(this.dir, 'access.conf');
  }

  /** The replay cache. */
  get digestFile(): string {
    return join(this.dir, 'digest.cache');
  }

  /** The running daemon. @throws Error when none has been started. */
  get process(): LabProcess {
    if (this.child === undefined) throw new Error(`no fwknopd has been started on ${this.host.name}`);
    return this.child;
  }

  /** All that it has said since it was started. */
  get log(): string {
    return this.process.output;
  }

  /** Writes both files anew; closed to others, as fwknopd wants them. */
  configure({ conf = [], access, guard = [] }: FwknopdSetup): void {
    const run = join(this.dir, 'run');
    const named = [['PCAP_INTF', this.host.interfaceName], ['FWKNOP_RUN_DIR', run], ...conf];
    writeFileSync(this.confFile, named.map(([name = '', value = '']) => `${name} ${value};\n`).join(''), {
      mode: 0o600,
    });
    writeFileSync(this.accessFile, access.map(variablesText).join('\n'), { mode: 0o600 });
    this.guarded = guard;
  }

  /** The words of a command line that name this daemon's files. */
  get words(): readonly string[] {
    return ['-c', this.confFile, '-a', this.accessFile, '-p', join(this.dir, 'pid'), '-d', this.digestFile];
  }

  /** Starts the daemon and waits until packets count. @throws Error with its output when it does not get that far. */
  async start(...args: readonly string[]): Promise<LabProcess> {
    await this.closePorts();
    const words = ['-m', 'sh', '-c', withHosts(this.lab), 'sh', 'fwknopd', '-f', ...this.words, ...args];
    this.child = this.host.spawn('unshare', words, { env: FWKNOP_ENVIRONMENT, cwd: this.dir });
    await this.child.waitForLine(READY, START_MS);
    return this.child;
  }

  /** Runs fwknopd with these files and other words to its end: `--exit-parse-config`, `-D`. */
  exec(...args: readonly string[]): Promise<ExecResult> {
    return this.host.exec('fwknopd', [...this.words, ...args], { env: FWKNOP_ENVIRONMENT, timeoutMs: START_MS });
  }

  stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Exit> {
    return this.process.stop(signal, START_MS);
  }

  /** Has the files read again, and waits until packets count again. */
  async reload(): Promise<void> {
    const from = this.process.mark();
    this.process.kill('SIGHUP');
    await this.process.waitForLine(READY, START_MS, from);
  }

  /** The rules of its own chains (FWKNOP_…), in their order. */
  async rules(): Promise<readonly ChainRule[]> {
    const script = 'iptables -S; iptables -t nat -S';
    const text = await this.host.run('sh', ['-c', script]);
    return [...text.matchAll(/^-A (FWKNOP_\S+) (.*)$/gm)].map(([, chain = '', rule = '']) => ({
      chain,
      rule: rule.replace(/-m comment --comment "?_exp_\d+"? /, ''),
      expires: Number(/_exp_(\d+)/.exec(rule)?.[1] ?? Number.NaN),
    }));
  }

  /** What is open by its rules for traffic to this host: `10.99.0.2 tcp/22`, sorted, each once. */
  async open(): Promise<readonly string[]> {
    const { stdout } = await this.host.exec('iptables', ['-S', 'FWKNOP_INPUT']);
    const rules = stdout.matchAll(/^-A \S+ -s (\S+?)(?:\/32)? .*-p (\w+) .*--dport (\d+)/gm);
    const found = [...rules].map(([, address, protocol, port]) => `${address} ${protocol}/${port}`);
    return [...new Set(found)].sort();
  }

  /** The digests of its replay cache's file. */
  digests(): readonly string[] {
    if (!existsSync(this.digestFile)) return [];
    const lines = readFileSync(this.digestFile, 'latin1').split('\n');
    return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' ')[0] ?? '');
  }

  /** Waits until the log holds `text` so many times. */
  async logged(text: string, times = 1, withinMs = 15_000): Promise<void> {
    await waitUntil(`"${text}" in fwknopd's log`, () => this.log.split(text).length > times, withinMs);
  }

  /**
   * As fwknop's documentation asks: what is established goes on, what is new to a guarded port does not begin, and
   * nothing is forwarded.
   */
  private async closePorts(): Promise<void> {
    const lines = ['*filter', ':FORWARD DROP'];
    for (const chain of ['INPUT', 'FORWARD']) {
      lines.push(`-A ${chain} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`);
    }
    for (const ports of this.guarded) lines.push(`-A INPUT -p tcp --dport ${ports} -j DROP`);
    await this.host.run('iptables-restore', [], { input: `${[...lines, 'COMMIT'].join('\n')}\n` });
  }
}

/** The text of a file, or of one stanza in it. */
export function variablesText(variables: Variables): string {
  return variables.map(([name, value]) => `${name} ${value}\n`).join('');
}
