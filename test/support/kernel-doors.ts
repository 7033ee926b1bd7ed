/** Doors without a daemon, in the laboratory: their text, the rules made of them, and knocks over one family or both. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';
import type { ExecResult, LabProcess } from './lab-process.ts';
import { builtFile } from './paths.ts';
import { openConnection, type TcpState, tcpState } from './probe.ts';

export type Firewall = 'nftables' | 'iptables';

/** Seconds that a {@link timedDoor} stays open: long enough for a busy machine to look at it twice. */
export const WINDOW = 5;

const commands = (verb: string, port: number): Record<4 | 6, string> => ({
  4: `/usr/sbin/iptables ${verb} INPUT -s %IP% -p tcp --dport ${port} -j ACCEPT`,
  6: `/usr/sbin/ip6tables ${verb} INPUT -s %IP% -p tcp --dport ${port} -j ACCEPT`,
});

/** A door for both families that opens `port` for {@link WINDOW} seconds; `more`: further lines. */
export function timedDoor(name: string, sequence: string, port: number, ...more: readonly string[]): string {
  const [start, stop] = [commands('-I', port), commands('-D', port)];
  const lines = [
    `sequence = ${sequence}`,
    `start_command = ${start[4]}`,
    `start_command_6 = ${start[6]}`,
    `cmd_timeout = ${WINDOW}`,
    `stop_command = ${stop[4]}`,
    `stop_command_6 = ${stop[6]}`,
  ];
  return `[${name}]\n${[...lines, ...more].join('\n')}\n`;
}

/** A door that does one thing (`-A`, `-I`, `-D`) and leaves it so. */
export function plainDoor(name: string, sequence: string, verb: string, port: number): string {
  const start = commands(verb, port);
  return `[${name}]\nsequence = ${sequence}\ncommand = ${start[4]}\ncommand_6 = ${start[6]}\n`;
}

/** Three hosts: `client` and `other` knock at `server`. */
export class DoorLab {
  readonly client: Host;
  readonly other: Host;
  readonly server: Host;
  private readonly dir: string;

  constructor(lab: Lab) {
    this.client = lab.host('client');
    this.other = lab.host('other');
    this.server = lab.host('server');
    this.dir = lab.dir;
  }

  /** Runs `spad compile` on the server. */
  compile(...args: readonly string[]): Promise<ExecResult> {
    return this.server.exec(process.execPath, [builtFile('bin/spad.cjs'), 'compile', ...args]);
  }

  /** The name of a file with this text. */
  file(text: string, name = 'knockd.conf'): string {
    const file = join(this.dir, name);
    // A spad.conf that others could read is refused.
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /**
   * Loads doors, and makes sure that nobody has knocked yet.
   * @throws Error when spad refuses, or has anything to complain about.
   */
  async load(to: Firewall, text: string, ...args: readonly string[]): Promise<void> {
    for (const words of [['--remove'], ['--apply', ...args, this.file(text)]]) {
      const { code, stderr } = await this.compile('--to', to, ...words);
      if (code !== 0 || stderr !== '') throw new Error(`spad compile ${words.join(' ')}: ${code}: ${stderr}`);
    }
  }

  /** @throws Error when one of the two does: IPv4 and IPv6 go through it at the same time, and must not notice. */
  async overBoth(body: (road: Road) => Promise<void>): Promise<void> {
    const roads = [new Road(this, 'address4'), new Road(this, 'address6')];
    const results = await Promise.allSettled(roads.map((road) => body(road)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

/** One address family's way to the server. */
export class Road {
  readonly family: 'address4' | 'address6';
  private readonly lab: DoorLab;

  constructor(lab: DoorLab, family: 'address4' | 'address6') {
    this.lab = lab;
    this.family = family;
  }

  get address(): string {
    return this.lab.server[this.family];
  }

  /** Hits as the program knock takes them: `7000`, `7000:udp`. */
  async knock(host: Host, ...hits: readonly string[]): Promise<void> {
    await host.run('knock', ['-d', '15', this.address, ...hits]);
  }

  /** Sends TCP packets with ACK and no other flag, one a port. */
  async sendAck(host: Host, ...ports: readonly number[]): Promise<void> {
    const version = this.family === 'address6' ? ['-6'] : [];
    for (const port of ports) {
      const args = ['-n', '-Pn', '-sA', '--max-retries', '0', '-p', String(port), this.address];
      await host.run('nmap', [...version, ...args]);
    }
  }

  state(host: Host, port = 22): Promise<TcpState> {
    return tcpState(host, this.address, port, 300);
  }

  /** A connection from the client that stays. */
  connect(port: number): Promise<LabProcess> {
    return openConnection(this.lab.client, this.address, port);
  }
}
