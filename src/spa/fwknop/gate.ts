/**
 * The first room that texts of fwknop's enter: size, refused prefixes, alphabet, source, HMAC. It holds keys that
 * recognise packets and none that reads or makes them.
 */
import type { Cidr, IpAddress } from '../../base/address.ts';
import type { UnixMs } from '../../base/units.ts';
import type { FwknopGateRejection } from '../rejection.ts';
import { isLikely, type SealKinds } from './claim.ts';
import { FairBudget } from './fair-budget.ts';
import { checkShape } from './shape.ts';
import { SourceIndex } from './source-index.ts';
import { type NoTrial, type TrialKey, type TrialOptions, TrialTable } from './trials.ts';

export interface FwknopGateKeys {
  readonly keys: readonly TrialKey[];
  /** The stanzas that have no HMAC key, as one; undefined: there are none. */
  readonly unkeyed: (SealKinds & { readonly sources: readonly Cidr[] }) | undefined;
}

/** A text whose HMAC the key of this number made; undefined: one that a stanza without an HMAC key may read. */
export interface Passed {
  readonly key: number | undefined;
}

export type GateRefusal = FwknopGateRejection | NoTrial;

/**
 * Texts without an HMAC are handed over by the second: for each of them the authorizer unseals once a stanza, or starts gpg.
 * Whoever has such stanzas has that for the price; a network may send a few at once.
 */
const UNKEYED = { perSecond: 100, burst: 200, share: 10 } as const;

export class FwknopGate {
  readonly #trials: TrialTable;
  readonly #unkeyed: FwknopGateKeys['unkeyed'];
  readonly #unkeyedSources = new SourceIndex();
  readonly #budget: FairBudget;

  constructor({ keys, unkeyed }: FwknopGateKeys, options: TrialOptions) {
    this.#trials = new TrialTable(keys, options);
    this.#unkeyed = unkeyed;
    this.#unkeyedSources.add(0, unkeyed?.sources ?? []);
    this.#budget = new FairBudget(UNKEYED, options.salt);
  }

  check(text: Uint8Array, source: IpAddress, now: UnixMs): Passed | GateRefusal {
    const fault = checkShape(text);
    if (fault !== undefined) return fault;
    const found = this.#trials.find(text, source, now);
    if (typeof found === 'number') return { key: found };
    return this.#unkeyed === undefined ? found : (this.#checkUnkeyed(this.#unkeyed, text, source, now) ?? found);
  }

  /** Undefined where what the trials have said stands. */
  #checkUnkeyed(kinds: SealKinds, text: Uint8Array, source: IpAddress, now: UnixMs): Passed | GateRefusal | undefined {
    if (!isLikely(text, 0, kinds)) return undefined;
    if (this.#unkeyedSources.find(source).length === 0) return undefined;
    if (this.#budget.allowance(source, now) < 1) return 'over-budget';
    this.#budget.spend(source, 1);
    return { key: undefined };
  }
}
