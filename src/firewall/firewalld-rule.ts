/**
 * Rich rules of firewalld (firewalld.richlanguage(5)), spelled as firewalld lists them, and the steps from those that stand to
 * those that ought to.
 *
 * A rule of ours is known by its priority and its shape, for a rich rule has no comment. Each kind has several priorities,
 * its places, which make no difference but one: two rules that are equal but for the place can stand side by side. So a rule
 * gets another end by one more rule in another place, and then the old one goes; firewalld refuses an equal rule and does
 * not give it another timeout. Places are taken in turn, because firewalld (1.3) keeps the timers of rules that a reload has
 * thrown away: such a timer would take a rule in the same place away before its time.
 */
import { formatAllowed } from '../base/allow-address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { type Seconds, seconds, type SteadyMs } from '../base/units.ts';
import type { Wanted } from './desired.ts';
import { openingsHere } from './opening.ts';

/** The first priority of each kind. Grants come before the guard, and both before what a zone allows. */
const FIRST_PRIORITY = { accept: -32_216, drop: -32_208 } as const;
const PLACES = 8;

export interface WantedRule {
  /** All but the priority: `port port="22" protocol="tcp" drop`. */
  readonly body: string;
  readonly ends: SteadyMs | 'never';
}

/** A rule as a zone lists it. */
export interface ShownRule {
  readonly zone: string;
  readonly body: string;
  readonly place: number;
}

/** A rule that we have added, so that we know its timeout. */
export interface StandingRule extends ShownRule, WantedRule {}

export interface FirewalldPlan {
  /** To be added first, in this order. */
  readonly add: readonly StandingRule[];
  readonly remove: readonly ShownRule[];
  /** Rules that may stay as they are. */
  readonly keep: readonly StandingRule[];
}

/** What a zone must have, in the order in which it is added. */
export const wantedRules = ({ openings, guard, guardEnds }: Wanted): readonly WantedRule[] => [
  ...openingsHere(openings).map((opening) => {
    const { address, ends } = opening;
    const source = `family="ipv${String(address.family)}" source address="${formatAllowed(address)}"`;
    return { body: `${source} ${portElement(opening)} accept`, ends };
  }),
  ...guard.map((spec) => ({ body: `${portElement(spec)} drop`, ends: guardEnds ?? ('never' as const) })),
];

const portElement = ({ protocol, first, last }: PortSpec): string =>
  `port port="${String(first)}${first === last ? '' : `-${String(last)}`}" protocol="${protocol}"`;

/** As firewalld is told, and as it lists it. */
export const formatRule = ({ body, place }: Pick<ShownRule, 'body' | 'place'>): string =>
  `rule priority="${String(FIRST_PRIORITY[kindOf(body)] + place)}" ${body}`;

const kindOf = (body: string): keyof typeof FIRST_PRIORITY => (body.endsWith(' accept') ? 'accept' : 'drop');

const PORT = /port port="\d+(?:-\d+)?" protocol="(?:tcp|udp)"/.source;
const SOURCE = /family="ipv[46]" source address="[0-9a-f.:]+"/.source;
const RULE = new RegExp(`^rule priority="(-\\d{1,5})" (${SOURCE} ${PORT} accept|${PORT} drop)$`);

/** Undefined for a rule that is not ours. */
export const parseRule = (zone: string, text: string): ShownRule | undefined => {
  const [, priority, body] = RULE.exec(text) ?? [];
  if (priority === undefined || body === undefined) return undefined;
  const place = Number(priority) - FIRST_PRIORITY[kindOf(body)];
  return place >= 0 && place < PLACES ? { zone, body, place } : undefined;
};

/** Whole seconds are all that firewalld counts; no rule goes before its end, and none has a timeout of 0, which is none. */
export const timeoutOf = (ends: SteadyMs | 'never', now: SteadyMs): Seconds =>
  seconds(ends === 'never' ? 0 : Math.max(1, Math.ceil((ends - now) / 1000)));

/**
 * The way from `shown`, every rule of ours in any zone, to `wanted` in each of `zones`. `known` is what we remember to have
 * added, of which some may have gone: it tells the ends of what is shown, and the places that were used last.
 */
export const planFirewalld = (
  wanted: readonly WantedRule[],
  zones: readonly string[],
  shown: readonly ShownRule[],
  known: readonly StandingRule[],
): FirewalldPlan => {
  const shownAt = groupByRule(shown);
  const knownAt = groupByRule(known);
  const [add, keep]: [StandingRule[], StandingRule[]] = [[], []];
  for (const { body, ends } of wanted) {
    for (const zone of zones) {
      const key = ruleKey({ zone, body });
      const standing = shownAt.get(key) ?? [];
      const right = knownAt.get(key)?.find((rule) => rule.ends === ends && standing.some(isSamePlace(rule)));
      if (right === undefined) add.push({ zone, body, ends, place: nextPlace(standing, knownAt.get(key) ?? []) });
      else keep.push(right);
    }
  }
  const kept = groupByRule(keep);
  const remove = shown.filter((rule) => !(kept.get(ruleKey(rule)) ?? []).some(isSamePlace(rule)));
  return { add, remove, keep };
};

const ruleKey = ({ zone, body }: Pick<ShownRule, 'zone' | 'body'>): string => `${zone} ${body}`;

const isSamePlace =
  (rule: ShownRule) =>
  (other: ShownRule): boolean =>
    rule.place === other.place;

/** The place after the one that was used last; one that is free, unless there is none. */
const nextPlace = (standing: readonly ShownRule[], known: readonly ShownRule[]): number => {
  const last = known.at(-1)?.place ?? standing.at(-1)?.place ?? -1;
  const inTurn = Array.from({ length: PLACES }, (_, step) => (last + 1 + step) % PLACES);
  return inTurn.find((place) => !standing.some((rule) => rule.place === place)) ?? 0;
};

const groupByRule = <T extends ShownRule>(rules: readonly T[]): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const rule of rules) {
    const group = groups.get(ruleKey(rule));
    if (group === undefined) groups.set(ruleKey(rule), [rule]);
    else group.push(rule);
  }
  return groups;
};
