/**
 * What a step of the ledger wants done, in order: the grant log, the firewall, what depends on them, the audit lines. So nothing
 * is ever open that a daemon which was killed in between would not list, and tell, when it comes back.
 */
import type { Grant } from '../grant/grant.ts';
import type { AuditLine } from './audit.ts';
import type { Decision, Effect } from './effect.ts';
import type { LedgerStep } from './grant-desk.ts';

/** `also`: what is done once the firewall shows the step. */
export const effectsOfStep = (
  { change, added, removed, lifted, events, event }: LedgerStep,
  also: readonly Effect[],
  about: Partial<AuditLine>,
): Decision => {
  const grants = event === 'closed' || event === 'revoked' ? removed : added;
  return [
    { kind: 'record-grants', events },
    { kind: 'change-firewall', change, added, removed, lifted },
    ...also,
    ...grants.map((grant): Effect => ({ kind: 'audit', line: { ...describeGrant(event, grant), ...about } })),
  ];
};

export const describeGrant = (event: AuditLine['event'], grant: Grant): AuditLine => ({
  event,
  stanza: grant.stanza,
  allow: [grant.address],
  ports: grant.ports,
  ...(grant.forwarding === undefined ? {} : { forward: grant.forwarding }),
  until: grant.until,
});
