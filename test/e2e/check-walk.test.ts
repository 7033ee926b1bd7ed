/**
 * What `spad check` says of rules, held against what the kernel does with them: rulesets made by chance are loaded, read
 * back, and walked; then a client connects for real.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type IpAddress, parseAddress } from '../../src/base/address.ts';
import { readIptablesSave, replaceOpaque } from '../../src/host/iptables-save.ts';
import { readNftRuleset } from '../../src/host/nft-json.ts';
import type { Probe } from '../../src/host/packet.ts';
import type { Ruleset } from '../../src/host/ruleset.ts';
import { walkIn, walkOut } from '../../src/host/walk.ts';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { startTcpService } from '../support/probe.ts';
import { randomRules } from '../support/random-rules.ts';

const PORTS = [22, 80, 443, 2222, 8080];
const FAMILIES = [4, 6] as const;
/** Another one makes other rulesets. */
const SEED = Number(process.env['CHECK_WALK_SEED'] ?? 1);
const ROUNDS = Number(process.env['CHECK_WALK_ROUNDS'] ?? 40);
const [SOON_MS, PATIENT_MS] = [200, 2000];

const address = (text: string): IpAddress => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('rules made by chance', () => {
  let lab: Lab;
  let server: Host;
  let client: Host;
  let prober: LabProcess;
  let questions = 0;

  beforeAll(async () => {
    lab = await Lab.create({ hosts: ['server', 'client'] });
    [server, client] = [lab.host('server'), lab.host('client')];
    await startTcpService(server, PORTS);
    prober = client.spawn(process.execPath, [builtFile('test/support/tcp-fates.js')]);
    // Rules that drop neighbour discovery must not look like rules that drop connections.
    for (const [host, other] of [
      [server, client],
      [client, server],
    ] as const) {
      const mac = await other.macAddress();
      for (const to of [other.address4, other.address6]) {
        await host.run('ip', ['neigh', 'replace', to, 'lladdr', mac, 'dev', host.interfaceName, 'nud', 'permanent']);
      }
    }
  });

  afterAll(() => lab.close());

  const load = async (seed: number): Promise<string> => {
    const rules = randomRules(seed, {
      ...{ link: server.interfaceName, ports: PORTS },
      clients: { 4: client.address4, 6: client.address6 },
      servers: { 4: server.address4, 6: server.address6 },
    });
    await server.run('sh', ['-c', CLEAR]);
    if (rules.nft !== '') await server.run('nft', ['-f', '-'], { input: rules.nft });
    for (const [stem, text] of rules.restores) await server.run(`${stem}-restore`, [], { input: text });
    return [rules.nft, ...[...rules.restores].map(([stem, text]) => `# ${stem}\n${text}`)].join('\n');
  };

  const readBack = async (): Promise<Ruleset> => {
    const [json = '', listing = '', ...saves] = (await server.run('sh', ['-c', LIST])).split('=====\n');
    const reading = readNftRuleset(json, listing);
    if (reading === undefined) throw new Error(json);
    const [nft4 = '', nft6 = '', old4 = '', old6 = ''] = saves;
    const saved = [...readIptablesSave(nft4, 4, false), ...readIptablesSave(nft6, 6, false)];
    const legacy = [...readIptablesSave(old4, 4, true), ...readIptablesSave(old6, 6, true)];
    return [...replaceOpaque(reading.ruleset, reading.opaque, saved), ...legacy];
  };

  /** What each port must look like; undefined where the walk cannot tell. */
  const predict = (ruleset: Ruleset): (string | undefined)[] =>
    FAMILIES.flatMap((family) => {
      const [from, to] = family === 4 ? [client.address4, server.address4] : [client.address6, server.address6];
      return PORTS.map((port) => predictOne(ruleset, address(from), address(to), port, server.interfaceName));
    });

  const observe = async (timeout: number): Promise<string[]> => {
    questions += 1;
    const targets = [server.address4, server.address6].flatMap((to) => PORTS.map((port) => `${to} ${String(port)}`));
    prober.write(`${String(questions)} ${String(timeout)} ${targets.join(' ')}\n`);
    const { input } = await prober.waitForLine(new RegExp(`^${String(questions)} .*`), timeout + 10_000);
    // Of two chains at one place, which of them rejects and which drops is a matter of which is the older.
    return input
      .split(' ')
      .slice(1)
      .map((fate) => (fate === 'refused' || fate === 'silent' ? 'closed' : fate));
  };

  test('what is said is what a packet meets', async () => {
    const counts = { certain: 0, unsure: 0, open: 0, closed: 0, elsewhere: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const seed = SEED * 1000 + round;
      const text = await load(seed);
      const predicted = predict(await readBack());
      const wrongOf = (seen: readonly string[]): number[] =>
        predicted.flatMap((fate, index) => (fate === undefined || fate === seen[index] ? [] : [index]));
      let seen = await observe(SOON_MS);
      // A busy machine may be late: silence counts only where it lasts.
      if (wrongOf(seen).length > 0) seen = await observe(PATIENT_MS);
      const wrong = wrongOf(seen).map((index) => {
        const port = `port ${String(PORTS[index % PORTS.length])} over IPv${index < PORTS.length ? '4' : '6'}`;
        return `${port}: said ${String(predicted[index])}, is ${String(seen[index])}`;
      });
      expect(wrong, `seed ${String(seed)}:\n${text}`).toEqual([]);
      for (const [index, fate] of predicted.entries()) {
        if (fate === undefined) counts.unsure += 1;
        else {
          counts.certain += 1;
          if (fate === 'closed') counts.closed += 1;
          else counts.open += 1;
          if (/^\d/.test(fate) && Number(fate) !== PORTS[index % PORTS.length]) counts.elsewhere += 1;
        }
      }
    }
    console.log(JSON.stringify(counts));
    // The comparison means something where all of it happens.
    expect(counts.certain).toBeGreaterThan(2 * counts.unsure);
    expect(Math.min(counts.open, counts.closed)).toBeGreaterThan(ROUNDS);
    expect(counts.elsewhere).toBeGreaterThan(0);
  });
});

