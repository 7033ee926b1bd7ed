/**
 * Small rulesets made by chance, of nft and of iptables, for comparing what is said of them with what the kernel does. The
 * same seed makes the same ruleset.
 */

export interface RandomRules {
  /** For `nft -f -`. */
  readonly nft: string;
  /** For `PROGRAM-restore`, by the program's stem: `iptables-nft`, `ip6tables-legacy`. */
  readonly restores: ReadonlyMap<string, string>;
}

/** What the rules may name. */
export interface RandomScene {
  readonly link: string;
  /** The client's and the server's addresses. */
  readonly clients: { readonly 4: string; readonly 6: string };
  readonly servers: { readonly 4: string; readonly 6: string };
  readonly ports: readonly number[];
}

/** Mulberry32: small, and good enough for picking rules. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

export const randomRules = (seed: number, scene: RandomScene): RandomRules => {
  const chance = new Chance(seed);
  const restores = new Map<string, string>();
  const kind = chance.below(4);
  const nft = kind !== 1 ? new NftMaker(chance, scene).tables() : '';
  if (kind > 0) {
    const variant = kind === 3 ? 'legacy' : 'nft';
    for (const family of [4, 6] as const) {
      if (chance.once(4)) continue;
      const stem = `${family === 4 ? 'iptables' : 'ip6tables'}-${variant}`;
      restores.set(stem, new IptablesMaker(chance, scene, family).text());
    }
  }
  return { nft, restores };
};

/** What both makers take their ports and addresses from. */
class Maker {
  readonly chance: Chance;
  readonly scene: RandomScene;

  constructor(chance: Chance, scene: RandomScene) {
    this.chance = chance;
    this.scene = scene;
  }

  port(): number {
    return this.scene.ports[this.chance.below(this.scene.ports.length)] ?? 22;
  }

  /** Two ports, the lower one first. */
  range(): readonly [number, number] {
    const [a, b] = [this.port(), this.port()];
    return [Math.min(a, b), Math.max(a, b)];
  }

  network(family: 4 | 6): string {
    const client = this.scene.clients[family];
    return this.chance.pick<string>(
      family === 4
        ? [client, '10.99.0.0/24', '10.99.1.0/24', '0.0.0.0/1', '192.0.2.1']
        : [client, 'fd99::/64', '2001:db8::/32', 'fd99::7'],
    );
  }
}

type NftFamily = 'inet' | 'ip' | 'ip6';

class NftMaker extends Maker {
  tables(): string {
    const count = 1 + this.chance.below(2);
    const texts = Array.from({ length: count }, (_, index) => this.#table(`t${String(index)}`));
    if (this.chance.once(6)) {
      texts.push(
        `table netdev t9 {\n chain i {\n  type filter hook ingress device "${this.scene.link}" priority -500; policy accept;\n  ${this.#ports()} ${this.chance.pick(['drop', 'accept'])}\n }\n}`,
      );
    }
    return `${texts.join('\n')}\n`;
  }

  #table(name: string): string {
    const family = this.chance.pick<NftFamily>(['inet', 'inet', 'ip', 'ip6']);
    const lines = [
      `table ${family} ${name} {`,
      ` set ports {\n  type inet_service; flags interval; elements = { ${String(this.port())}, 9100-9200 }\n }`,
      ` map verdicts {\n  type inet_service : verdict; elements = { ${String(this.scene.ports[0])} : ${this.chance.pick(['accept', 'drop', 'jump two'])}, 9100 : drop }\n }`,
      ` chain two {\n${this.#rules(family, [], 2)}\n }`,
      ` chain one {\n${this.#rules(family, ['two'], 3)}\n }`,
    ];
    for (let index = 0; index < 1 + this.chance.below(2); index += 1)
      lines.push(this.#base(family, `b${String(index)}`));
    if (this.chance.once(4)) lines.push(this.#nat(family));
    if (this.chance.once(5)) {
      lines.push(
        ` chain raw {\n  type filter hook prerouting priority -300; policy accept;\n  ${this.#match(this.#version(family))} notrack\n }`,
      );
    }
    return [...lines, '}'].join('\n');
  }

  #base(family: NftFamily, name: string): string {
    const hook = this.chance.pick(['input', 'input', 'prerouting']);
    const priority = this.chance.pick([-310, -250, -150, -90, -10, 0, 0, 10, 90]);
    const policy = this.chance.once(4) ? 'drop' : 'accept';
    return ` chain ${name} {\n  type filter hook ${hook} priority ${String(priority)}; policy ${policy};\n${this.#rules(family, ['one', 'two'], 5)}\n }`;
  }

  #nat(family: NftFamily): string {
    const to = family === 'ip6' ? `[${this.scene.servers[6]}]` : this.scene.servers[4];
    const version = family === 'inet' ? ' ip' : '';
    const target = this.chance.pick([
      `redirect to :${String(this.port())}`,
      `dnat${version} to ${to}:${String(this.port())}`,
    ]);
    return ` chain nat {\n  type nat hook prerouting priority ${String(this.chance.pick([-110, -100]))}; policy accept;\n  tcp dport ${String(this.port())} ${target}\n }`;
  }

