/**
 * A Debian that is up: the systemd of a `DebianRoot` is process 1 of namespaces of its own (processes, mounts, control groups,
 * host name), on the network of its host, and sees of this machine what a container sees. It may start again in the same files.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { atProcessEnd } from './at-process-end.ts';
import { type DebianRoot, ENVIRONMENT } from './debian-root.ts';
import type { Lab } from './lab.ts';
import type { ExecOptions, ExecResult, LabProcess } from './lab-process.ts';
import { statusOf } from './proc-status.ts';
import { waitFor } from './wait.ts';

/** Of what root may do: nothing that would change this machine. */
const CAPABILITIES = '-sys_time,-sys_module,-sys_rawio,-syslog';

const NAMESPACES = ['--mount', '--uts', '--ipc', '--pid', '--cgroup'];

/** Mounts what systemd expects of a container manager (systemd.io/CONTAINER_INTERFACE) in `root`, and becomes it. */
const becomeSystemd = (root: string, group: string): string => `set -e
cd ${root}
for name in proc dev sys run tmp; do umount --recursive --lazy $name; done
mount -t cgroup2 cgroup tmp
mkdir tmp/${group}
echo 0 > tmp/${group}/cgroup.procs
umount tmp
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
cat proc/sys/kernel/random/uuid > tmp/boot_id
mount --bind tmp/boot_id proc/sys/kernel/random/boot_id
mount -t sysfs -o ro sysfs sys
for name in run dev; do mount -t tmpfs -o mode=755 tmpfs $name; done
mkdir dev/pts dev/shm
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for name in dev/shm tmp; do mount -t tmpfs -o mode=1777 tmpfs $name; done
hostname gw1
exec unshare --cgroup sh -c '
  mount -t cgroup2 cgroup sys/fs/cgroup
  pivot_root . .
  umount --lazy .
  exec env -i container=lab PATH=/usr/sbin:/usr/bin setpriv --bounding-set=${CAPABILITIES} /lib/systemd/systemd'
`;

/** In mounts of its own, as this machine may have no such hierarchy mounted. Processes that were killed may take a moment. */
const REMOVE_GROUP = `mount -t cgroup2 cgroup /mnt
for attempt in $(seq 100); do
  [ -e "/mnt/$1" ] || exit 0
  find "/mnt/$1" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.02
done`;

export class BootedDebian {
  private readonly debian: DebianRoot;
  private readonly keeper: LabProcess;
  /** Process 1, by its id outside. */
  private readonly init: number;
  private readonly group: string;
  private readonly forget: () => void;

  private constructor(debian: DebianRoot, keeper: LabProcess, init: number, group: string) {
    this.debian = debian;
    this.keeper = keeper;
    this.init = init;
    this.group = group;
    this.forget = atProcessEnd(() => this.end());
  }

  /** Boots it, to where nothing is left to be started. @throws Error with what has failed. */
  static async boot(lab: Lab, debian: DebianRoot): Promise<BootedDebian> {
    const { host } = debian.room;
    const group = `${basename(lab.dir)}-${host.name}`;
    const own = ['--mount', '--propagation', 'private', '--uts', '--ipc', '--pid', '--fork', '--kill-child'];
    const keeper = debian.room.spawn('unshare', [...own, 'sh', '-c', becomeSystemd(debian.root, group)]);
    const children = `/proc/${keeper.pid}/task/${keeper.pid}/children`;
    const init = await waitFor('process 1', () => {
      if (!keeper.running) throw new Error(`nothing boots: ${keeper.output}`);
      return Number.parseInt(readFileSync(children, 'latin1')) || undefined;
    });
    const booted = new BootedDebian(debian, keeper, init, group);
    try {
      await booted.untilUp();
    } catch (error) {
      await booted.crash();
      throw error;
    }
    return booted;
  }

  /** The process id outside of one that has `inside` within. @throws Error when there is none. */
  async outside(inside: number): Promise<number> {
    const { host } = this.debian.room;
    const pids = (await host.run('ip', ['netns', 'pids', host.namespace])).trim().split('\n');
    const found = pids.find((pid) => statusOf(pid)['NSpid'] === `${pid}\t${inside}`);
    if (found === undefined) throw new Error(`no process ${inside} is there`);
    return Number(found);
  }

  /** Runs a program in it to its end; any code is a result. */
  exec(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
    const words = [`--target=${this.init}`, ...NAMESPACES, 'env', '-i', ...ENVIRONMENT, command, ...args];
    return this.debian.room.host.exec('nsenter', words, { timeoutMs: 60_000, ...options });
  }

  /** As `exec`, for what must succeed; both streams. @throws Error with them when it does not. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, args);
    if (code !== 0) throw new Error(`"${command} ${args.join(' ')}" ended with code ${code}:\n${stderr}${stdout}`);
    return stdout + stderr;
  }

  /** Powers it off in order, and waits until it is gone. */
  async powerOff(): Promise<void> {
    await this.exec('systemctl', ['poweroff']);
    await this.keeper.exited;
    this.removeGroup();
  }

  /** As when the power fails. */
  async crash(): Promise<void> {
    this.end();
    await this.keeper.exited;
  }

  private async untilUp(): Promise<void> {
    const state = await waitFor('systemd to be up', async () => {
      if (!this.keeper.running) throw new Error(`systemd has ended: ${this.keeper.output}`);
      const { stdout } = await this.exec('systemctl', ['is-system-running']);
      return /running|degraded|maintenance/.exec(stdout)?.[0];
    });
    if (state !== 'running') throw new Error(await this.run('systemctl', '--failed', '--no-pager', '--full'));
  }

  /** Its process 1 takes all others with it. */
  private end(): void {
    if (this.keeper.running) process.kill(this.init, 'SIGKILL');
    this.removeGroup();
  }

  private removeGroup(): void {
    this.forget();
    spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', REMOVE_GROUP, 'sh', this.group]);
  }
}
