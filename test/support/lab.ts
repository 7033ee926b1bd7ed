/**
 * A laboratory of network namespaces: hosts on one switch, addresses 10.99.0.N and fd99::N, gone without a trace at
 * the end. Nothing outside the namespaces is touched, so it may run on a machine that is in use. It needs root, be it
 * only root of a user namespace of its own with a tmpfs on /run.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atProcessEnd } from './at-process-end.ts';
import { Host } from './host.ts';
import { LabProcess, runToEnd } from './lab-process.ts';

export interface LabOptions {
  /** Names of the hosts, in the order of their addresses; at most 9. */
  readonly hosts: readonly string[];
}

/**
 * Written in each namespace before its interfaces exist. Best effort: where /proc/sys is read-only (some containers)
 * the addresses below still work, only a link-local one takes a second longer.
 */
const QUIET_IPV6 = `cd /proc/sys/net/ipv6/conf/default || exit 0
for pair in disable_ipv6=0 accept_ra=0 autoconf=0 accept_dad=0 dad_transmits=0; do
  echo "\${pair#*=}" > "\${pair%=*}"
done 2>/dev/null
exit 0`;

export class Lab {
  /** A folder of this laboratory alone, mode 0700, removed with it. */
  readonly dir: string;
  private readonly prefix: string;
  private readonly namespaces: string[] = [];
  private readonly byName = new Map<string, Host>();
  private readonly forget: () => void;

  private constructor() {
    // The random half keeps two laboratories of one process apart, and those of two process id namespaces.
    this.prefix = `lab-${process.pid}-${randomBytes(3).toString('hex')}`;
    this.dir = mkdtempSync(join(tmpdir(), 'spad-lab-'));
    this.forget = atProcessEnd(() => this.closeNow());
  }

  /**
   * Makes the namespaces and waits until every link carries packets.
   * @throws Error when not root, when `ip` is missing or refuses; nothing is left behind then.
   */
  static async create(options: LabOptions): Promise<Lab> {
    if (process.geteuid?.() !== 0) throw new Error('a laboratory of network namespaces needs root');
    if (spawnSync('ip', ['-V']).status !== 0) throw new Error('"ip" is missing: install the package iproute2');
    const lab = new Lab();
    try {
      await lab.build(options.hosts);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  /** @throws Error for a name that was not in `hosts`. */
  host(name: string): Host {
    const host = this.byName.get(name);
    if (host === undefined) throw new Error(`no host "${name}" in this laboratory`);
    return host;
  }

  /** Every host, in the order of their addresses. */
  get hosts(): readonly Host[] {
    return [...this.byName.values()];
  }

  /** The names `ip netns` knows, the switch included. */
  get namespaceNames(): readonly string[] {
    return [...this.namespaces];
  }

  /**
   * Adds a host that can be reached only through `router`, like a container through its machine: on the router an
   * interface `to-NAME` with 10.99.N.1 and fd99:N::1, in the new host `eth0` with .2 and ::2 and default routes.
   */
  async addBehind(router: Host, name: string): Promise<Host> {
    const number = this.byName.size + 1;
    const addresses = { address4: `10.99.${number}.2`, address6: `fd99:${number}::2` };
    const host = await this.addNamespace(name, addresses);
    await this.ip(router.namespace, [
      `link add to-${name} type veth peer name eth0 netns ${host.namespace}`,
      `addr add 10.99.${number}.1/24 dev to-${name}`,
      `addr add fd99:${number}::1/64 dev to-${name} nodad`,
      `link set to-${name} up`,
    ]);
    await router.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await router.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding']);
    await host.linkUp();
    await this.ip(host.namespace, [
      `route add default via 10.99.${number}.1`,
      `route add default via fd99:${number}::1`,
    ]);
    this.byName.set(name, host);
    return host;
  }

  /** Ends every program by its process id and removes the namespaces and the folder. May be called twice. */
  async close(): Promise<void> {
    for (const host of this.byName.values()) host.killChildren();
    await Promise.all(this.hosts.map((host) => host.childrenGone()));
    // A daemon's children outlive it for a moment, and a dying program may have started one more.
    const deadline = performance.now() + 3000;
    while (this.killInside() > 0 && performance.now() < deadline) await sleep(20);
    this.closeNow();
  }

  private async build(names: readonly string[]): Promise<void> {
    const hub = `${this.prefix}-switch`;
    await this.makeNamespace(hub);
    // Snooping would drop neighbour discovery until a querier shows up, and there is none.
    await this.ip(hub, ['link add br0 type bridge forward_delay 0 mcast_snooping 0', 'link set br0 up']);
    for (const [index, name] of names.entries()) {
      const number = index + 1;
      const host = await this.addNamespace(name, { address4: `10.99.0.${number}`, address6: `fd99::${number}` });
      await this.ip(hub, [
        `link add port${number} type veth peer name eth0 netns ${host.namespace}`,
        `link set port${number} master br0 up`,
      ]);
      this.byName.set(name, host);
    }
    await Promise.all(this.hosts.map((host) => host.linkUp()));
  }

  private async addNamespace(name: string, addresses: { address4: string; address6: string }): Promise<Host> {
    const host = new Host(name, `${this.prefix}-${name}`, addresses);
    await this.makeNamespace(host.namespace);
    await this.ip(host.namespace, ['link set lo up']);
    return host;
  }

  private async makeNamespace(namespace: string): Promise<void> {
    this.namespaces.push(namespace);
    await this.tool('ip', ['netns', 'add', namespace]);
    await this.tool('ip', ['netns', 'exec', namespace, 'sh', '-c', QUIET_IPV6]);
  }

  private async ip(namespace: string, lines: readonly string[]): Promise<void> {
    await this.tool('ip', ['-n', namespace, '-batch', '-'], `${lines.join('\n')}\n`);
  }

  private async tool(command: string, args: readonly string[], input = ''): Promise<void> {
    const title = `${command} ${args.join(' ')}`;
    const result = await runToEnd(new LabProcess(command, args, title), { input });
    if (result.code !== 0) throw new Error(`"${title}" failed: ${result.stderr.trim()}\n${input}`);
  }

  /** Kills whatever still runs inside the namespaces, whoever started it, and says how many there were. */
  private killInside(): number {
    let found = 0;
    for (const namespace of this.namespaces) {
      const listed = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
      for (const word of listed.stdout.split(/\s+/)) {
        const pid = Number(word);
        if (word === '' || pid === process.pid) continue;
        found++;
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended between the listing and the signal, which is what was wanted.
        }
      }
    }
    return found;
  }

  /** The synchronous end, also for a process that is itself about to end. */
  private closeNow(): void {
    this.forget();
    this.killInside();
    for (const namespace of this.namespaces.splice(0)) spawnSync('ip', ['netns', 'del', namespace]);
    rmSync(this.dir, { recursive: true, force: true });
  }
}
