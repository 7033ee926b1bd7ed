/** The package on a Debian that is up, as whoever installs it has it: a client `alice`, and ssh guarded. */
import { BootedDebian } from './booted-debian.ts';
import { buildDeb } from './deb.ts';
import { DebianRoot } from './debian-root.ts';
import type { Host } from './host.ts';
import { Lab } from './lab.ts';
import { startTcpService, type TcpState, tcpState } from './probe.ts';
import { waitFor } from './wait.ts';

export class BootedSpad {
  readonly client: Host;
  readonly server: Host;
  readonly debian: DebianRoot;
  /** The package, on this machine. */
  readonly deb: string;
  readonly lab: Lab;
  private booted: BootedDebian | undefined;

  private constructor(lab: Lab, debian: DebianRoot, deb: string) {
    [this.client, this.server] = [lab.host('client'), lab.host('server')];
    [this.lab, this.debian, this.deb] = [lab, debian, deb];
  }

  /** Boots a Debian, and installs the package by apt. */
  static async create(): Promise<BootedSpad> {
    const lab = await Lab.create({ hosts: ['client', 'server'] });
    try {
      await startTcpService(lab.host('server'), [22]);
      const debian = await DebianRoot.create(lab, lab.host('server'));
      // Else each installation makes an index of all manual pages anew, which takes seconds.
      await debian.run('rm', ['-f', '/var/lib/man-db/auto-update']);
      const spad = new BootedSpad(lab, debian, buildDeb(lab.dir));
      await spad.boot();
      return spad;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  get machine(): BootedDebian {
    if (this.booted === undefined) throw new Error('the Debian is not up');
    return this.booted;
  }

  async boot(): Promise<void> {
    this.booted = await BootedDebian.boot(this.lab, this.debian);
  }

  async close(): Promise<void> {
    await this.booted?.crash();
    await this.lab.close();
  }

  /** Installs a package by apt, be it once more, which asks nothing; what it printed. */
  async install(deb = this.deb): Promise<string> {
    await this.debian.bring(deb, '/root');
    const keep = ['-o', 'Dpkg::Options::=--force-confold', '--no-install-recommends', '--reinstall'];
    return this.machine.run('apt-get', '-qq', ...keep, '-y', 'install', `/root/${deb.split('/').at(-1) ?? ''}`);
  }

  /** A configuration and a client of it, whose audit lines go to the journal, too; what `spad init` said. */
  async init(): Promise<string> {
    const options = ['--name', 'gw1', '--guard', 'tcp/22', '--client', 'alice', '--host', this.server.address4];
    const said = await this.machine.run('spad', 'init', ...options, '--yes');
    await this.machine.run('sed', '-i', 's/^\\[spad\\]$/&\\naudit = file, journald/', '/etc/spad/spad.conf');
    await this.debian.run('spa-client', ['join', '--no-test', /^spa1-\S+$/m.exec(said)?.[0] ?? 'no invite']);
    return said;
  }

  /** Asks for ssh, from another host; comes back when it is open, with the packet. */
  async ask(openFor: string): Promise<Uint8Array> {
    const file = '/root/packet';
    const words = ['--source', '--open-for', openFor, '--save-packet', file, '--wait', '--access', 'tcp/22', 'gw1'];
    await this.debian.run('rm', ['-f', file]);
    await this.debian.run('spa-client', words, this.client);
    return Buffer.from(await this.debian.run('base64', [file]), 'base64');
  }

  /** What ssh looks like from another host. */
  ssh(): Promise<TcpState> {
    return tcpState(this.client, this.server.address4, 22);
  }

  /** What systemd knows of the unit: `MainPID`, `ActiveState`. */
  async property(name: string, unit = 'spad'): Promise<string> {
    return (await this.machine.run('systemctl', 'show', unit, '--value', '--property', name)).trim();
  }

  async mainPid(): Promise<number> {
    return Number(await this.property('MainPID'));
  }

  /** Waits until systemd has started it anew, as another process than `before`. */
  async startedAnew(before: number): Promise<void> {
    await waitFor('another start', async () => {
      const [pid, state] = [await this.mainPid(), await this.property('ActiveState')];
      return pid !== before && pid !== 0 && state === 'active' ? true : undefined;
    });
  }

  /** Changes the unit for as long as the Debian is up, as `systemctl edit --runtime` does. */
  async amend(...lines: readonly string[]): Promise<void> {
    const folder = '/run/systemd/system/spad.service.d';
    const write = `mkdir -p ${folder} && printf '%s\\n' "$@" > ${folder}/test.conf && systemctl daemon-reload`;
    await this.machine.run('sh', '-c', write, 'sh', '[Service]', ...lines);
  }

  /** What the journal has of the unit. */
  journal(...options: readonly string[]): Promise<string> {
    return this.machine.run('journalctl', '--no-pager', '--unit=spad', ...options);
  }
}
