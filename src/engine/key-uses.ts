/**
 * Which clients with two keys have used which, and when: what tells an operator whose old key can end. It holds at most an entry
 * for each stanza with two keys; a restart forgets it, and then nobody is said to have used anything until they do again.
 */
import type { UnixMs } from '../base/units.ts';
import type { Admission } from './admit.ts';
import { type KeyRotation, oldKeys, type Policy } from './policy.ts';

/** A stanza with two keys. */
export interface Rotation {
  readonly stanza: string;
  /** The first instant at which the old key no longer holds. */
  readonly until: UnixMs;
  /** When each has let a packet in last; absent: not since the daemon's start, or the rotation. */
  readonly used: Uses;
}

/** A key that has not let a packet in is absent. */
type Uses = Partial<Readonly<Record<KeyRotation['key'], UnixMs>>>;

export class KeyUses {
  #uses = new Map<string, Uses>();

  /** Genuine, fresh and new packets count, whatever the policy says to them. */
  note({ stanza, key, record, use }: Admission, now: UnixMs): void {
    if (key === undefined || (record === undefined && use === undefined)) return;
    this.#uses.set(stanza.name, { ...this.#uses.get(stanza.name), [key]: now });
  }

  /** Forgets whoever has other keys than before. */
  setPolicy(before: Policy, after: Policy): void {
    const left = new Set(oldKeys(after).map(({ rotation: { pair } }) => pair));
    for (const { stanza, rotation } of oldKeys(before)) if (!left.has(rotation.pair)) this.#uses.delete(stanza.name);
  }

  /** Those of the policy, the one that ends first before the others. */
  look(policy: Policy): readonly Rotation[] {
    const rotations = oldKeys(policy).map(({ stanza, rotation: { until } }): Rotation => ({
      ...{ stanza: stanza.name, until },
      used: this.#uses.get(stanza.name) ?? {},
    }));
    return rotations.sort((a, b) => a.until - b.until);
  }
}