  #rules(family: NftFamily, chains: readonly string[], most: number): string {
    return this.chance.some(most, () => `  ${this.#rule(family, chains)}`).join('\n');
  }

  #rule(family: NftFamily, chains: readonly string[]): string {
    if (this.chance.once(12))
      return 'tcp dport vmap @verdicts'.replace('@verdicts', chains.length > 0 ? '@verdicts' : '{ 9100 : drop }');
    if (this.chance.once(12)) return 'ct state vmap { established : accept, related : accept, invalid : drop }';
    if (this.chance.once(10)) return `meta mark set ${String(this.chance.below(3))}`;
    const version = this.#version(family);
    const matches = Array.from({ length: 1 + this.chance.below(2) }, () => this.#match(version));
    const chain = chains[this.chance.below(Math.max(1, chains.length))];
    const verdict =
      chain !== undefined && this.chance.once(3)
        ? `${this.chance.pick(['jump', 'goto'])} ${chain}`
        : this.chance.pick(['accept', 'accept', 'drop', 'counter return', 'log prefix "x" drop', 'counter accept']);
    return `${matches.join(' ')} ${verdict}`;
  }

  #ports(): string {
    const [from, to] = this.range();
    return this.chance.pick([
      `tcp dport ${String(this.port())}`,
      `tcp dport { ${String(from)}, ${String(to)}, 9999 }`,
      `tcp dport != ${String(this.port())}`,
      `tcp dport ${String(from)}-${String(to)}`,
      `tcp dport > ${String(from)}`,
      `tcp flags & (fin|syn|rst|ack) == syn tcp dport ${String(from)}`,
    ]);
  }

  /** One rule is about one of them: nft refuses what fits no packet. */
  #version(family: NftFamily): 4 | 6 {
    return family === 'ip6' || (family === 'inet' && this.chance.once(2)) ? 6 : 4;
  }

  #match(version: 4 | 6): string {
    const ip = version === 6 ? 'ip6' : 'ip';
    const network = this.network(version);
    const others = [
      `${ip} saddr ${network}`,
      `${ip} saddr != ${network}`,
      `${ip} daddr ${this.scene.servers[version]}`,
      `${ip} saddr . tcp dport { ${this.scene.clients[version]} . ${String(this.port())}, ${this.scene.clients[version]} . 9100-9200 }`,
      `ct state ${this.chance.pick(['new', 'established,related', '{ established, untracked }', 'invalid', 'untracked', '!= new'])}`,
      `iifname ${this.chance.pick([`"${this.scene.link}"`, '"et*"', '"lo"', '{ "lo", "wg*" }', '!= "lo"'])}`,
      `fib daddr type ${this.chance.pick(['local', '!= local', '{ local, multicast }'])}`,
      `meta l4proto ${this.chance.pick(['tcp', '!= udp', '!= tcp'])}`,
      `meta mark ${String(this.chance.below(3))}`,
      'tcp dport @ports',
      'limit rate 1000/second',
    ];
    return this.chance.once(2) ? this.#ports() : (others[this.chance.below(others.length)] ?? '');
  }
}

