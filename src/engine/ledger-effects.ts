/** What a step of the ledger wants done, in order: the firewall, the grant log, what depends on them, the audit lines. */
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
    { kind: 'change-firewall', change, added, removed, lifted },
    { kind: 'record-grants', events },
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
