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

/** What both families' tables hold, as text without counters and comments. */
export async function savedTables(server: Host, variant: Variant): Promise<string> {
  const texts = [];
  for (const program of PROGRAMS) texts.push(await server.run(named(program, variant, '-save')));
  return texts
    .join('')
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, '');
}

/** Loads text into a family's tables, or both families', beside what is there. */
export async function load(server: Host, variant: Variant, input: string, programs = PROGRAMS.slice()): Promise<void> {
  for (const program of programs) {
    await server.run(named(program, variant, '-restore'), ['-w', '--noflush'], { input });
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
    for (const program of PROGRAMS) {
      for (const table of ['mangle', 'nat', 'filter']) {
        await server.run(named(program, variant), ['-w', '-t', table, '-F']);
        await server.run(named(program, variant), ['-w', '-t', table, '-X']);
      }
    }
    await load(server, variant, OTHERS);
  },
  removeOne: async (server, address, port) => {
    const save = await server.run(named('iptables', variant, '-save'), ['-t', 'mangle']);
    const rule = save.split('\n').find((line) => line.includes(`-s ${address}/32 -p tcp -m tcp --dport ${port} `));
    if (rule === undefined) throw new Error(`no rule for ${address}:\n${save}`);
    await load(server, variant, `*mangle\n${rule.replace('-A', '-D')}\nCOMMIT\n`, ['iptables']);
  },
  listing: (server) => savedTables(server, variant),
});
