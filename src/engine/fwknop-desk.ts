/**
 * fwknop's format beside the native one: takes texts, asks the world what must be known, and makes decisions. It holds
 * what changes with the texts: which are waiting for an answer, and how much may be spent on those that nothing vouches
 * for.
 */
import type { FwknopAuthorized } from '../access/fwknop-authorize.ts';
import type { FwknopStanza } from '../access/fwknop-stanza.ts';
import type { PendingClose } from '../access/pending-close.ts';
import type { Moment } from '../base/units.ts';
import { bytesKey } from '../bytes/encoding.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import type { ReplayCache } from '../replay/cache.ts';
import type { FwknopMessage } from '../spa/fwknop/message.ts';
import type { Rejection } from '../spa/rejection.ts';
import type { AuditLine, AuditReason } from './audit.ts';
import type { CounterName } from './counter-names.ts';
import type { Counters } from './counters.ts';
import { CycleDesk, type CycleEnd } from './cycle-desk.ts';
import type { Decision, EffectFailure, RunProgramEffect } from './effect.ts';
import { admitFwknop, type FwknopAdmission, type FwknopIndex, indexFwknop, textDigest } from './fwknop-admit.ts';
import { type FwknopAnswer, type FwknopAnswers, NO_ANSWERS, withAnswer } from './fwknop-question.ts';
import type { GrantDesk } from './grant-desk.ts';
import type { FwknopCandidate } from './input.ts';
import { effectsOfStep } from './ledger-effects.ts';
import { Limiter } from './limiter.ts';
import type { FwknopPolicy } from './policy.ts';
import type { RejectionDesk } from './rejection-desk.ts';

/** Texts without an HMAC that are looked into, a second and at once: each costs one AES for every client without one. */
const OPENINGS_PER_SECOND = 2000;
const OPENINGS_BURST = 2000;
/** Questions about texts without an HMAC: each is a process. */
const QUESTIONS_PER_SECOND = 5;
const QUESTIONS_BURST = 20;
/** Texts about which a question has been asked; forgetting one costs another question when it comes again. */
const MAX_ASKED = 4096;

export interface FwknopDeskParts {
  readonly policy: FwknopPolicy;
  readonly cache: ReplayCache;
  readonly foreign: ReadonlySet<string>;
  readonly grants: GrantDesk;
  readonly counters: Counters;
  readonly rejections: RejectionDesk;
  /** A name that nothing else has had, also before a restart. */
  readonly newId: () => string;
  /** What reads the texts. */
  readonly suite: CryptoSuite | undefined;
}

/** A text about which something has been asked. */
interface Waiting {
  readonly candidate: FwknopCandidate;
  /** When it came, which is what its age is judged by. */
  readonly came: Moment;
  readonly answers: FwknopAnswers;
}

export class FwknopDesk {
  readonly #parts: FwknopDeskParts;
  readonly #cycles: CycleDesk;
  #index: FwknopIndex;
  #stanzas: ReadonlySet<string>;
  #openings: Limiter;
  readonly #questions = new Limiter(QUESTIONS_PER_SECOND, QUESTIONS_BURST);
  /** By id, which is the text's digest; undefined once it has been answered. */
  readonly #asked = new Map<string, Waiting | undefined>();

  constructor(parts: FwknopDeskParts) {
    this.#parts = parts;
    this.#cycles = new CycleDesk(parts.newId);
    this.#index = indexFwknop(parts.policy);
    this.#stanzas = stanzasOf(parts.policy);
    this.#openings = openingsFor(parts.policy);
  }

