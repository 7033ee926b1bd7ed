/** The real client, run on a host of the laboratory as a person would run it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import type { Keyholder } from './keyholder.ts';
import type { Lab } from './lab.ts';
import { builtFile } from './paths.ts';

export class SpaClient {
  readonly host: Host;
  private readonly words: readonly string[];

  /** Writes the key into a file of its own, which the client is told of; `name` keeps several on one host apart. */
  constructor(lab: Lab, host: Host, holder: Keyholder, name = 'client') {
    this.host = host;
    const keyFile = join(lab.dir, `${host.name}-${name}.key`);
    writeFileSync(keyFile, `${holder.base64}\n`, { mode: 0o600 });
    this.words = [builtFile('client/main.js'), '--server', holder.server, '--key-file', keyFile];
  }

  /**
   * Runs spa-client to its end and gives what it printed.
   * @throws Error when it ends with another code than 0.
   */
  run(...args: readonly string[]): Promise<string> {
    return this.host.run(process.execPath, [...this.words, ...args], { timeoutMs: 30_000 });
  }
}
