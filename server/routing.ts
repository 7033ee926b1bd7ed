/** Whether this host passes packets on at all: without that, no grant can forward to another host. */
import { readFileSync } from 'node:fs';
import type { Family } from '../src/base/address.ts';
import type { Issue } from '../src/config/issue.ts';

const SWITCHES = { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' } as const satisfies Record<
  Family,
  string
>;

/** A warning for each family of `to` that is not routed. `read` gives a setting's text, undefined where it cannot be read. */
export const routingWarnings = (
  to: readonly (Family | 'local')[],
  file: string,
  read: (name: string) => string | undefined = readSetting,
): readonly Issue[] =>
  to.flatMap((family) => {
    if (family === 'local') return [];
    const name = SWITCHES[family];
    if (read(name)?.trim() !== '0') return [];
    const problem = `clients may have ports forwarded to IPv${String(family)} hosts, and this host does not route: ${name} is 0`;
    return [
      { severity: 'warning', file, line: 0, problem, hint: `sysctl -w ${name}=1, and the same in /etc/sysctl.d` },
    ];
  });

const readSetting = (name: string): string | undefined => {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8');
  } catch {
    return undefined;
  }
};