  /** Other clients from now on. Texts that wait for an answer are lost, as on a bad network. */
  setPolicy(policy: FwknopPolicy): void {
    this.#index = indexFwknop(policy);
    this.#stanzas = stanzasOf(policy);
    this.#openings = openingsFor(policy);
    for (const id of this.#asked.keys()) this.#asked.set(id, undefined);
  }

  hasStanza(name: string): boolean {
    return this.#stanzas.has(name);
  }

  take(candidate: FwknopCandidate, now: Moment): readonly Decision[] {
    if (candidate.key === undefined && !this.#openings.take(now.steady)) return this.#count('over-budget');
    return this.#judge({ candidate, came: now, answers: NO_ANSWERS }, now);
  }

  /** An answer to a question that nobody remembers is too late. */
  answer(id: string, answer: FwknopAnswer, now: Moment): readonly Decision[] {
    const waiting = this.#asked.get(id);
    if (waiting === undefined) return [];
    this.#asked.set(id, undefined);
    return this.#judge({ ...waiting, answers: withAnswer(waiting.answers, answer) }, now);
  }

  /** Takes up what an earlier run has left, and closes what of it is over. */
  restoreCycles(closes: readonly PendingClose[], now: Moment): readonly Decision[] {
    this.#cycles.restore(closes, now);
    return this.expireCycles(now);
  }

  /** Closes what is over, be it that its time has come or that its stanza is gone. */
  expireCycles(now: Moment): readonly Decision[] {
    return this.#cycles.expire(now.steady, (name) => this.hasStanza(name)).map((end) => this.#endCycle(end));
  }

  endCycles(): readonly Decision[] {
    return this.#cycles.endAll().map((end) => this.#endCycle(end));
  }

  programEnded({ run, stanza, purpose }: RunProgramEffect, failed: boolean, how: string): Decision {
    if (failed && purpose.kind === 'open') this.#cycles.forgetOpen(purpose.unit);
    if (failed) this.#parts.counters.add('program-failed');
    const detail = `${run.argv.join(' ')}: ${how}`;
    const reason = failed ? ({ reason: 'program-failed' } as const) : {};
    return [{ kind: 'audit', line: { event: 'ended', stanza, format: 'fwknop', ...reason, detail } }];
  }

  /**
   * The line of a command or cycle that could not be done; undefined where the decision has none. A packet that could not
   * be remembered has opened nothing; where a program failed, others of the same cycle may have run: its close stays.
   */
  recover({ effect, message, decision }: EffectFailure, reason: AuditReason, now: Moment): Decision | undefined {
    const told = decision.find((one) => one.kind === 'audit');
    const run = decision.find((one) => one.kind === 'run-program' && one.purpose.kind !== 'close');
    const closes = decision.find((one) => one.kind === 'journal-closes');
    if (told === undefined || (run ?? closes) === undefined) return undefined;
    if (effect.kind === 'remember' && closes !== undefined) this.#cycles.takeBack(closes, now);
    if (effect.kind === 'run-program' && effect.purpose.kind === 'open') this.#cycles.forgetOpen(effect.purpose.unit);
    return [{ kind: 'audit', line: { ...told.line, event: 'failed', reason, detail: message } }];
  }

  #count(name: CounterName): readonly Decision[] {
    this.#parts.counters.add(name);
    return [];
  }

  #judge(waiting: Waiting, now: Moment): readonly Decision[] {
    const { candidate, came, answers } = waiting;
    const { cache, foreign, suite } = this.#parts;
    const admission = admitFwknop(candidate, { index: this.#index, cache, foreign, answers, suite }, came.wall);
    if (admission === undefined) return this.#count('no-key-matched');
    const { outcome, record } = admission;
    if (outcome.kind === 'ask') return this.#ask(waiting, admission, now);
    const decision = this.#decide(admission, candidate, now);
    if (record === undefined) return [decision];
    cache.remember(record);
    return [[{ kind: 'remember', record }, ...decision]];
  }

  /**
   * Asks once about a text, be it a hundred times that it is sent: gpg is a process, and a name is somebody else's server.
   * In memory alone, for only what has turned out to be genuine is worth the disk.
   */
  #ask(waiting: Waiting, admission: FwknopAdmission, now: Moment): readonly Decision[] {
    const { outcome, stanza, message } = admission;
    const { candidate, answers } = waiting;
    if (outcome.kind !== 'ask') return [];
    const id = bytesKey(textDigest(candidate.text));
    if (answers === NO_ANSWERS && this.#asked.has(id)) {
      const about = aboutOf({ stanza, message }, candidate);
      return [this.#parts.rejections.tell({ ...about, reason: 'replayed' }, now)];
    }
    if (candidate.key === undefined && !this.#questions.take(now.steady)) return this.#count('over-budget');
    this.#asked.delete(id);
    this.#asked.set(id, waiting);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > MAX_ASKED && oldest !== undefined) this.#asked.delete(oldest);
    return [[{ kind: 'ask', id, question: outcome.question }]];
  }

  #decide(admission: FwknopAdmission, candidate: FwknopCandidate, now: Moment): Decision {
    const { outcome, stanza } = admission;
    const about = aboutOf(admission, candidate);
    switch (outcome.kind) {
      case 'ask':
        return [];
      case 'rejected':
        return this.#reject(outcome.reason, admission, candidate, now);
      case 'open': {
        const step = this.#parts.grants.open(outcome, stanza, now);
        if (!step.ok) return this.#reject(step.error, admission, candidate, now);
        this.#parts.counters.add(step.value.event);
        return effectsOfStep(step.value, [], about);
      }
      case 'command': {
        const { run } = outcome;
        this.#parts.counters.add('commanded');
        const detail = run.argv.join(' ');
        return [
          { kind: 'run-program', run, stanza: stanza.name, purpose: { kind: 'command' } },
          { kind: 'audit', line: { event: 'commanded', ...about, detail } },
        ];
      }
      case 'cycle':
        return this.#openCycle(outcome, admission, candidate, now);
    }
  }

  #openCycle(
    outcome: Extract<FwknopAuthorized, { kind: 'cycle' }>,
    admission: FwknopAdmission,
    candidate: FwknopCandidate,
    now: Moment,
  ): Decision {
    const { stanza } = admission;
    const step = this.#cycles.open(outcome, stanza.name, now);
    if (step === undefined) return this.#reject('too-many-grants', admission, candidate, now);
    const { event, until, effects } = step;
    this.#parts.counters.add(event);
    const line = { event, ...aboutOf(admission, candidate), allow: [outcome.allow], ports: outcome.ports, until };
    return [...effects, { kind: 'audit', line }];
  }

  #endCycle({ about: { stanza, allow, ports }, effects }: CycleEnd): Decision {
    const [event, reason] = this.hasStanza(stanza) ? (['expired'] as const) : (['revoked', 'stanza-removed'] as const);
    this.#parts.counters.add(event);
    const why = reason === undefined ? {} : { reason };
    return [...effects, { kind: 'audit', line: { event, stanza, format: 'fwknop', allow: [allow], ports, ...why } }];
  }