const CLEAR = `nft flush ruleset
for stem in iptables-legacy ip6tables-legacy; do
  for table in $(cat /proc/net/\${stem%tables-legacy}_tables_names 2>/dev/null); do
    case $table in
      filter) chains='INPUT FORWARD OUTPUT' ;;
      *) chains='PREROUTING OUTPUT' ;;
    esac
    for chain in $chains; do $stem -t $table -P $chain ACCEPT; done
    $stem -t $table -F; $stem -t $table -X
  done
done`;

const LIST = `nft -j list ruleset; echo =====; nft -a list ruleset; echo =====
iptables-nft-save 2>/dev/null; echo =====; ip6tables-nft-save 2>/dev/null; echo =====
for stem in iptables ip6tables; do
  for table in $(cat /proc/net/\${stem%tables}_tables_names 2>/dev/null); do $stem-legacy-save -t $table; done
  echo =====
done`;

const predictOne = (
  ruleset: Ruleset,
  from: IpAddress,
  to: IpAddress,
  port: number,
  link: string,
): string | undefined => {
  const surroundings = { local: [to], routes: [] };
  const probe: Probe = {
    ...{ state: 'new', protocol: 'tcp', from, to, fromPort: 50_000, toPort: port, comesIn: link, goesOut: '' },
  };
  const first = walkIn(ruleset, probe, surroundings);
  const later = walkIn(ruleset, { ...probe, state: 'established' }, surroundings);
  const back = { ...probe, state: 'established', from: to, to: from, comesIn: '', goesOut: link } as const;
  if (first.kind === 'dropped') return 'closed';
  if (first.kind !== 'arrives' || later.kind === 'unsure') return undefined;
  if (walkOut(ruleset, back, surroundings).kind !== 'arrives') return undefined;
  return later.kind === 'dropped' ? 'mute' : String(first.port);
};
