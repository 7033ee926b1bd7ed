/**
 * The way from the rules that ufw has of ours to those that it ought to have, a command a step. ufw puts a rule before all
 * others or behind them; grants must come before the guard. So the guard is put there first, and where it comes later than
 * grants, those are put before it once more.
 */
import type { Family } from '../base/address.ts';
import {
  commentArgs,
  deleteArgs,
  prependArgs,
  type ShownUfwRule,
  type UfwRule,
  ufwRuleKey,
  type WantedUfwRule,
} from './ufw-rule.ts';

/** The arguments of each "ufw" to be run. `families`: those that ufw has lists for. */
export const planUfw = (
  wanted: readonly WantedUfwRule[],
  shown: readonly ShownUfwRule[],
  families: readonly Family[],
): readonly (readonly string[])[] => {
  const byKey = new Map(wanted.map((rule) => [ufwRuleKey(rule), rule]));
  const commentsOf = (rule: UfwRule): readonly string[] =>
    shown.filter((other) => ufwRuleKey(other) === ufwRuleKey(rule)).map(({ comment }) => comment);
  const isMissing = (rule: UfwRule): boolean =>
    commentsOf(rule).length < (rule.source === undefined ? families.length : 1);

  const newGuard = wanted.filter((rule) => rule.action === 'deny' && isMissing(rule));
  const isShadowed = shadowedBy(shown, newGuard.length > 0);
  const misplaced = shown.filter((rule) => rule.action === 'allow' && byKey.has(ufwRuleKey(rule)) && isShadowed(rule));
  const anew = wanted.filter(
    (rule) => rule.action === 'allow' && (isMissing(rule) || misplaced.some((other) => isSameKey(other, rule))),
  );
  const renamed = wanted.filter(
    (rule) =>
      !newGuard.includes(rule) && !anew.includes(rule) && commentsOf(rule).some((comment) => comment !== rule.comment),
  );
  const leftOver = shown.filter((rule) => !byKey.has(ufwRuleKey(rule)));
  return [
    ...newGuard.map(prependArgs),
    ...anew.flatMap((rule) => [
      ...misplaced.filter((other) => isSameKey(other, rule)).map(deleteArgs),
      prependArgs(rule),
    ]),
    ...renamed.map(commentArgs),
    ...onePerText(leftOver).map(deleteArgs),
  ];
};

const isSameKey = (a: UfwRule, b: UfwRule): boolean => ufwRuleKey(a) === ufwRuleKey(b);

/** Whether a rule has the guard, or a part of it, before it in its list. */
const shadowedBy = (shown: readonly ShownUfwRule[], isGuardAdded: boolean): ((rule: ShownUfwRule) => boolean) => {
  const firstDenyOf = (family: Family): number =>
    shown.findIndex((rule) => rule.family === family && rule.action === 'deny');
  const firstDeny = { 4: firstDenyOf(4), 6: firstDenyOf(6) };
  return (rule) => isGuardAdded || (firstDeny[rule.family] >= 0 && firstDeny[rule.family] < shown.indexOf(rule));
};

/** A rule for everybody is in both lists, and one command deletes it from both. */
const onePerText = (rules: readonly ShownUfwRule[]): readonly ShownUfwRule[] => [
  ...new Map(rules.map((rule) => [`${ufwRuleKey(rule)} ${rule.comment}`, rule])).values(),
];
