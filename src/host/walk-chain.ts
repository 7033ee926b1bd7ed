/**
 * What can become of a packet in one chain. Where a rule cannot be told to fit, both goes: what it would do is noted as
 * possible, and the walk goes on behind it. So what comes out is all that can happen, at one pass through the rules.
 */
import { elementFits, fitsAny, hasField, type Packet } from './packet.ts';
import type { Chain, NewDestination, Rule, RuleRef, Ruleset, Step, Verdict } from './ruleset.ts';
import { refTo } from './ruleset.ts';
import { all, not, type Tri } from './tri.ts';

/** One way in which a chain can end. */
export interface End {
  readonly kind: 'accept' | 'drop' | 'reject' | 'unsure';
  readonly by: RuleRef;
  /** Why it is only possible; undefined where the walk was sure of each step to here. */
  readonly doubt: string | undefined;
}

interface Outcome {
  readonly ends: readonly End[];
  /** Whether the packet can come out at the end of the chain, or by `return`. */
  readonly falls: boolean;
}

/** What the walk has met, beside the ends. */
export interface Notes {
  /** The rule that has sent the packet elsewhere. */
  translatedBy: RuleRef | undefined;
  /** The end by which it may have been sent elsewhere: what the rules behind say of it is worth nothing. */
  lostBy: End | undefined;
  /** The rule that has, or may have, taken the packet out of connection tracking. */
  untrackedBy: RuleRef | undefined;
  /** Rules left to look at: what is larger than any real ruleset is given up. */
  budget: number;
}

export const newNotes = (): Notes => ({
  translatedBy: undefined,
  lostBy: undefined,
  untrackedBy: undefined,
  budget: 50_000,
});

const MAX_DEPTH = 32;

export class ChainWalk {
  readonly #packet: Packet;
  readonly #notes: Notes;
  readonly #targets: ReadonlyMap<string, Chain>;

  constructor(ruleset: Ruleset, packet: Packet, notes: Notes) {
    this.#packet = packet;
    this.#notes = notes;
    this.#targets = new Map(ruleset.map((chain) => [`${chain.table} ${chain.name}`, chain]));
  }

  /** A base chain: at its end stands its policy. `doubt`: why it may not be asked at all. */
  base(chain: Chain, doubt?: string): readonly End[] {
    const { ends, falls } = this.#chain(chain, doubt, 0);
    const doubted = doubt ?? ends.find((end) => end.doubt !== undefined)?.doubt;
    const policy = { kind: chain.base?.policy ?? 'accept', by: refTo(chain, undefined), doubt: doubted };
    const unasked = { kind: 'accept', by: policy.by, doubt: doubted } as const;
    return [...ends, ...(falls ? [policy] : []), ...(doubt === undefined ? [] : [unasked])];
  }

