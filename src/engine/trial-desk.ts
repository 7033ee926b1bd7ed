/** What the trial of the guard means for everything else: when it is confirmed, when it is lost, when the firewall fails it. */
import type { PortSpec } from '../base/port-spec.ts';
import { type Moment, type SteadyMs, unixMs } from '../base/units.ts';
import type { Grant } from '../grant/grant.ts';
import type { AuditLine } from './audit.ts';
import type { Decision, Effect, EffectFailure } from './effect.ts';
import type { GrantDesk } from './grant-desk.ts';
import type { Input } from './input.ts';
import { describeGrant } from './ledger-effects.ts';
import { refusedAnswers } from './answer-effects.ts';
import { Trial } from './trial.ts';

/** What makes the firewall show all that is wanted. */
type Synchronize = () => readonly Effect[];

export class TrialDesk {
  readonly #trial = new Trial();
  readonly #grants: GrantDesk;

  constructor(grants: GrantDesk) {
    this.#grants = grants;
  }

  /** The guard is on trial from now on, and ends at `ends`. */
  begin(ends: SteadyMs): void {
    this.#trial.begin(ends);
  }

  /** When the guard ends; undefined where it is not on trial. */
  get ends(): SteadyMs | undefined {
    return this.#trial.ends;
  }

  /** The same for an audit line. */
  until(now: Moment): Pick<AuditLine, 'until'> {
    const { ends } = this;
    return ends === undefined ? {} : { until: unixMs(Math.round(now.wall + (ends - now.steady))) };
  }

  /** The ports that are to be guarded, where the policy says these. */
  guard(ports: readonly PortSpec[]): readonly PortSpec[] {
    return this.#trial.guard(ports);
  }

  /** While the guard is on trial: what is there when it goes up, or was away, has not come through it. */
  notes(): readonly Effect[] {
    return this.ends === undefined ? [] : [{ kind: 'note-connections' }];
  }

  confirm(
    { id, proof, facts }: Extract<Input, { kind: 'confirm' }>,
    guard: readonly PortSpec[],
    synchronize: Synchronize,
    now: Moment,
  ): Decision {
    const refusal = this.#trial.confirm(proof, facts, guard, now.steady);
    if (refusal !== undefined) return [{ kind: 'answer', id, refusal }];
    const source = proof.kind === 'connection' ? { source: proof.connection.client } : {};
    const line: Effect = { kind: 'audit', line: { event: 'confirmed', ...source } };
    return [...synchronize(), line, { kind: 'answer', id, refusal }];
  }

  /** Whether the guard must be taken back now. */
  isLost(now: Moment): boolean {
    return this.#trial.lose(now.steady);
  }

  /** Nobody has confirmed: nothing of ours stays in the firewall, and the grants, which are gone with it, are over. */
  giveUp(lost: readonly Grant[]): Decision {
    return [
      { kind: 'flush-firewall' },
      { kind: 'record-grants', events: this.#grants.revoke(lost) },
      ...lost.map((grant): Effect => {
        return { kind: 'audit', line: { ...describeGrant('revoked', grant), reason: 'guard-unconfirmed' } };
      }),
      { kind: 'audit', line: { event: 'trial-over' } },
      { kind: 'give-up' },
    ];
  }

  /** What is to be done where the firewall has failed a step of the trial, or of anything that somebody waits for. */
  recover({ effect, message, decision }: EffectFailure, synchronize: Synchronize, now: Moment): readonly Effect[] {
    if (effect.kind === 'flush-firewall') this.#trial.again(now.steady);
    if (effect.kind !== 'synchronize-firewall') return [];
    const refused = refusedAnswers(decision, `the firewall could not be set right: ${message}`);
    if (!decision.some(isConfirmation)) return refused;
    this.#trial.takeBack();
    return [...synchronize(), ...refused];
  }
}

const isConfirmation = (effect: Effect): boolean => effect.kind === 'audit' && effect.line.event === 'confirmed';