class IptablesMaker extends Maker {
  readonly #family: 4 | 6;

  constructor(chance: Chance, scene: RandomScene, family: 4 | 6) {
    super(chance, scene);
    this.#family = family;
  }

  text(): string {
    const policy = this.chance.once(4) ? 'DROP' : 'ACCEPT';
    const lines = ['*filter', `:INPUT ${policy} [0:0]`, ':one - [0:0]', ':two - [0:0]'];
    lines.push(
      ...this.#rules('two', [], 2),
      ...this.#rules('one', ['two'], 3),
      ...this.#rules('INPUT', ['one', 'two'], 6),
      'COMMIT',
    );
    if (this.chance.once(2)) {
      lines.push('*mangle', ':PREROUTING ACCEPT [0:0]', `-A PREROUTING ${this.#match()} -j MARK --set-mark 1`);
      if (this.chance.once(2)) lines.push(`-A PREROUTING ${this.#match()} -j DROP`);
      lines.push('COMMIT');
    }
    if (this.chance.once(4)) {
      lines.push('*raw', ':PREROUTING ACCEPT [0:0]', `-A PREROUTING ${this.#ports()} -j CT --notrack`, 'COMMIT');
    }
    if (this.chance.once(3)) {
      const port = `-A PREROUTING -p tcp -m tcp --dport ${String(this.port())}`;
      const server = this.#family === 4 ? this.scene.servers[4] : `[${this.scene.servers[6]}]`;
      const target = this.chance.pick([
        `REDIRECT --to-ports ${String(this.port())}`,
        `DNAT --to-destination ${server}:${String(this.port())}`,
      ]);
      lines.push('*nat', ':PREROUTING ACCEPT [0:0]', `${port} -j ${target}`, 'COMMIT');
    }
    return `${lines.join('\n')}\n`;
  }

  #rules(chain: string, chains: readonly string[], most: number): string[] {
    return this.chance.some(most, () => {
      const target = chains[this.chance.below(Math.max(1, chains.length))];
      const jump =
        target !== undefined && this.chance.once(3)
          ? `${this.chance.pick(['-j', '-g'])} ${target}`
          : `-j ${this.chance.pick(['ACCEPT', 'ACCEPT', 'DROP', 'REJECT', 'RETURN', 'LOG'])}`;
      return `-A ${chain} ${this.#match()} ${jump}`;
    });
  }

  #ports(): string {
    const [from, to] = this.range();
    return this.chance.pick([
      `-p tcp -m tcp --dport ${String(this.port())}`,
      `-p tcp -m tcp ! --dport ${String(this.port())}`,
      `-p tcp -m multiport --dports ${String(from)},${String(to)}`,
      `-p tcp -m tcp --dport ${String(from)}:${String(to)}`,
      `-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN --dport ${String(this.port())}`,
    ]);
  }

  #match(): string {
    const client = this.scene.clients[this.#family];
    const others = [
      `-s ${this.network(this.#family)}`,
      `! -s ${this.network(this.#family)}`,
      `-m conntrack --ctstate ${this.chance.pick(['NEW', 'RELATED,ESTABLISHED', 'INVALID,UNTRACKED'])}`,
      `-i ${this.chance.pick([this.scene.link, 'et+', 'lo'])}`,
      `-m addrtype ${this.chance.pick(['', '! '])}--dst-type LOCAL`,
      `-m iprange --src-range ${client}-${client}`,
      '-m mark --mark 0x1',
      `-p ${this.chance.pick(['tcp', 'udp'])}`,
      '-m limit --limit 1000/second',
    ];
    return this.chance.once(2) ? this.#ports() : (others[this.chance.below(others.length)] ?? '');
  }
}
