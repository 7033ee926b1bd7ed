/**
 * A Debian of its own, in which packages are installed for real and which is gone with the laboratory: a layer in memory over
 * the tree that `tools/debian-root.sh` has made with debootstrap, or, where nobody has run that, over this machine's own
 * files, with its Node.js and this repository taken out.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';
import type { ExecOptions, ExecResult, LabProcess, SpawnOptions } from './lab-process.ts';
import { repositoryRoot } from './paths.ts';
import { Room } from './room.ts';

/** Which Debian; whoever asks for one by name wants no other. */
const { DEBIAN } = process.env;
const TREE = `/var/tmp/spad-debian-${DEBIAN ?? 'bookworm'}`;

const treeOf = (): string => {
  // The last thing that tools/debian-root.sh makes.
  if (existsSync(`${TREE}/.complete`)) return TREE;
  if (DEBIAN !== undefined) throw new Error(`there is no ${TREE}: run "sh tools/debian-root.sh ${DEBIAN}"`);
  return '/';
};

/** For `env`: what a program in such a Debian has, and nothing else. */
export const ENVIRONMENT = [
  ...['HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8'],
  'DEBIAN_FRONTEND=noninteractive',
];

const furnish = (folder: string, lower: string): string => `
mount -t tmpfs -o size=3g tmpfs ${folder}
cd ${folder}
mkdir upper work root
mount -t overlay overlay -o lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work root
for name in proc dev sys; do mount --rbind /$name root/$name; done
for name in run tmp; do mount -t tmpfs -o mode=1777 tmpfs root/$name; done
if [ ${lower} = / ]; then
  mount -t tmpfs tmpfs root${repositoryRoot()}
  rm -f root/etc/dpkg/dpkg.cfg.d/docker root${process.execPath}
  rm -rf root/etc/spad root/var/lib/spad root/var/log/spad root/etc/systemd/system/*.wants
fi
`;

export class DebianRoot {
  /** The tree below the layer. */
  private readonly lower: string;
  /** Its folder, to put files into from outside: only this machine's processes in the room see what is in it. */
  readonly root: string;
  /** Where its folder is what it is. */
  readonly room: Room;

  private constructor(room: Room, root: string, lower: string) {
    this.room = room;
    this.root = root;
    this.lower = lower;
  }

  /**
   * Makes one for `host`, on which its programs run unless told; `full`: always over this machine's own files, which have more
   * programs. @throws Error with what mount printed.
   */
  static async create(lab: Lab, host: Host, full = false): Promise<DebianRoot> {
    const folder = join(lab.dir, `${host.name}-debian`);
    mkdirSync(folder);
    const lower = full ? '/' : treeOf();
    const room = await Room.create(host, furnish(folder, lower));
    return new DebianRoot(room, join(folder, 'root'), lower);
  }

  /**
   * What is other than in the tree below: files that are new, changed or gone, and folders that are new; absolute paths, but
   * for what `ignored` matches.
   */
  async changes(ignored: RegExp): Promise<ReadonlySet<string>> {
    const layer = `${dirname(this.root)}/upper`;
    const list = await this.room.run('find', [layer, '-mindepth', '1', '-printf', '%y /%P\n']);
    const lines = list.split('\n').filter((line) => line !== '');
    const changed = lines.filter((line) => !(line.startsWith('d ') && existsSync(join(this.lower, line.slice(2)))));
    return new Set(changed.map((line) => line.slice(2)).filter((path) => !ignored.test(path)));
  }

  /** Puts a file of this machine's into `folder`, under its own name. */
  async bring(path: string, folder = '/tmp'): Promise<void> {
    await this.room.run('cp', [path, `${this.root}${folder}/`]);
  }

  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): LabProcess {
    const [file = '', ...rest] = this.words(command, args);
    return this.room.host.spawn(file, rest, options);
  }

  /** Runs a program to its end, on another host of the laboratory if one is named. */
  exec(
    command: string,
    args: readonly string[] = [],
    options: ExecOptions = {},
    on = this.room.host,
  ): Promise<ExecResult> {
    const [file = '', ...rest] = this.words(command, args);
    return on.exec(file, rest, { timeoutMs: 60_000, ...options });
  }

  /** As `exec`, for what must succeed; both streams. @throws Error with them when it does not. */
  async run(command: string, args: readonly string[] = [], on = this.room.host): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, args, {}, on);
    if (code !== 0) throw new Error(`"${command} ${args.join(' ')}" ended with code ${code}:\n${stderr}${stdout}`);
    return stdout + stderr;
  }

  private words(command: string, args: readonly string[]): readonly string[] {
    return [...this.room.prefix, 'env', '-i', ...ENVIRONMENT, 'chroot', this.root, command, ...args];
  }
}
