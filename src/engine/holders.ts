/** Whose grants there can be: the stanzas and doors of a policy that open ports, by their names. */
import type { Stanza } from '../access/stanza.ts';
import type { Grant } from '../grant/grant.ts';
import type { Policy } from './policy.ts';

/** Whose a grant is: a client's stanza, a door, or the operator's hand. */
export interface Holder extends Pick<Stanza, 'name' | 'expires' | 'whileConnected' | 'dropOnExpiry'> {
  readonly byHand?: true;
}

export type Holders = ReadonlyMap<string, Holder>;

/** Worked out once for a policy, for there may be ten thousand. A client of both formats has one name and one say. */
export const holdersOf = ({ clients, fwknop, doors }: Policy): Holders => {
  const opening = doors.filter(({ open }) => open.length > 0);
  const holders: readonly Holder[] = [
    ...opening.map((rule): Holder => ({ ...rule, name: rule.door.name, expires: undefined })),
    ...fwknop.clients.map(({ stanza }) => stanza),
    ...clients.map(({ stanza }) => stanza),
  ];
  return new Map(holders.map((holder) => [holder.name, holder]));
};

/** Whether nobody holds a grant any more. */
export const isOrphan = ({ stanza, byHand }: Grant, holders: Holders): boolean =>
  byHand !== true && !holders.has(stanza);

/** Whether openings for networks may come. */
export const widensAny = ({ clients }: Policy): boolean => clients.some(({ stanza }) => stanza.widenIpv6);

/** Whether openings that cut may come. */
export const cutsAny = (holders: Holders): boolean => [...holders.values()].some(({ dropOnExpiry }) => dropOnExpiry);
