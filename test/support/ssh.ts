/** A real sshd on a host of the laboratory, with keys of its own, and real ssh sessions to it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';
import type { LabProcess } from './lab-process.ts';
import { builtFile } from './paths.ts';

/** A session that is open: a shell at the other end, whose commands are answered line by line. */
export class SshSession {
  private readonly child: LabProcess;
  private questions = 0;

  constructor(child: LabProcess) {
    this.child = child;
  }

  /** Runs a command in the session's shell: its output and exit code. @throws Error when it does not answer in time. */
  async run(command: string, timeoutMs = 15_000): Promise<{ readonly output: string; readonly code: number }> {
    const mark = this.child.mark();
    const end = `end-of-${String((this.questions += 1))}`;
    this.child.write(`{ ${command}\n} 2>&1; echo ${end} $?\n`);
    const match = await this.child.waitForLine(new RegExp(`^${end} ([0-9]+)$`), timeoutMs, mark);
    const lines = this.child.output.split('\n').slice(mark);
    return { output: lines.slice(0, lines.indexOf(match[0])).join('\n'), code: Number(match[1]) };
  }

  /** Runs spad in the session, without the session's environment, as sudo would. */
  spad(...args: readonly string[]): ReturnType<SshSession['run']> {
    return this.run(`env -i ${[process.execPath, builtFile('bin/spad.cjs'), ...args].join(' ')}`);
  }

  async close(): Promise<void> {
    await this.child.stop();
  }
}

export class SshServer {
  private readonly host: Host;
  private readonly dir: string;

  private constructor(host: Host, dir: string) {
    this.host = host;
    this.dir = dir;
  }

  /** The file of the private key that it lets in. */
  get userKey(): string {
    return join(this.dir, 'user');
  }

  /** Starts sshd and waits until it listens on every port. @throws Error with its output when it does not. */
  static async start(lab: Lab, host: Host, ports: readonly number[]): Promise<SshServer> {
    const dir = join(lab.dir, `${host.name}-sshd`);
    mkdirSync(dir, { mode: 0o700, recursive: true });
    // Where sshd shuts its unprivileged half in; Debian makes it when the service is started, which it is not here.
    mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    for (const name of ['host', 'user'])
      await host.run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
    await host.run('cp', [join(dir, 'user.pub'), join(dir, 'authorized_keys')]);
    const settings = [
      ...ports.map((port) => `Port ${port}`),
      ...[`HostKey ${dir}/host`, `AuthorizedKeysFile ${dir}/authorized_keys`, 'StrictModes no', 'PidFile none'],
      ...['UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin prohibit-password', 'MaxStartups 100'],
    ];
    writeFileSync(join(dir, 'sshd_config'), `${settings.join('\n')}\n`);
    const child = host.spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(dir, 'sshd_config')]);
    for (const port of ports) await child.waitForLine(new RegExp(`Server listening on 0\\.0\\.0\\.0 port ${port}\\.`));
    return new SshServer(host, dir);
  }

  /** Words for ssh: how this server's key and no other is taken, and nobody is asked. */
  get words(): readonly string[] {
    const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
    return ['-T', '-i', join(this.dir, 'user'), ...options.flatMap((option) => ['-o', option])];
  }

  /** Logs in as root. @throws Error when that does not come about within `timeoutMs`. */
  async login(from: Host, address = this.host.address4, port = 22, timeoutMs = 15_000): Promise<SshSession> {
    const args = ['-F', 'none', ...this.words, '-p', String(port), `root@${address}`, 'echo welcome; exec sh'];
    const child = from.spawn('ssh', args);
    try {
      await child.waitForLine(/^welcome$/, timeoutMs);
    } catch (error) {
      await child.stop('SIGKILL');
      throw error;
    }
    return new SshSession(child);
  }
}
