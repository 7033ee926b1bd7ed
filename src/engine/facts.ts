/** What the engine tells of itself to whoever asks how it is. */
import type { PortSpec } from '../base/port-spec.ts';
import type { SteadyMs, UnixMs } from '../base/units.ts';
import { type ReplayCache, RECORD_BYTES } from '../replay/cache.ts';
import { clientCount, type Policy } from './policy.ts';
import type { KeyUses, Rotation } from './key-uses.ts';
import type { TrialDesk } from './trial-desk.ts';

export interface EngineFacts {
  /** Packets by reason since the start. */
  readonly counts: Readonly<Record<string, number>>;
  readonly guard: readonly PortSpec[];
  /** When the guard ends; undefined where it is not on trial. */
  readonly guardEnds: SteadyMs | undefined;
  readonly clients: number;
  /** The stanzas with two keys. */
  readonly rotations: readonly Rotation[];
  readonly grants: number;
  /** `bytes`: about so much memory. */
  readonly replay: { readonly entries: number; readonly bytes: number; readonly floor: UnixMs };
}

export const engineFacts = (
  policy: Policy,
  trial: TrialDesk,
  known: Pick<EngineFacts, 'counts' | 'grants'> & { readonly replay: ReplayCache; readonly keyUses: KeyUses },
): EngineFacts => {
  const { counts, grants, replay, keyUses } = known;
  return {
    ...{ counts, guard: trial.guard(policy.guard), guardEnds: trial.ends, grants },
    // Only for who asks: there may be ten thousand.
    get clients() {
      return clientCount(policy);
    },
    get rotations() {
      return keyUses.look(policy);
    },
    replay: { entries: replay.size, bytes: replay.size * RECORD_BYTES, floor: replay.floor },
  };
};
