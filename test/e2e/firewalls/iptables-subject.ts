/** What the contract has to know of iptables, in either of its variants. */
import type { Host } from '../../support/host.ts';
import type { Subject, Surroundings } from './subject.ts';

export type Variant = 'nf_tables' | 'legacy';

/** Rules of somebody else's in every table that spad has chains in. */
const OTHERS = `*mangle
-A PREROUTING -i eth9 -j MARK --set-mark 1
COMMIT
*nat
-A POSTROUTING -o eth9 -j MASQUERADE
COMMIT
*filter
-A INPUT -p tcp -m tcp --dport 7 -j DROP
-A FORWARD -i eth9 -j DROP
COMMIT
`;

/** The two families' programs. */
export const PROGRAMS = ['iptables', 'ip6tables'] as const;

/** `iptables-legacy-restore`; whatever variant is the system's default does not matter. */
export const named = (program: (typeof PROGRAMS)[number], variant: Variant, what = ''): string =>
  `${program}-${variant === 'legacy' ? 'legacy' : 'nft'}${what}`;

/** What both families' tables hold, as text without counters and comments, the tables in any order. */
export async function savedTables(server: Host, variant: Variant): Promise<string> {
  const texts = [];
  for (const program of PROGRAMS) {
    const text = await server.run(named(program, variant, '-save'));
    const plain = text.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '');
    texts.push(...plain.split(/^(?=\*)/m).sort());
  }
  return texts.join('');
}

/** Loads text into a family's tables, or both families'; beside what is there, unless told. */
export async function load(
  server: Host,
  variant: Variant,
  input: string,
  programs: readonly (typeof PROGRAMS)[number][] = PROGRAMS,
  options: readonly string[] = ['--noflush'],
): Promise<void> {
  for (const program of programs) {
    await server.run(named(program, variant, '-restore'), ['-w', ...options], { input });
  }
}

/**
 * A mount namespace in which the plain names `iptables-restore` and so on are those of a variant, as Debian's alternatives
 * make them; it lasts as long as the laboratory. Each variant is one program, which goes by the name that it is called by.
 */
export async function alternative(server: Host, variant: Variant): Promise<Surroundings> {
  const binary = `/usr/sbin/xtables-${variant === 'legacy' ? 'legacy' : 'nft'}-multi`;
  const script = `mount --bind ${binary} "$(readlink -f /usr/sbin/iptables-restore)" && echo ready && exec sleep infinity`;
  const holder = server.spawn('unshare', ['-m', 'sh', '-c', script]);
  await holder.waitForLine(/^ready$/);
  return { prefix: ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--'] };
}

export const iptablesSubject = (variant: Variant): Omit<Subject, 'name' | 'firewall'> => ({
  prepare: async (server) => {
    await load(server, variant, OTHERS);
    return alternative(server, variant);
  },
  flush: async (server) => {
    // All at once where that can be: spad is quick enough to repair one family before the other is flushed.
    if (variant === 'nf_tables') await server.run('nft', ['flush', 'ruleset']);
    await load(server, variant, OTHERS, PROGRAMS, variant === 'nf_tables' ? ['--noflush'] : []);
  },
  removeOne: async (server, address, port) => {
    const save = await server.run(named('iptables', variant, '-save'), ['-t', 'mangle']);
    const rule = save.split('\n').find((line) => line.includes(`-s ${address}/32 -p tcp -m tcp --dport ${port} `));
    if (rule === undefined) throw new Error(`no rule for ${address}:\n${save}`);
    await load(server, variant, `*mangle\n${rule.replace('-A', '-D')}\nCOMMIT\n`, ['iptables']);
  },
  listing: (server) => savedTables(server, variant),
});
