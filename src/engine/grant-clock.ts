/** What becomes of grants as time goes by: they come back after a restart, end, go on while they are used, and outlast sleep. */
import type { Moment } from '../base/units.ts';
import type { CutBook } from '../grant/cut-book.ts';
import type { Grant } from '../grant/grant.ts';
import type { Ledger } from '../grant/ledger.ts';
import type { GrantEvent } from '../grant/record.ts';
import type { AuditEvent, AuditReason } from './audit.ts';
import { ConnectionDesk, SLICE_MS } from './connection-desk.ts';
import type { Counters } from './counters.ts';
import type { AuditEffect, Decision, Effect } from './effect.ts';
import type { GrantDesk } from './grant-desk.ts';
import { type Holders, isOrphan } from './holders.ts';
import { describeGrant } from './ledger-effects.ts';

export interface GrantClockParts {
  readonly ledger: Ledger;
  readonly book: CutBook;
  readonly desk: GrantDesk;
  readonly counters: Counters;
}

const line = (event: AuditEvent, grant: Grant, reason?: AuditReason): AuditEffect => ({
  kind: 'audit',
  line: { ...describeGrant(event, grant), ...(reason === undefined ? {} : { reason }) },
});

export class GrantClock {
  readonly #parts: GrantClockParts;
  readonly #connections: ConnectionDesk;

  constructor(parts: GrantClockParts) {
    this.#parts = parts;
    this.#connections = new ConnectionDesk(parts.ledger);
  }

  /** What an earlier run has left open goes on, is over, or has lost its stanza; each is told, once the firewall is right. */
  restore(
    { grants, cuts = [] }: { readonly grants: readonly Grant[]; readonly cuts?: readonly Grant[] },
    holders: Holders,
    now: Moment,
  ): { readonly events: readonly GrantEvent[]; readonly lines: readonly AuditEffect[] } {
    const { ledger, book, desk } = this.#parts;
    const over = grants.filter((grant) => grant.ends <= now.steady);
    const live = grants.filter((grant) => grant.ends > now.steady);
    const known = live.filter((grant) => !isOrphan(grant, holders));
    const orphans = live.filter((grant) => isOrphan(grant, holders));
    for (const grant of cuts) book.add(grant);
    for (const grant of known) ledger.put(grant);
    return {
      events: desk.revoke([...orphans, ...over]),
      lines: [
        ...over.map((grant) => line('expired', grant)),
        ...orphans.map((grant) => line('revoked', grant, 'stanza-removed')),
        ...known.map((grant) => line('restored', grant)),
      ],
    };
  }

  /** Takes back the grants of stanzas that are no more; the firewall is made anew by the caller. */
  revokeOrphans(holders: Holders): { readonly events: readonly GrantEvent[]; readonly lines: readonly AuditEffect[] } {
    const orphans = [...this.#parts.ledger.all()].filter((grant) => isOrphan(grant, holders));
    const lines = orphans.map((grant) => line('revoked', grant, 'stanza-removed'));
    return { events: this.#parts.desk.revoke(orphans), lines };
  }

  tick({ steady }: Moment): readonly Decision[] {
    const { desk, counters } = this.#parts;
    const { ended, change, events } = desk.expire(steady);
    const decisions: Decision[] = [];
    if (change !== undefined) decisions.push([{ kind: 'change-firewall', change, added: [], removed: [] }]);
    if (events.length > 0)
      decisions.push([{ kind: 'record-grants', events }, ...ended.map((grant) => line('expired', grant))]);
    if (ended.length > 0) counters.add('expired', ended.length);
    const question = this.#connections.ask(steady);
    if (question !== undefined) decisions.push([question]);
    return decisions;
  }

  /** What is used goes on. It has a line when that begins, and then when it ends. */
  prolong(used: readonly string[], holders: Holders, now: Moment): readonly Decision[] {
    const { desk, counters } = this.#parts;
    const step = desk.prolong(this.#connections.answer(used, now), SLICE_MS, holders, now);
    const { added, removed, lifted, change, events } = step;
    if (added.length === 0) return [];
    const news = added.filter((_, index) => removed[index]?.prolonged !== true);
    if (news.length > 0) counters.add('extended', news.length);
    const then: Effect = { kind: 'change-firewall', change, added, removed, lifted };
    return [[{ kind: 'record-grants', events }, then, ...news.map((grant) => line('extended', grant, 'connected'))]];
  }
}
