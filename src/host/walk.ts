/**
 * The road of a packet through this host: the hooks in their order, at each the chains by priority, in each the rules. An
 * accept ends one chain, a drop ends all. What XDP and traffic control do before is not looked at.
 */
import { type Cidr, cidrContains, type IpAddress } from '../base/address.ts';
import { isLocal, type Packet, packetOf, type Probe } from './packet.ts';
import type { Chain, Hook, RuleRef, Ruleset } from './ruleset.ts';
import { ChainWalk, dropsOf, type End, newNotes, type Notes } from './walk-chain.ts';

/** What the road depends on beside the rules. */
export interface Surroundings {
  /** This host's addresses. */
  readonly local: readonly IpAddress[];
  readonly routes: readonly { readonly to: Cidr; readonly link: string }[];
}

export type Fate =
  /** A program that listens on this port gets it. */
  | ({ readonly kind: 'arrives'; readonly port: number } & Sent)
  | ({ readonly kind: 'forwarded'; readonly to: IpAddress; readonly port: number } & Sent)
  | { readonly kind: 'dropped'; readonly by: RuleRef; readonly rejects: boolean; readonly untrackedBy?: RuleRef }
  /** It may be dropped by this rule; what that depends on is not known here. */
  | { readonly kind: 'unsure'; readonly by: RuleRef; readonly doubt: string };

interface Sent {
  /** The rule that has changed where it goes to. */
  readonly translatedBy?: RuleRef;
}

/** linux/netfilter_ipv4.h: where connection tracking and NAT stand among the priorities. */
const CONNTRACK = -200;
const NAT_DESTINATION = -100;
const NAT_SOURCE = 100;

/** What becomes of a packet that comes in. */
export const walkIn = (ruleset: Ruleset, probe: Probe, surroundings: Surroundings): Fate => {
  const walk = new Walk(ruleset, packetOf(probe, surroundings.local), surroundings);
  const { packet } = walk;
  return (
    walk.hooks('ingress', 'prerouting') ??
    (isLocal(packet, packet.to) ? walk.hooks('input') : (walk.routeOut(), walk.hooks('forward', 'postrouting'))) ??
    walk.alive()
  );
};

/** What becomes of a packet that this host sends. */
export const walkOut = (ruleset: Ruleset, probe: Probe, surroundings: Surroundings): Fate => {
  const walk = new Walk(ruleset, packetOf(probe, surroundings.local), surroundings);
  return walk.hooks('output', 'postrouting') ?? walk.alive();
};

class Walk {
  readonly packet: Packet;
  readonly #ruleset: Ruleset;
  readonly #surroundings: Surroundings;
  readonly #notes: Notes = newNotes();
  readonly #chains: ChainWalk;
  /** The first end by which the packet may have been dropped. */
  #possible: End | undefined;

  constructor(ruleset: Ruleset, packet: Packet, surroundings: Surroundings) {
    this.packet = packet;
    this.#ruleset = ruleset;
    this.#surroundings = surroundings;
    this.#chains = new ChainWalk(ruleset, packet, this.#notes);
  }

  /** Walks through the hooks; undefined where the packet may be alive behind them. */
  hooks(...hooks: readonly Hook[]): Fate | undefined {
    for (const hook of hooks) {
      const dropped = this.#hook(hook);
      if (dropped !== undefined) return dropped;
    }
    return undefined;
  }

  /** Now that it is known not to stay here. */
  routeOut(): void {
    const fits = this.#surroundings.routes.filter(({ to }) => cidrContains(to, this.packet.to));
    this.packet.goesOut = fits.sort((a, b) => b.to.prefix - a.to.prefix)[0]?.link;
  }

  alive(): Fate {
    const possible = this.#possible;
    if (possible !== undefined) return { kind: 'unsure', by: possible.by, doubt: possible.doubt ?? 'its verdict' };
    const { packet } = this;
    const { translatedBy } = this.#notes;
    const sent = translatedBy === undefined ? {} : { translatedBy };
    return isLocal(packet, packet.to) || packet.probe.comesIn === ''
      ? { kind: 'arrives', port: packet.toPort, ...sent }
      : { kind: 'forwarded', to: packet.to, port: packet.toPort, ...sent };
  }

  #hook(hook: Hook): Fate | undefined {
    const tracks = hook === 'prerouting' || hook === 'output';
    let isTracked = !tracks;
    for (const { chain, place } of chainsAt(this.#ruleset, hook, this.packet.probe)) {
      if (!isTracked && place >= CONNTRACK) {
        this.#track();
        isTracked = true;
      }
      if (chain.base?.type === 'nat' && !this.#looksForNat(hook)) continue;
      const dropped = this.#ends(this.#chains.base(chain, this.#doubtOf(chain)));
      if (dropped !== undefined) return dropped;
    }
    if (!isTracked) this.#track();
    return undefined;
  }

  /** Connection tracking gives what is not left out of it a state. */
  #track(): void {
    const { packet } = this;
    packet.states = packet.states.map((state) => (state === 'invalid' ? packet.probe.state : state));
  }

  /** NAT sees what is tracked, and only until a rule has said where to. The source does not matter here. */
  #looksForNat(hook: Hook): boolean {
    const { isTranslated, states } = this.packet;
    const changesDestination = hook === 'prerouting' || hook === 'output';
    return changesDestination && !isTranslated && !(states.length === 1 && states[0] === 'untracked');
  }

  /** NAT may not be asked about what may not be tracked. */
  #doubtOf({ base }: Chain): string | undefined {
    return base?.type === 'nat' && this.packet.states.includes('untracked') ? 'ct-state' : undefined;
  }

  #ends(ends: readonly End[]): Fate | undefined {
    const drops = dropsOf(ends);
    const first = ends.find(({ kind }) => kind !== 'accept');
    if (drops === 'no' || first === undefined) return undefined;
    if (drops === 'unsure') {
      const doubted = ends.find(({ doubt }) => doubt !== undefined);
      this.#possible ??= { ...first, doubt: first.doubt ?? doubted?.doubt };
      return undefined;
    }
    const { untrackedBy, lostBy } = this.#notes;
    if (lostBy !== undefined) return { kind: 'unsure', by: lostBy.by, doubt: lostBy.doubt ?? 'its target' };
    // Of several that drop, the one that is sure to.
    const last = ends.at(-1) ?? first;
    return {
      ...{ kind: 'dropped', by: last.by, rejects: last.kind === 'reject' },
      ...(untrackedBy === undefined ? {} : { untrackedBy }),
    };
  }
}

/** The base chains that see a packet at a hook, in their order; of equal ones the kernel asks the newest first. */
const chainsAt = (
  ruleset: Ruleset,
  hook: Hook,
  probe: Probe,
): readonly { readonly chain: Chain; readonly place: number }[] =>
  ruleset
    .toReversed()
    .flatMap((chain) => {
      const { base, family } = chain;
      if (base?.hook !== hook) return [];
      const isForUs =
        hook === 'ingress'
          ? base.devices.includes(probe.comesIn)
          : family === 'inet' || family === (probe.to.family === 4 ? 'ip' : 'ip6');
      return isForUs ? [{ chain, place: placeOf(base.type, hook, base.priority), within: base.priority }] : [];
    })
    .sort((a, b) => a.place - b.place || a.within - b.within);

/** All chains of NAT are asked at one place of the hook, among themselves by their priorities. */
const placeOf = (type: 'filter' | 'nat' | 'route', hook: Hook, priority: number): number => {
  if (type !== 'nat') return priority;
  return hook === 'prerouting' || hook === 'output' ? NAT_DESTINATION : NAT_SOURCE;
};