  /** What could not be read and has no HMAC is anybody's: it is counted, and has no line. */
  #reject(reason: Rejection, admission: FwknopAdmission, candidate: FwknopCandidate, now: Moment): Decision {
    const { message } = admission;
    if (reason === 'bad-mac' || (candidate.key === undefined && message === undefined)) {
      this.#parts.counters.add(candidate.key === undefined ? 'no-key-matched' : reason);
      return [];
    }
    const about = aboutOf(admission, candidate);
    if (message === undefined) return this.#parts.rejections.tell({ ...about, reason }, now);
    const isClock = reason === 'stale' || reason === 'future';
    const skew = isClock ? { skew: Math.round((message.time - now.wall) / 1000) } : {};
    const allow = message.allow === undefined ? {} : { allow: [message.allow] };
    return this.#parts.rejections.tell({ ...about, ...allow, ports: message.ports, reason, ...skew }, now);
  }
}

const stanzasOf = ({ clients }: FwknopPolicy): ReadonlySet<string> => new Set(clients.map(({ stanza }) => stanza.name));

/** As many as the clients without an HMAC leave room for. */
const openingsFor = ({ clients }: FwknopPolicy): Limiter => {
  const tries = Math.max(1, clients.filter(({ hmac }) => hmac === undefined).length);
  return new Limiter(OPENINGS_PER_SECOND / tries, Math.max(1, OPENINGS_BURST / tries));
};

type About = Pick<AuditLine, 'stanza' | 'format' | 'transport' | 'source' | 'user'>;

const aboutOf = (
  { stanza, message }: { readonly stanza: FwknopStanza; readonly message: FwknopMessage | undefined },
  { source, transport }: FwknopCandidate,
): About => {
  const about = { stanza: stanza.name, format: 'fwknop', transport, source } as const;
  return message === undefined ? about : { ...about, user: message.user };
};
