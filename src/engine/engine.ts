/**
 * The authorizer's mind: holds policy, replay cache, ledger and counters; turns each input into decisions and does
 * nothing itself. The ledger takes a step when it is decided, in order, so that two packets in one burst see each other;
 * a step whose effect fails is taken back when the failure comes in.
 */
import type { Moment } from '../base/units.ts';
import { layOpenings } from '../firewall/opening.ts';
import type { Grant } from '../grant/grant.ts';
import { Ledger } from '../grant/ledger.ts';
import type { ReplayCache } from '../replay/cache.ts';
import type { Rejection } from '../spa/rejection.ts';
import { type Admission, admit } from './admit.ts';
import type { AuditLine } from './audit.ts';
import { Counters } from './counters.ts';
import type { AuditEffect, Decision, Effect, EffectFailure, SynchronizeFirewallEffect } from './effect.ts';
import { GrantDesk } from './grant-desk.ts';
import type { Candidate, Input } from './input.ts';
import { Limiter } from './limiter.ts';
import type { Policy } from './policy.ts';

/** Rejections of one reason that are written line by line; what is above is counted all the same. */
const AUDIT_PER_SECOND = 5;
const AUDIT_BURST = 50;
const COUNTED_EVERY_MS = 60_000;

export interface EngineParts {
  readonly policy: Policy;
  readonly cache: ReplayCache;
  /** Live grants at most. */
  readonly maxGrants: number;
  /** A name that no other grant has had, also before a restart. */
  readonly newGrantId: () => string;
}

const audit = (line: AuditLine): AuditEffect => ({ kind: 'audit', line });

export class Engine {
  #policy: Policy;
  readonly #cache: ReplayCache;
  readonly #ledger: Ledger;
  readonly #desk: GrantDesk;
  readonly #counters = new Counters();
  readonly #limiters = new Map<Rejection, Limiter>();
  #lastCounted = Number.NEGATIVE_INFINITY;

  constructor(parts: EngineParts) {
    this.#policy = parts.policy;
    this.#cache = parts.cache;
    this.#ledger = new Ledger(parts.maxGrants);
    this.#desk = new GrantDesk(this.#ledger, parts.newGrantId);
  }

