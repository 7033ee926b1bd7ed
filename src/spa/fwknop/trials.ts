/**
 * Which HMAC key a text was made with. Nothing in the text says so: each key costs a trial. What cannot be is left out
 * first, by the text's shape and by the source; then the key that this source used last is tried, whatever else goes on;
 * then the others, as far as the {@link FairBudget} allows.
 *
 * Where it does not allow all of them, those are tried that were not tried last time. A packet then has the chance that the
 * budget gives it, each key the same, and whoever sends another packet has another chance; known sources do not take part
 * in that at all. The other way, all keys for a few packets, would give strangers the same chance and tell less: one cannot
 * see beforehand which packets to favour.
 */
import type { Cidr, IpAddress } from '../../base/address.ts';
import type { UnixMs } from '../../base/units.ts';
import { bytesKey } from '../../bytes/encoding.ts';
import { type MacFactory, type MacKey, macKeyOf } from '../../crypto/hmac.ts';
import { equalBytes } from '../../crypto/secret.ts';
import { type Claim, claimsOf, isLikely, type SealKinds } from './claim.ts';
import { FairBudget } from './fair-budget.ts';
import type { FwknopDigest, FwknopHmacKey } from './key.ts';
import { RecentKeys } from './recent-keys.ts';
import { hmacLength } from './shape.ts';
import { SourceIndex } from './source-index.ts';

/** An HMAC key; its place in the list is its number. */
export interface TrialKey extends SealKinds {
  readonly hmac: FwknopHmacKey;
  /** Where its texts may come from. */
  readonly sources: readonly Cidr[];
}

export type NoTrial = 'no-key-matched' | 'source-not-allowed' | 'over-budget';

/** Units a second: a unit is one trial of HMAC-SHA256, some two microseconds. A tenth of one processor. */
const UNITS_PER_SECOND = 50_000;
/** What a trial takes of the budget, measured beside SHA-256. */
const UNITS: Readonly<Record<FwknopDigest, number>> = {
  md5: 1,
  sha1: 1,
  sha256: 1,
  sha384: 2,
  sha512: 2,
  sha3_256: 2,
  sha3_512: 2,
};

/** Keys whose texts look alike, so that they are ruled in or out together. */
interface Group extends SealKinds {
  readonly type: FwknopDigest;
  readonly index: SourceIndex;
}

/** Keys that come into question, and what they have to make. */
interface Suspects {
  readonly claims: readonly Claim[];
  readonly units: number;
  readonly keys: readonly number[];
}

export interface TrialOptions {
  /** 32 random bits. */
  readonly salt: number;
  readonly makeMac?: MacFactory;
  readonly unitsPerSecond?: number;
}

export class TrialTable {
  readonly #macs: readonly MacKey[];
  readonly #groups: readonly Group[];
  readonly #groupOf: readonly Group[];
  readonly #recent: RecentKeys;
  readonly #budget: FairBudget;
  /** Where the next search begins, counted over the keys that come into question. */
  #next = 0;

  constructor(
    keys: readonly TrialKey[],
    { salt, makeMac = macKeyOf, unitsPerSecond = UNITS_PER_SECOND }: TrialOptions,
  ) {
    this.#macs = keys.map(({ hmac }) => makeMac(hmac.type, hmac.key));
    this.#groupOf = groupsOf(keys);
    this.#groups = [...new Set(this.#groupOf)];
    this.#recent = new RecentKeys(keys.length);
    const all = keys.reduce((sum, { hmac }) => sum + UNITS[hmac.type], 0);
    // A quiet network has one search through all keys, and several networks at once have theirs.
    const limits = { perSecond: unitsPerSecond, burst: Math.max(unitsPerSecond / 2, 4 * all), share: all };
    this.#budget = new FairBudget(limits, salt);
  }

  /** The number of the key under which `text`, which has the right shape, carries its HMAC. */
  find(text: Uint8Array, source: IpAddress, now: UnixMs): number | NoTrial {
    const likely = this.#groups.filter((group) => isLikely(text, hmacLength(group.type), group));
    if (likely.length === 0) return 'no-key-matched';
    const name = bytesKey(source.bytes);
    const recent = this.#recent.find(name);
    if (recent !== undefined && this.#matchesAlone(recent, text)) {
      this.#recent.remember(name, recent);
      return recent;
    }
    const lists = likely.map((group) => ({ group, lists: group.index.find(source) }));
    if (lists.every((one) => one.lists.length === 0)) return 'source-not-allowed';
    const allowance = this.#budget.allowance(source, now);
    if (allowance < 1) return 'over-budget';
    const suspects = lists.flatMap(({ group, lists: some }) => {
      const claims = claimsOf(text, hmacLength(group.type), group);
      return claims.length === 0
        ? []
        : some.map((keys) => ({ claims, units: UNITS[group.type] * claims.length, keys }));
    });
    const found = this.#search(suspects, allowance);
    this.#budget.spend(source, found.spent);
    if (typeof found.verdict === 'number') this.#recent.remember(name, found.verdict);
    return found.verdict;
  }

  /** Tries all suspects, or those that `allowance` units allow, from where the last search has ended. */
  #search(
    suspects: readonly Suspects[],
    allowance: number,
  ): { readonly verdict: number | NoTrial; readonly spent: number } {
    const total = suspects.reduce((sum, { keys }) => sum + keys.length, 0);
    let spent = 0;
    for (let tried = 0; tried < total; tried += 1) {
      const { key, claims, units } = suspectAt(suspects, (this.#next + tried) % total);
      if (spent + units > allowance) {
        this.#next = (this.#next + tried) % total;
        return { verdict: 'over-budget', spent };
      }
      spent += units;
      if (this.#matches(key, claims)) return { verdict: key, spent };
    }
    return { verdict: 'no-key-matched', spent };
  }

  #matchesAlone(key: number, text: Uint8Array): boolean {
    const group = this.#groupOf[key];
    return group !== undefined && this.#matches(key, claimsOf(text, hmacLength(group.type), group));
  }

  #matches(key: number, claims: readonly Claim[]): boolean {
    for (const { sealed, mac } of claims) {
      const made = this.#macs[key]?.mac(sealed);
      if (made !== undefined && equalBytes(made, mac)) return true;
    }
    return false;
  }
}

/** The group of each key. */
const groupsOf = (keys: readonly TrialKey[]): readonly Group[] => {
  const groups = new Map<string, Group>();
  return keys.map(({ hmac, sources, rijndael, gpg }, number) => {
    const name = `${hmac.type} ${String(rijndael)} ${String(gpg)}`;
    const group = groups.get(name) ?? { type: hmac.type, rijndael, gpg, index: new SourceIndex() };
    groups.set(name, group);
    group.index.add(number, sources);
    return group;
  });
};

/** The key at a place of the suspects' lists laid end to end. */
const suspectAt = (suspects: readonly Suspects[], place: number): Omit<Suspects, 'keys'> & { readonly key: number } => {
  let rest = place;
  for (const { keys, claims, units } of suspects) {
    const key = keys[rest];
    if (key !== undefined) return { key, claims, units };
    rest -= keys.length;
  }
  throw new RangeError(`there is no place ${String(place)}`);
};
