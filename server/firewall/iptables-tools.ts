/** The programs of iptables, whichever variant the system has under these names: nf_tables or legacy. */
import { existsSync } from 'node:fs';
import type { Family } from '../../src/base/address.ts';
import { runTool } from './run-tool.ts';

export interface IptablesTools {
  /** What `iptables-save` prints. Throws FirewallError. */
  save(family: Family): Promise<string>;
  /** Gives text to `iptables-restore --noflush`. Throws FirewallError with the program's words. */
  restore(family: Family, text: string): Promise<void>;
  /** Whether this kernel has IPv6. Where it has, not being able to change its rules is an error: nothing stays open. */
  hasIpv6(): boolean;
}

/** Seconds for which the legacy variant waits for others that change the firewall; the other one need not. */
const WAIT = ['-w', '10'];

export const iptablesTools: IptablesTools = {
  save: (family) => run(family, 'save', [], ''),
  restore: async (family, text) => {
    await run(family, 'restore', [...WAIT, '--noflush'], text);
  },
  hasIpv6: () => existsSync('/proc/sys/net/ipv6/conf'),
};

const run = (family: Family, what: string, args: readonly string[], input: string): Promise<string> =>
  runTool(`${family === 4 ? 'iptables' : 'ip6tables'}-${what}`, args, input, 'iptables');
