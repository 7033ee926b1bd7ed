/** The real client, run on a host of the laboratory as a person would run it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import type { Keyholder } from './keyholder.ts';
import type { Lab } from './lab.ts';
import type { ExecResult } from './lab-process.ts';
import { builtFile } from './paths.ts';

export class SpaClient {
  readonly host: Host;
  private readonly words: readonly string[];
  private readonly env: Readonly<Record<string, string>>;

  /**
   * Writes the key into a file of its own, which the client is told of; `name` keeps several on one host apart. The client's
   * clock is `clockMs` milliseconds ahead of that of this machine.
   */
  constructor(lab: Lab, host: Host, holder: Keyholder, name = 'client', clockMs = 0) {
    this.host = host;
    const keyFile = join(lab.dir, `${host.name}-${name}.key`);
    writeFileSync(keyFile, `${holder.base64}\n`, { mode: 0o600 });
    const clock = `const { now } = Date; Date.now = () => now() + ${String(clockMs)};`;
    const words = clockMs === 0 ? [] : ['--import', `data:text/javascript,${encodeURIComponent(clock)}`];
    this.words = [...words, builtFile('bin/spa-client.cjs'), '--server', holder.server, '--key-file', keyFile];
    this.env = { XDG_STATE_HOME: join(lab.dir, `${host.name}-${name}-state`) };
  }

  /**
   * Runs spa-client to its end and gives what it printed.
   * @throws Error when it ends with another code than 0.
   */
  run(...args: readonly string[]): Promise<string> {
    return this.host.run(process.execPath, [...this.words, ...args], { timeoutMs: 30_000, env: this.env });
  }

  /** As `run`; any code is a result. */
  exec(...args: readonly string[]): Promise<ExecResult> {
    return this.host.exec(process.execPath, [...this.words, ...args], { timeoutMs: 30_000, env: this.env });
  }
}
