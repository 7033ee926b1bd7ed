/**
 * A receiver names a client, or an HMAC key, by its place in its own settings. After a reload one with the old settings is
 * still heard for a moment: what it names must be found in the new ones, or is gone.
 */
import { bytesKey } from '../bytes/encoding.ts';
import { clientsOf, macKeyAt } from '../spa/native/gate-keys.ts';
import type { Handoff } from './handoff.ts';
import { hmacName } from './policy.ts';
import type { ReceiverSettings } from './receiver-settings.ts';

/** What says which number stands for whom. */
export type Numbering = Pick<ReceiverSettings, 'clients' | 'fwknop'>;

export type CandidateMessage = Extract<Handoff, { kind: 'candidate' | 'fwknop-candidate' }>;

/** What a message of a receiver with the settings `from` says to one who has `to`; undefined: nothing. */
export const translatorBetween = (
  from: Numbering,
  to: Numbering,
): ((message: CandidateMessage) => CandidateMessage | undefined) => {
  const clients = placesBetween(clientNames(from), clientNames(to));
  const keys = placesBetween(keyNames(from), keyNames(to));
  return (message) => {
    if (message.kind === 'candidate') {
      const client = clients(message.candidate.client);
      return client === undefined ? undefined : { ...message, candidate: { ...message.candidate, client } };
    }
    if (message.candidate.key === undefined) return message;
    const key = keys(message.candidate.key);
    return key === undefined ? undefined : { ...message, candidate: { ...message.candidate, key } };
  };
};

const clientNames = ({ clients }: Numbering): readonly string[] =>
  Array.from({ length: clientsOf(clients) }, (_, client) => bytesKey(macKeyAt(clients, client)));

const keyNames = ({ fwknop }: Numbering): readonly string[] =>
  (fwknop?.gate.keys ?? []).map(({ hmac }) => hmacName(hmac));

const placesBetween = (from: readonly string[], to: readonly string[]): ((place: number) => number | undefined) => {
  const places = new Map(to.map((name, place) => [name, place]));
  return (place) => places.get(from[place] ?? '');
};
