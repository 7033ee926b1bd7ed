/**
 * The authorizer's mind: holds policy, replay cache, ledger and counters; turns each input into decisions and does
 * nothing itself. The ledger takes a step when it is decided, in order, so that two packets in one burst see each other;
 * a step whose effect fails is taken back when the failure comes in.
 */
import { formatAddress } from '../base/address.ts';
import type { Moment } from '../base/units.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import { CutBook } from '../grant/cut-book.ts';
import type { Grant } from '../grant/grant.ts';
import { Ledger } from '../grant/ledger.ts';
import type { GrantEvent } from '../grant/record.ts';
import type { ReplayCache } from '../replay/cache.ts';
import { UsedCodes } from '../replay/used-codes.ts';
import type { Rejection } from '../spa/rejection.ts';
import { startCommandFor } from '../knock/door.ts';
import type { Knock } from '../knock/knock.ts';
import { type Admission, admit, describeMaking, describeRejection, type Memory, remember } from './admit.ts';
import type { AuditLine } from './audit.ts';
import { Counters } from './counters.ts';
import { Doorkeeper, type Visit } from './doorkeeper.ts';
import type { AuditEffect, Decision, Effect, EffectFailure } from './effect.ts';
import { repairedEffects, synchronizeEffects } from './firewall-effects.ts';
import { type EngineFacts, engineFacts } from './facts.ts';
import { FAILURES, type HarmfulEffect, isHarmless } from './failures.ts';
import { FwknopDesk } from './fwknop-desk.ts';
import { GrantClock } from './grant-clock.ts';
import { GrantDesk, type LedgerStep } from './grant-desk.ts';
import { type Holders, holdersOf } from './holders.ts';
import type { Candidate, Input } from './input.ts';
import { KeyUses } from './key-uses.ts';
import { describeGrant as describe, effectsOfStep } from './ledger-effects.ts';
import { OperatorDesk } from './operator-desk.ts';
import { type Policy, replayAgeOf } from './policy.ts';
import { failedReplies, outcomeOfRejection, outcomeOfStep, replyTo } from './reply-desk.ts';
import { answerTo, refusedAnswers } from './answer-effects.ts';
import { RejectionDesk } from './rejection-desk.ts';
import { TrialDesk } from './trial-desk.ts';

const COUNTED_EVERY_MS = 60_000;

export interface EngineParts {
  readonly policy: Policy;
  readonly cache: ReplayCache;
  /** Emergency codes; absent: none was used. */
  readonly usedCodes?: UsedCodes;
  /** Live grants at most. */
  readonly maxGrants: number;
  /** Digests of packets that an fwknopd has let in before us, as `bytesKey` writes them. */
  readonly foreignDigests?: ReadonlySet<string>;
  /** Whether the firewall can cut the connections of a grant that has ended. */
  readonly canCut?: boolean;
  /** A name that no other grant has had, also before a restart. */
  readonly newGrantId: () => string;
  /** What reads fwknop's texts; absent: the reference. The native format's keys bring theirs along. */
  readonly suite?: CryptoSuite;
  /** As {@link RejectionDesk}'s. */
  readonly rejectionBurst?: number;
}

const audit = (line: AuditLine): AuditEffect => ({ kind: 'audit', line });

export class Engine {
  #policy: Policy;
  readonly #memory: Memory;
  #holders: Holders;
  readonly #ledger: Ledger;
  readonly #desk: GrantDesk;
  readonly #clock: GrantClock;
  readonly #doors: Doorkeeper;
  readonly #keyUses = new KeyUses();
  readonly #counters = new Counters();
  readonly #rejections: RejectionDesk;
  readonly #fwknop: FwknopDesk;
  readonly #trial: TrialDesk;
  readonly #operator: OperatorDesk;
  #lastCounted = Number.NEGATIVE_INFINITY;