  /** The live grants. */
  grants(): readonly Grant[] {
    return [...this.#ledger.all()];
  }

  handle(input: Input, now: Moment): readonly Decision[] {
    switch (input.kind) {
      case 'start':
        return [this.#start(input.grants, now)];
      case 'candidate':
        return this.#admit(input.candidate, now);
      case 'counted':
        for (const [name, count] of Object.entries(input.counts)) this.#counters.add(name, count);
        return [];
      case 'effect-failed':
        return this.#recover(input.failure);
      case 'firewall-repaired':
        this.#counters.add('firewall-repaired');
        return [[audit({ event: 'repaired' })]];
      case 'reload':
        return [this.#reload(input.policy)];
      case 'reload-failed':
        return [[audit({ event: 'reloaded', reason: 'bad-configuration', detail: input.message })]];
      case 'tick':
        return this.#tick(now);
      case 'report':
        return [[this.#counted()]];
      case 'stop':
        return [[audit({ event: 'stopped', counts: this.#counters.take() })]];
    }
  }

  /** What an earlier run has left open goes on, is over, or has lost its stanza; each is told. */
  #start(grants: readonly Grant[], now: Moment): Decision {
    const over = grants.filter((grant) => grant.ends <= now.steady);
    const live = grants.filter((grant) => grant.ends > now.steady);
    const known = live.filter((grant) => this.#hasStanza(grant.stanza));
    const orphans = live.filter((grant) => !this.#hasStanza(grant.stanza));
    for (const grant of known) this.#ledger.put(grant);
    return [
      this.#synchronize(),
      { kind: 'record-grants', events: this.#desk.events([], orphans) },
      audit({ event: 'started' }),
      ...over.map((grant) => audit(describe('expired', grant))),
      ...orphans.map((grant) => audit({ ...describe('revoked', grant), reason: 'stanza-removed' })),
      ...known.map((grant) => audit(describe('restored', grant))),
    ];
  }

  #admit(candidate: Candidate, now: Moment): readonly Decision[] {
    const admission = admit(candidate, this.#policy, this.#cache, now);
    if (admission === undefined) return [];
    const remember: Effect[] = [];
    if (admission.record !== undefined) {
      this.#cache.remember(admission.record);
      remember.push({ kind: 'remember', record: admission.record });
    }
    const effects = this.#decide(admission, candidate, now);
    return [[...remember, ...effects]];
  }

  #decide(admission: Admission, candidate: Candidate, now: Moment): Decision {
    const { outcome, stanza } = admission;
    if (outcome.kind === 'rejected') return this.#reject(outcome.reason, admission, candidate, now);
    const step =
      outcome.kind === 'open'
        ? this.#desk.open(outcome, stanza, now)
        : this.#desk.close(outcome.addresses, outcome.ports, stanza);
    if (!step.ok) return this.#reject(step.error, admission, candidate, now);
    const { change, added, removed, event } = step.value;
    this.#counters.add(event);
    const about = { stanza: stanza.name, format: 'native', source: candidate.source } as const;
    const grants = event === 'closed' ? removed : added;
    return [
      { kind: 'change-firewall', change, added, removed },
      { kind: 'record-grants', events: this.#desk.events(added, removed) },
      ...grants.map((grant) => audit({ ...describe(event, grant), ...about })),
    ];
  }

  #reject(reason: Rejection, admission: Admission, candidate: Candidate, now: Moment): Decision {
    this.#counters.add(reason);
    const limiter = this.#limiters.get(reason) ?? new Limiter(AUDIT_PER_SECOND, AUDIT_BURST);
    this.#limiters.set(reason, limiter);
    if (!limiter.take(now.steady)) {
      this.#counters.add('unlogged');
      return [];
    }
    const { request, stanza } = admission;
    const line = {
      event: 'rejected',
      stanza: stanza.name,
      format: 'native',
      source: candidate.source,
      reason,
    } as const;
    if (request === undefined) return [audit(line)];
    const isClock = reason === 'stale' || reason === 'future';
    const skew = isClock ? { skew: Math.round((request.time - now.wall) / 1000) } : {};
    const allow = request.addresses.length > 0 ? { allow: request.addresses.map((cidr) => cidr.address) } : {};
    return [audit({ ...line, ...allow, ports: request.ports, ...skew })];
  }

  /** A failed step is taken back: the ledger never claims what the firewall does not have. */
  #recover({ effect, message, decision }: EffectFailure): readonly Decision[] {
    // Without its line the audit log would fail again; without the grant log the kernel still closes on time.
    if (effect.kind === 'audit' || effect.kind === 'record-grants') return [];
    const reason = effect.kind === 'remember' ? 'journal-failed' : 'firewall-failed';
    const step = decision.find((one) => one.kind === 'change-firewall');
    this.#counters.add(reason);
    if (step === undefined) return [[audit({ event: 'failed', reason, detail: message })]];
    this.#desk.takeBack(step.added, step.removed);
    const grants = step.added.length > 0 ? step.added : step.removed;
    return grants.map((grant) => [audit({ ...describe('failed', grant), reason, detail: message })]);
  }

  #reload(policy: Policy): Decision {
    this.#policy = policy;
    const orphans = this.grants().filter((grant) => !this.#hasStanza(grant.stanza));
    for (const grant of orphans) this.#ledger.remove(grant);
    return [
      this.#synchronize(),
      { kind: 'record-grants', events: this.#desk.events([], orphans) },
      ...orphans.map((grant) => audit({ ...describe('revoked', grant), reason: 'stanza-removed' })),
      audit({ event: 'reloaded' }),
    ];
  }

  #tick(now: Moment): readonly Decision[] {
    this.#cache.prune(now.wall, this.#policy.maxAge);
    const ended = this.#ledger.expire(now.steady);
    const decisions: Decision[] = [];
    if (ended.length > 0) {
      decisions.push([
        { kind: 'record-grants', events: this.#desk.events([], ended) },
        ...ended.map((grant) => audit(describe('expired', grant))),
      ]);
      this.#counters.add('expired', ended.length);
    }
    if (this.#counters.changed && now.steady - this.#lastCounted >= COUNTED_EVERY_MS) {
      this.#lastCounted = now.steady;
      decisions.push([this.#counted()]);
    }
    return decisions;
  }

  #counted(): AuditEffect {
    return audit({ event: 'counted', counts: this.#counters.take() });
  }

  #synchronize(): SynchronizeFirewallEffect {
    return {
      kind: 'synchronize-firewall',
      guard: this.#policy.guard,
      openings: this.#ledger.addresses().flatMap((address) => layOpenings(this.#ledger.forAddress(address))),
    };
  }

  #hasStanza(name: string): boolean {
    return this.#policy.clients.some((client) => client.stanza.name === name);
  }
}

const describe = (event: AuditLine['event'], grant: Grant): AuditLine => ({
  event,
  stanza: grant.stanza,
  allow: [grant.address],
  ports: grant.ports,
  until: grant.until,
});
