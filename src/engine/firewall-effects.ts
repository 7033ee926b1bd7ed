/** What makes the firewall show all that policy, ledger and trial want. */
import type { Effect } from './effect.ts';
import type { GrantDesk } from './grant-desk.ts';
import { cutsAny, type Holders, widensAny } from './holders.ts';
import { forwardsTo, type Policy } from './policy.ts';
import type { TrialDesk } from './trial-desk.ts';

/** Sets the firewall right as a whole. */
export const synchronizeEffects = (
  policy: Policy,
  holders: Holders,
  desk: Pick<GrantDesk, 'openings'>,
  trial: TrialDesk,
): readonly Effect[] => {
  const wanted = {
    guard: trial.guard(policy.guard),
    guardEnds: trial.ends,
    forwards: forwardsTo(policy).length > 0,
    cuts: cutsAny(holders),
    widens: widensAny(policy),
    openings: desk.openings(),
  };
  return [...adoptEffects(policy, trial), { kind: 'synchronize-firewall', wanted }, ...trial.notes()];
};

/** The guard was away, and stands again. */
export const repairedEffects = (policy: Policy, trial: TrialDesk): readonly Effect[] => [
  ...adoptEffects(policy, trial),
  ...trial.notes(),
];

/** Established connections pass the guard, also those that are older than anything that has counted them. */
const adoptEffects = (policy: Policy, trial: TrialDesk): readonly Effect[] => {
  const ports = trial.guard(policy.guard);
  return ports.length === 0 ? [] : [{ kind: 'adopt-connections', ports }];
};
