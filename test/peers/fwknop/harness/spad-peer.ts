/** spad in the place of fwknopd, with fwknop's own files or with a spad.conf that says the same. */
import { join } from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';
import { unixMs } from '../../../../src/base/units.ts';
import { encodeJournal } from '../../../../src/replay/journal.ts';
import { openInKernel } from '../../../support/grant-list.ts';
import type { Host } from '../../../support/host.ts';
import type { Lab } from '../../../support/lab.ts';
import { Spad } from '../../../support/spad.ts';
import { withHosts } from './environment.ts';
import { type FwknopdSetup, type Variables, variablesText } from './fwknopd.ts';
import type { Peer } from './peer.ts';
import { spadConf } from './spad-conf.ts';

export class SpadPeer implements Peer {
  readonly side: 'access.conf' | 'spad.conf';
  readonly host: Host;
  private readonly lab: Lab;
  private readonly spad: Spad;
  private args: readonly string[] = [];

  constructor(side: 'access.conf' | 'spad.conf', lab: Lab, host: Host) {
    this.side = side;
    this.host = host;
    this.lab = lab;
    this.spad = new Spad(lab, host);
    this.pretendToHaveRun();
  }

  /** At its very first start spad refuses packets that were made before; a client's clock that is behind is such a case. */
  private pretendToHaveRun(): void {
    mkdirSync(this.spad.stateDir, { mode: 0o700 });
    writeFileSync(join(this.spad.stateDir, 'replay.journal'), encodeJournal(16, unixMs(0), []), { mode: 0o600 });
  }

  configure({ conf = [], access, guard = [] }: FwknopdSetup): void {
    const { dir, confFile, stateDir, audit } = this.spad;
    const guarded = guard.map((ports) => `tcp/${ports.replace(':', '-')}`).join(', ');
    if (this.side === 'spad.conf') {
      const own = { name: 'gw1', interface: 'eth0', guard: guarded, state_dir: stateDir, audit_log: audit.path };
      this.spad.writeConf(spadConf(own, conf, access));
      this.args = ['-c', confFile];
      return;
    }
    const [config, stanzas] = [join(dir, 'fwknopd.conf'), join(dir, 'access.conf')];
    const named: Variables = [['PCAP_INTF', 'eth0'], ['FWKNOP_RUN_DIR', dir], ...conf];
    writeFileSync(config, variablesText(named), { mode: 0o600 });
    writeFileSync(stanzas, access.map(variablesText).join('\n'), { mode: 0o600 });
    this.args = [
      ...['--fwknop-access', stanzas, '--fwknop-config', config, '--fwknop-allow-no-hmac', '--guard', guarded],
      ...['--state-dir', stateDir, '--audit-log', audit.path],
    ];
  }

  async start(): Promise<void> {
    // What is forwarded has to be let through: as fwknopd's, this host lets nothing else pass.
    await this.spad.start({ args: this.args, through: withHosts(this.lab) });
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.spad.stop(signal);
  }

  async reload(): Promise<void> {
    const from = this.spad.process.mark();
    await this.spad.reload();
    // The capture is begun anew where the policy is another.
    await this.spad.process.waitForLine(/capturing again/, 5000, from).catch(() => undefined);
  }

  async open(): Promise<readonly string[]> {
    // nft can come back without a word while somebody else changes its table.
    const listed = await openInKernel(this.host).catch(() => openInKernel(this.host));
    return listed.flatMap(singlePorts).sort();
  }

  granted(): readonly string[] {
    return this.spad.audit.entries().flatMap(({ event, allow, ports = [] }) => {
      if (event !== 'granted' && event !== 'extended') return [];
      const addresses = typeof allow === 'string' ? [allow] : (allow ?? []);
      return addresses.flatMap((address) => ports.flatMap((port) => singlePorts(`${address} ${port}`)));
    });
  }

  async replays(): Promise<number> {
    return (await this.spad.counts())['replayed'] ?? 0;
  }

  log(): string {
    return `${this.spad.process.output}\n${this.spad.audit
      .entries()
      .map((entry) => JSON.stringify(entry))
      .join('\n')}`;
  }
}

/** `10.99.0.1 tcp/22-24` as three lines: spad joins ports that are neighbours. */
function singlePorts(line: string): readonly string[] {
  const [, what = '', first = '', last] = /^(.*\/)(\d+)-(\d+)$/.exec(line) ?? [];
  if (last === undefined) return [line];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${what}${Number(first) + index}`);
}
