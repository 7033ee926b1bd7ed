/** What the operator does to grants by hand: takes them back before their time, and makes some that no packet has asked for. */
import { canBeRemoteHost, formatAddress } from '../base/address.ts';
import { formatAllowed, parseAllowed } from '../base/allow-address.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Moment } from '../base/units.ts';
import { GRANT_TRAITS, type GrantChoice, type GrantTrait } from '../control/request.ts';
import type { Grant } from '../grant/grant.ts';
import type { Ledger } from '../grant/ledger.ts';
import type { Counters } from './counters.ts';
import type { Decision } from './effect.ts';
import type { GrantDesk } from './grant-desk.ts';
import type { Holder } from './holders.ts';
import type { Input } from './input.ts';
import { effectsOfStep } from './ledger-effects.ts';

type Revoke = Extract<Input, { kind: 'revoke' }>;
type Open = Extract<Input, { kind: 'open-by-hand' }>;

export class OperatorDesk {
  readonly #ledger: Ledger;
  readonly #grants: GrantDesk;
  readonly #counters: Counters;

  constructor(ledger: Ledger, grants: GrantDesk, counters: Counters) {
    this.#ledger = ledger;
    this.#grants = grants;
    this.#counters = counters;
  }

  /** Answered by the effect `answer` with the same id. */
  take(input: Revoke | Open, now: Moment): Decision {
    const decision = input.kind === 'revoke' ? this.#revoke(input, now) : this.#open(input, now);
    return decision.ok ? decision.value : [{ kind: 'answer', id: input.id, refusal: decision.error }];
  }

  #revoke({ id, choice }: Revoke, now: Moment): Result<Decision, string> {
    const live = [...this.#ledger.all()].filter(({ ends }) => ends > now.steady);
    const chosen = choice.kind === 'all' ? ok(live) : choose(live, choice);
    if (!chosen.ok) return chosen;
    const grants = chosen.value;
    if (grants.length === 0) return ok([{ kind: 'answer', id, refusal: undefined, grants }]);
    const step = this.#grants.withdraw(grants);
    this.#counters.add(step.event, grants.length);
    const effects = effectsOfStep(step, [], { reason: 'operator' });
    return ok([...effects, { kind: 'answer', id, refusal: undefined, grants }]);
  }

  #open({ id, stanza, address, ports, openFor }: Open, now: Moment): Result<Decision, string> {
    if (!canBeRemoteHost(address)) return err(`no other host has the address ${formatAddress(address)}`);
    const wish = { kind: 'open', addresses: [address], ports, openFor } as const;
    const step = this.#grants.open(wish, holderByHand(stanza), now);
    if (!step.ok)
      return err(
        step.error === 'too-many-grants'
          ? 'there are as many grants as max_grants allows: revoke one first ("spad grants" lists them)'
          : `${ports.map(formatPortSpec).join(', ')} cannot be opened: ${step.error}`,
      );
    this.#counters.add(step.value.event);
    const effects = effectsOfStep(step.value, [], { format: 'control' });
    return ok([...effects, { kind: 'answer', id, refusal: undefined, grants: step.value.added }]);
  }
}

/** It stands for itself: no stanza of the configuration has to bear its name. */
const holderByHand = (name: string): Holder => ({
  ...{ name, expires: undefined, whileConnected: false, dropOnExpiry: false, byHand: true },
});

const TRAITS = {
  id: (grant: Grant) => grant.id,
  stanza: (grant: Grant) => grant.stanza,
  address: (grant: Grant) => formatAllowed(grant.address),
} as const satisfies Record<GrantTrait, (grant: Grant) => string>;

/** The grants that a word means; a sentence where it means none, or may mean different things. */
const choose = (
  live: readonly Grant[],
  { what, as }: Extract<GrantChoice, { kind: 'some' }>,
): Result<readonly Grant[], string> => {
  const address = parseAllowed(what);
  const word = address === undefined ? what : formatAllowed(address);
  const readings = (as === undefined ? GRANT_TRAITS : [as]).map((kind) => ({
    kind,
    grants: live.filter((grant) => TRAITS[kind](grant) === (kind === 'address' ? word : what)),
  }));
  const [first, ...others] = readings.filter(({ grants }) => grants.length > 0);
  if (first === undefined)
    return err(`no live grant has the ${as ?? 'id, stanza or address'} ${what}: "spad grants --json" lists them`);
  if (others.length === 0) return ok(first.grants);
  const kinds = [first, ...others].map(({ kind }) => kind);
  return err(
    `${what} is the ${kinds.join(' and the ')} of live grants: say which with ${kinds.map((kind) => `--as ${kind}`).join(' or ')}`,
  );
};
