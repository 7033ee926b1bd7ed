/** A home on a host of the laboratory: profiles, and the commands as they are installed, found by their names. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import type { Keyholder } from './keyholder.ts';
import type { Lab } from './lab.ts';
import type { ExecOptions, ExecResult, LabProcess } from './lab-process.ts';
import { builtFile } from './paths.ts';

export class Home {
  readonly host: Host;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  private profiles = '';

  constructor(lab: Lab, host: Host, name = 'home') {
    this.host = host;
    this.dir = join(lab.dir, `${host.name}-${name}`);
    const bin = join(this.dir, 'bin');
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(this.dir, '.config/spa'), { recursive: true });
    symlinkSync(builtFile('bin/spa-client.cjs'), join(bin, 'spa-client'));
    this.env = {
      ...{ HOME: this.dir, XDG_CONFIG_HOME: '', XDG_STATE_HOME: '', XDG_CACHE_HOME: '' },
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    };
  }

  /** Adds a profile to those of this home. */
  addProfile(name: string, host: string, holder: Keyholder, more: Readonly<Record<string, string>> = {}): void {
    const lines = Object.entries({ host, server: holder.server, key: holder.base64, ...more });
    this.profiles += `[${name}]\n${lines.map(([key, value]) => `${key} = ${value}\n`).join('')}\n`;
    writeFileSync(join(this.dir, '.config/spa/profiles.ini'), this.profiles, { mode: 0o600 });
  }

  spawn(command: string, args: readonly string[]): LabProcess {
    return this.host.spawn(command, args, { env: this.env });
  }

  /** Runs a command to its end; any code is a result. */
  exec(command: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return this.host.exec(command, args, { timeoutMs: 30_000, env: this.env, ...options });
  }
}