  constructor(parts: EngineParts) {
    this.#policy = parts.policy;
    this.#memory = { cache: parts.cache, codes: parts.usedCodes ?? new UsedCodes() };
    this.#holders = holdersOf(parts.policy);
    this.#ledger = new Ledger(parts.maxGrants);
    const { canCut = false, newGrantId: newId } = parts;
    const shared = { ledger: this.#ledger, book: new CutBook(parts.maxGrants), counters: this.#counters };
    this.#desk = new GrantDesk({ ...shared, newId, canCut });
    this.#clock = new GrantClock({ ...shared, desk: this.#desk });
    this.#trial = new TrialDesk(this.#desk);
    this.#operator = new OperatorDesk(this.#ledger, this.#desk, this.#counters);
    this.#doors = new Doorkeeper(parts.policy.doors);
    this.#rejections = new RejectionDesk(this.#counters, parts.rejectionBurst);
    this.#fwknop = new FwknopDesk({
      policy: parts.policy.fwknop,
      cache: parts.cache,
      foreign: parts.foreignDigests ?? new Set(),
      grants: this.#desk,
      counters: this.#counters,
      rejections: this.#rejections,
      newId: parts.newGrantId,
      suite: parts.suite,
    });
  }

  /** The live grants. */
  grants(): readonly Grant[] {
    return [...this.#ledger.all()];
  }

  /** The one in force. */
  get policy(): Policy {
    return this.#policy;
  }

  facts(): EngineFacts {
    const [counts, { size: grants }] = [this.#counters.look(), this.#ledger];
    const { cache: replay } = this.#memory;
    return engineFacts(this.#policy, this.#trial, { counts, grants, replay, keyUses: this.#keyUses });
  }

  /** What a grant log that begins anew must say. */
  logEvents(): readonly GrantEvent[] {
    return this.#desk.logEvents();
  }

  handle(input: Input, now: Moment): readonly Decision[] {
    switch (input.kind) {
      case 'start':
        return this.#start(input, now);
      case 'candidate':
        return this.#admit(input.candidate, now);
      case 'fwknop-candidate':
        return this.#fwknop.take(input.candidate, now);
      case 'answered':
        return this.#fwknop.answer(input.id, input.answer, now);
      case 'program-ended':
        return [this.#fwknop.programEnded(input.effect, input.failed, input.how)];
      case 'closes-left':
        return this.#fwknop.restoreCycles(input.closes, now);
      case 'knock':
        return this.#knock(input.knock, now);
      case 'local-addresses':
        this.#doors.setLocal(input.addresses);
        return [];
      case 'counted':
        this.#counters.addAll(input.counts);
        return [];
      case 'effect-failed':
        return this.#recover(input.failure, now);
      case 'firewall-repaired':
        this.#counters.add('firewall-repaired');
        return [[...repairedEffects(this.#policy, this.#trial), audit({ event: 'repaired' })]];
      case 'confirm':
        return [this.#trial.confirm(input, this.#policy.guard, () => this.#synchronize(), now)];
      case 'revoke':
      case 'open-by-hand':
        return [this.#operator.take(input, now)];
      case 'reload':
        return [[...this.#reload(input.policy), ...answerTo(input.id)], ...this.#fwknop.expireCycles(now)];
      case 'reload-failed':
        return [
          [audit({ event: 'reloaded', reason: 'bad-configuration', detail: input.message }), ...answerTo(input.id)],
        ];
      case 'connections':
        return this.#clock.prolong(input.used, this.#holders, now);
      case 'woke':
        return [...this.#tick(now), [...this.#synchronize(), audit({ event: 'woke' })]];
      case 'tick':
        return this.#tick(now);
      case 'report':
        return [[this.#counted()]];
      case 'stop':
        return [...this.#fwknop.endCycles(), [audit({ event: 'stopped', counts: this.#counters.take() })]];
    }
  }

  /** What has ended is struck off the log only once it is told: who is killed in between tells it twice rather than never. */
  #start(left: Extract<Input, { kind: 'start' }>, now: Moment): readonly Decision[] {
    if (left.guardEnds !== undefined) this.#trial.begin(left.guardEnds);
    const { events, lines } = this.#clock.restore(left, this.#holders, now);
    const started = audit({ event: 'started', ...this.#trial.until(now) });
    const told: Decision = [...this.#synchronize(), started, ...lines];
    return events.length === 0 ? [told] : [told, [{ kind: 'record-grants', events }]];
  }

  #admit(candidate: Candidate, now: Moment): readonly Decision[] {
    const admission = admit(candidate, this.#policy, this.#memory, now);
    if (admission === undefined) return [];
    this.#keyUses.note(admission, now.wall);
    return [[...remember(admission, this.#memory), ...this.#decide(admission, candidate, now)]];
  }

  #decide(admission: Admission, candidate: Candidate, now: Moment): Decision {
    const { outcome, stanza } = admission;
    const refuse = (reason: Rejection): Decision => [
      ...this.#rejections.tell(describeRejection(reason, admission, candidate, now), now),
      ...replyTo(candidate, admission, outcomeOfRejection(reason)),
    ];
    if (outcome.kind === 'rejected') return refuse(outcome.reason);
    const step =
      outcome.kind === 'open'
        ? this.#desk.open(outcome, stanza, now)
        : this.#desk.close(outcome.addresses, outcome.ports, stanza);
    if (!step.ok) return refuse(step.error);
    const about = { stanza: stanza.name, format: 'native', source: candidate.source } as const;
    const also = replyTo(candidate, admission, outcomeOfStep(step.value));
    return this.#stepEffects(step.value, also, { ...about, ...describeMaking(admission) });
  }

  #knock(knock: Knock, now: Moment): readonly Decision[] {
    const { visits, stages, timeouts, evicted } = this.#doors.take(knock, now);
    this.#counters.add('knock-stage', stages);
    this.#counters.add('sequence-timeout', timeouts);
    this.#counters.add('attempt-evicted', evicted);
    return visits.map((visit) => this.#receive(visit, now));
  }

  #receive({ rule, source, refused, used }: Visit, now: Moment): Decision {
    const { door, open, openFor } = rule;
    const about = { stanza: door.name, format: 'knock', source } as const;
    const allow = open.length > 0 ? { allow: [source], ports: open } : {};
    if (refused !== undefined) return this.#rejections.tell({ ...about, ...allow, reason: refused }, now);
    const { family } = source;
    const first: Effect[] =
      used === undefined ? [] : [{ kind: 'use-sequence', file: door.oneTimeFile ?? '', steps: used, door: door.name }];
    const runs = startCommandFor(door, family) !== undefined;
    const run: Effect[] = runs ? [{ kind: 'run-command', door, source: formatAddress(source), family }] : [];
    if (open.length === 0) {
      this.#counters.add('knocked');
      return [...first, ...run, audit({ event: 'knocked', ...about })];
    }
    const holder = { ...rule, name: door.name, expires: undefined };
    const step = this.#desk.open({ kind: 'open', addresses: [source], ports: open, openFor }, holder, now);
    if (!step.ok) return [...first, ...this.#rejections.tell({ ...about, ...allow, reason: step.error }, now)];
    return [...first, ...this.#stepEffects(step.value, run, about)];
  }

  /** `also`: what is done once the firewall shows the step. */
  #stepEffects(step: LedgerStep, also: readonly Effect[], about: Partial<AuditLine>): Decision {
    this.#counters.add(step.event);
    return effectsOfStep(step, also, about);
  }

  /** A failed step is taken back: the ledger never claims what the firewall does not have. */
  #recover(failure: EffectFailure, now: Moment): readonly Decision[] {
    if (isHarmless(failure.effect)) return [];
    const replies = failedReplies(failure.decision);
    return [...this.#takeBack(failure, failure.effect, now), ...(replies.length > 0 ? [replies] : [])];
  }

  #takeBack({ message, decision }: EffectFailure, effect: HarmfulEffect, now: Moment): readonly Decision[] {
    const reason = FAILURES[effect.kind];
    const step = decision.find((one) => one.kind === 'change-firewall');
    this.#counters.add(reason);
    const failed = this.#fwknop.recover({ effect, message, decision }, reason, now);
    if (failed !== undefined) return [failed];
    if (step === undefined) {
      const more = this.#trial.recover({ effect, message, decision }, () => this.#synchronize(), now);
      return [[audit({ event: 'failed', reason, detail: message }), ...more]];
    }
    const events = this.#desk.takeBack({ lifted: [], ...step });
    const back: Decision[] =
      effect.kind === 'change-firewall' && events.length > 0 ? [[{ kind: 'record-grants', events }]] : [];
    const refused = refusedAnswers(decision, `the firewall has refused: ${message}`);
    const grants = step.added.length > 0 ? step.added : step.removed;
    // What came to light when another grant ended is no step of the ledger's.
    if (grants.length === 0) return [[audit({ event: 'failed', reason, detail: message })]];
    const told = grants.map((grant) => [audit({ ...describe('failed', grant), reason, detail: message })]);
    return [...back, ...told, ...(refused.length > 0 ? [refused] : [])];
  }

  #reload(policy: Policy): Decision {
    this.#keyUses.setPolicy(this.#policy, policy);
    this.#policy = policy;
    this.#doors.setRules(policy.doors);
    this.#fwknop.setPolicy(policy.fwknop);
    this.#holders = holdersOf(policy);
    const { events, lines } = this.#clock.revokeOrphans(this.#holders);
    return [...this.#synchronize(), { kind: 'record-grants', events }, ...lines, audit({ event: 'reloaded' })];
  }

  #tick(now: Moment): readonly Decision[] {
    this.#memory.cache.prune(now.wall, replayAgeOf(this.#policy));
    const decisions: Decision[] = [...this.#fwknop.expireCycles(now)];
    if (this.#trial.isLost(now)) decisions.push(this.#trial.giveUp(this.grants()));
    decisions.push(...this.#clock.tick(now));
    if (this.#counters.changed && now.steady - this.#lastCounted >= COUNTED_EVERY_MS) {
      this.#lastCounted = now.steady;
      decisions.push([this.#counted()]);
    }
    return decisions;
  }

  #counted(): AuditEffect {
    return audit({ event: 'counted', counts: this.#counters.take() });
  }

  #synchronize(): readonly Effect[] {
    return synchronizeEffects(this.#policy, this.#holders, this.#desk, this.#trial);
  }
}
