/** What the engine tells of itself to whoever asks how it is. */
import type { PortSpec } from '../base/port-spec.ts';
import type { SteadyMs, UnixMs } from '../base/units.ts';
import type { Ledger } from '../grant/ledger.ts';
import { type ReplayCache, RECORD_BYTES } from '../replay/cache.ts';
import { clientCount, type Policy } from './policy.ts';
import type { TrialDesk } from './trial-desk.ts';

export interface EngineFacts {
  readonly guard: readonly PortSpec[];
  /** When the guard ends; undefined where it is not on trial. */
  readonly guardEnds: SteadyMs | undefined;
  readonly clients: number;
  readonly grants: number;
  /** `bytes`: about so much memory. */
  readonly replay: { readonly entries: number; readonly bytes: number; readonly floor: UnixMs };
}

export const engineFacts = (
  policy: Policy,
  trial: TrialDesk,
  { size: grants }: Ledger,
  { size: entries, floor }: ReplayCache,
): EngineFacts => ({
  ...{ guard: trial.guard(policy.guard), guardEnds: trial.ends, clients: clientCount(policy), grants },
  replay: { entries, bytes: entries * RECORD_BYTES, floor },
});
