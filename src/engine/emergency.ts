/** The road of an emergency code, beside that of packets that become stale: it is of the stanza, and new. */
import type { CodeRecord, UsedCodes } from '../replay/used-codes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { codeOwnerOf } from '../spa/native/code.ts';
import type { CodeRejection } from '../spa/rejection.ts';
import type { Policy, PolicyClient } from './policy.ts';

/**
 * What is to be remembered of the code number `number`, or why it opens nothing. Changes nothing. Whether this client has
 * codes at all is asked here and not believed of the receiver.
 */
export const judgeCode = (
  number: number,
  { codes, keys }: PolicyClient,
  used: UsedCodes,
): Result<CodeRecord, CodeRejection> => {
  if (codes === undefined || number < codes.first || number > codes.last) return err('code-unknown');
  const owner = codeOwnerOf(keys.code);
  return used.has(owner, number) ? err('code-used') : ok({ owner, first: number, last: number });
};

/** Who has codes, and which: what is lost where the memory of used ones is. */
export const codeHolders = ({ clients }: Policy): readonly (CodeRecord & { readonly stanza: string })[] =>
  clients.flatMap((client) => {
    const { stanza, codes } = client;
    return codes === undefined ? [] : [{ stanza: stanza.name, owner: codeOwnerOf(client.keys.code), ...codes }];
  });
