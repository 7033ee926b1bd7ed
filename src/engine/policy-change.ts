/** Who has come and who has gone when the configuration was read again. */
import type { Policy } from './policy.ts';

/** Names of stanzas and doors, in the order of their files. */
export interface PolicyChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export const policyChange = (before: Policy, after: Policy): PolicyChange => {
  const [old, fresh] = [namesOf(before), namesOf(after)];
  return {
    added: [...fresh].filter((name) => !old.has(name)),
    removed: [...old].filter((name) => !fresh.has(name)),
  };
};

const namesOf = ({ clients, fwknop, doors }: Policy): ReadonlySet<string> =>
  new Set([...[...clients, ...fwknop.clients].map(({ stanza }) => stanza.name), ...doors.map(({ door }) => door.name)]);