  /** `doubt`: why it is not sure that the packet gets here. */
  #chain(chain: Chain, doubt: string | undefined, depth: number): Outcome {
    const road = new Road(chain, doubt);
    for (const rule of chain.rules) {
      this.#notes.budget -= 1;
      if (this.#notes.budget < 0 || depth > MAX_DEPTH) {
        road.end('unsure', rule, { doubt: 'there are too many rules', isSure: true });
        return road.outcome(false);
      }
      this.#rule(rule, road, depth);
      if (road.isOver) return road.outcome(false);
    }
    return road.outcome(true);
  }

  #rule(rule: Rule, road: Road, depth: number): void {
    let way: Way = { doubt: road.doubt, isSure: true };
    for (const step of rule.steps) {
      switch (step.do) {
        case 'match':
        case 'doubt': {
          const answer = this.#fits(step);
          if (answer === 'no') return;
          if (answer === 'unsure') way = unsure(way, step.do === 'doubt' ? step.what : step.fields.join(', '));
          break;
        }
        case 'look-up':
          if (this.#lookUp(step, rule, road, way, depth)) return;
          break;
        case 'verdict':
          this.#verdict(step.verdict, rule, road, way, depth);
          return;
        case 'nat':
          this.#translate(step, rule, road, way);
          return;
        case 'notrack':
        case 'mark':
          this.#change(step, rule, road, way);
      }
    }
  }

  #fits(step: Extract<Step, { do: 'match' | 'doubt' }>): Tri {
    if (step.do === 'doubt') return 'unsure';
    const { fields, elements, mask, negated } = step;
    if (!fields.every((field) => hasField(field, this.#packet))) return 'no';
    const answer = fitsAny(fields, elements, this.#packet, mask);
    return negated ? not(answer) : answer;
  }

  /** True where a verdict was sure to be given. */
  #lookUp(
    { fields, entries }: Extract<Step, { do: 'look-up' }>,
    rule: Rule,
    road: Road,
    way: Way,
    depth: number,
  ): boolean {
    if (!fields.every((field) => hasField(field, this.#packet))) return false;
    for (const { element, verdict } of entries) {
      const answer = elementFits(fields, element, this.#packet);
      if (answer === 'no') continue;
      this.#verdict(verdict, rule, road, answer === 'yes' ? way : unsure(way, fields.join(', ')), depth);
      if (answer === 'yes') return true;
    }
    return false;
  }

  #verdict(verdict: Verdict, rule: Rule, road: Road, way: Way, depth: number): void {
    switch (verdict.kind) {
      case 'accept':
      case 'drop':
      case 'reject':
        road.end(verdict.kind, rule, way);
        return;
      case 'unsure':
        road.end('unsure', rule, unsure(way, verdict.what));
        return;
      case 'return':
        road.leave(way);
        return;
      case 'jump':
      case 'goto': {
        const target = this.#targets.get(`${road.chain.table} ${verdict.chain}`);
        if (target === undefined) road.end('unsure', rule, unsure(way, `the chain ${verdict.chain} is not known`));
        else road.join(this.#chain(target, way.doubt, depth + 1), way, verdict.kind === 'goto');
      }
    }
  }

  #change(step: Extract<Step, { do: 'notrack' | 'mark' }>, rule: Rule, road: Road, { doubt }: Way): void {
    const isSure = doubt === undefined;
    if (step.do === 'mark') this.#packet.mark = isSure ? step.value : undefined;
    // Only what is not tracked yet can be left out.
    else if (this.#packet.states.includes('invalid')) {
      this.#packet.states = isSure ? ['untracked'] : [...this.#packet.states, 'untracked'];
      this.#notes.untrackedBy ??= refTo(road.chain, rule);
    }
  }

  #translate({ address, port }: NewDestination, rule: Rule, road: Road, way: Way): void {
    if (way.doubt !== undefined || address === 'unsure' || port === 'unsure') {
      const lost = unsure(way, 'where it sends the packet is not known');
      this.#notes.lostBy ??= { kind: 'unsure', by: refTo(road.chain, rule), doubt: lost.doubt };
      road.end('unsure', rule, lost);
      return;
    }
    const packet = this.#packet;
    packet.to = address === 'here' || address === undefined ? packet.to : address;
    packet.toPort = port ?? packet.toPort;
    packet.isTranslated = true;
    this.#notes.translatedBy = refTo(road.chain, rule);
    road.end('accept', rule, way);
  }
}

/** How surely a rule is reached and fits. */
interface Way {
  /** Why the whole walk may not have come to here; undefined where it is sure to. */
  readonly doubt: string | undefined;
  /** Whether the rule fits, once it is reached. */
  readonly isSure: boolean;
}

const unsure = ({ doubt }: Way, what: string): Way => ({ doubt: doubt ?? what, isSure: false });

/** How far a packet has come in one chain, and how surely. */
class Road {
  readonly chain: Chain;
  /** Why the next rule may not be reached by a packet that is alive: it may have been accepted, or sent back, before. */
  doubt: string | undefined;
  isOver = false;
  #falls = false;
  readonly #ends: End[] = [];

  constructor(chain: Chain, doubt: string | undefined) {
    this.chain = chain;
    this.doubt = doubt;
  }

  outcome(atEnd: boolean): Outcome {
    return { ends: this.#ends, falls: atEnd || this.#falls };
  }

  end(kind: End['kind'], rule: Rule, { doubt, isSure }: Way): void {
    this.#ends.push({ kind, by: refTo(this.chain, rule), doubt });
    if (isSure) this.isOver = true;
    else if (kind === 'accept' || kind === 'unsure') this.doubt ??= doubt;
  }

  leave({ doubt, isSure }: Way): void {
    this.#falls = true;
    if (isSure) this.isOver = true;
    else this.doubt ??= doubt;
  }

  join({ ends, falls }: Outcome, { doubt, isSure }: Way, forGood: boolean): void {
    this.#ends.push(...ends);
    if (forGood && falls) this.#falls = true;
    if (isSure && (forGood || !falls)) this.isOver = true;
    const leaving = ends.find(({ kind }) => kind === 'accept' || kind === 'unsure');
    if (leaving !== undefined || (forGood && !isSure)) this.doubt ??= leaving?.doubt ?? doubt;
  }
}

/** Whether all the ends drop, all let pass, or some of both. */
export const dropsOf = (ends: readonly End[]): Tri => {
  const answers = ends.map(({ kind }): Tri => (kind === 'unsure' ? 'unsure' : kind === 'accept' ? 'no' : 'yes'));
  if (answers.every((answer) => answer === 'no')) return 'no';
  return all(answers) === 'yes' ? 'yes' : 'unsure';
};
