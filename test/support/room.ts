/**
 * A host with files of its own: programs that run in the room see another /run, and other folders of /etc, than the rest of
 * the machine, and what they write there is gone with the room. The network is the host's.
 */
import type { Host } from './host.ts';
import type { ExecOptions, ExecResult, LabProcess, SpawnOptions } from './lab-process.ts';

export class Room {
  readonly host: Host;
  private readonly keeper: LabProcess;

  private constructor(host: Host, keeper: LabProcess) {
    this.host = host;
    this.keeper = keeper;
  }

  /** Makes a room, with an empty /run, and runs `furnish`, a shell script, in it. @throws Error with what it printed. */
  static async create(host: Host, furnish: string): Promise<Room> {
    const script = `set -e\nmount -t tmpfs tmpfs /run\n${furnish}\necho furnished\nexec sleep infinity`;
    const keeper = host.spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]);
    await keeper.waitForLine(/^furnished$/);
    return new Room(host, keeper);
  }

  /** Words before a command that have it run in the room; they become it by exec. */
  get prefix(): readonly string[] {
    return ['nsenter', `--mount=/proc/${this.keeper.pid}/ns/mnt`];
  }

  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): LabProcess {
    const [file = '', ...rest] = [...this.prefix, command, ...args];
    return this.host.spawn(file, rest, options);
  }

  exec(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
    const [file = '', ...rest] = [...this.prefix, command, ...args];
    return this.host.exec(file, rest, options);
  }

  run(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<string> {
    const [file = '', ...rest] = [...this.prefix, command, ...args];
    return this.host.run(file, rest, options);
  }
}
