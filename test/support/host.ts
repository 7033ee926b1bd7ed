/** One machine of the laboratory: a network namespace with one interface, `eth0`, and the programs that run in it. */
import { type ExecOptions, type ExecResult, LabProcess, runToEnd, type SpawnOptions } from './lab-process.ts';

/** An interface's addresses, without their prefix lengths (24 and 64). */
export interface HostAddresses {
  readonly address4: string;
  readonly address6: string;
}

export class Host {
  /** The name within the laboratory: `client`. */
  readonly name: string;
  /** The name `ip netns` knows: unique on this machine. */
  readonly namespace: string;
  readonly interfaceName = 'eth0';
  readonly address4: string;
  readonly address6: string;
  private readonly children = new Set<LabProcess>();

  constructor(name: string, namespace: string, addresses: HostAddresses) {
    this.name = name;
    this.namespace = namespace;
    this.address4 = addresses.address4;
    this.address6 = addresses.address6;
  }

  /** Starts a program in this host and follows it; the laboratory ends it at the latest when it closes. */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): LabProcess {
    const title = `${this.name}: ${[command, ...args].join(' ')}`;
    const child = new LabProcess('ip', ['netns', 'exec', this.namespace, command, ...args], title, options);
    this.children.add(child);
    void child.exited.then(() => this.children.delete(child));
    return child;
  }

  /**
   * Runs a program in this host to its end.
   * @throws Error when there is no such program, or it is still running after `timeoutMs`; any code is a result.
   */
  async exec(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
    const result = await runToEnd(this.spawn(command, args, options), options);
    // iproute2 reports this with the code of any failure, so that only its sentence tells it apart.
    if (result.stderr.startsWith(`exec of "${command}" failed`)) throw new Error(result.stderr.trim());
    return result;
  }

  /**
   * Runs a program that must succeed, and gives its standard output.
   * @throws Error with its output when its code is not 0.
   */
  async run(command: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(command, args, options);
    if (result.code !== 0) {
      const line = `"${command} ${args.join(' ')}" in ${this.name} ended with code ${result.code}`;
      throw new Error(`${line}:\n${result.stderr}${result.stdout}`);
    }
    return result.stdout;
  }

  /** The interface's link-layer address. */
  async macAddress(): Promise<string> {
    return (await this.run('cat', [`/sys/class/net/${this.interfaceName}/address`])).trim();
  }

  /** Takes the interface down; the kernel then forgets its IPv6 addresses, as on any machine. */
  async linkDown(): Promise<void> {
    await this.run('ip', ['link', 'set', this.interfaceName, 'down']);
  }

  /** Brings the interface up with both its addresses and waits until it carries packets. */
  async linkUp(): Promise<void> {
    await this.run('ip', ['link', 'set', this.interfaceName, 'up']);
    await this.run('ip', ['addr', 'replace', `${this.address4}/24`, 'dev', this.interfaceName]);
    await this.run('ip', ['addr', 'replace', `${this.address6}/64`, 'dev', this.interfaceName, 'nodad']);
    await this.waitUntilUp();
  }

  /** @throws Error when the link is not up within `timeoutMs` milliseconds. */
  async waitUntilUp(timeoutMs = 5000): Promise<void> {
    const script = `until [ "$(cat /sys/class/net/${this.interfaceName}/operstate)" = up ]; do sleep 0.02; done`;
    await this.run('sh', ['-c', script], { timeoutMs });
  }

  /** Ends every program started through this object, at once. Programs that those started are the laboratory's care. */
  killChildren(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }

  /** Settles when every program started through this object is gone. */
  async childrenGone(): Promise<void> {
    await Promise.all([...this.children].map((child) => child.exited));
  }
}
