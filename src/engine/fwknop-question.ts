/**
 * What the authorizer must ask the world before it can judge a text of fwknop's. With the answer the search begins anew,
 * now with one question less.
 */
import type { HostLookup } from '../access/fwknop-authorize.ts';
import type { GpgStatus } from '../spa/fwknop/gpg-status.ts';
import type { GpgKeys } from '../access/fwknop-keys.ts';

export type FwknopQuestion =
  /** `message`: OpenPGP, binary. */
  | { readonly kind: 'unseal-gpg'; readonly keys: GpgKeys; readonly message: Uint8Array }
  | { readonly kind: 'resolve-host'; readonly host: string };

/** What gpg said with the keys of {@link GpgKeys}; undefined where it could not be asked. */
export interface GpgUnsealing {
  readonly keys: GpgKeys;
  readonly result: { readonly plain: Uint8Array; readonly status: GpgStatus } | undefined;
}

export type FwknopAnswer =
  | { readonly kind: 'unseal-gpg'; readonly unsealing: GpgUnsealing }
  | { readonly kind: 'resolve-host'; readonly lookup: HostLookup };

export interface FwknopAnswers {
  readonly unsealings: readonly GpgUnsealing[];
  readonly lookups: readonly HostLookup[];
}

/** Nobody has been asked yet. */
export const NO_ANSWERS: FwknopAnswers = { unsealings: [], lookups: [] };

export const withAnswer = ({ unsealings, lookups }: FwknopAnswers, answer: FwknopAnswer): FwknopAnswers =>
  answer.kind === 'unseal-gpg'
    ? { unsealings: [...unsealings, answer.unsealing], lookups }
    : { unsealings, lookups: [...lookups, answer.lookup] };

/** Equal where gpg does the same with a message; whom it must be signed by is not gpg's to say. */
export const gpgName = ({ program, homeDir, password }: GpgKeys): string =>
  JSON.stringify([program, homeDir, password ?? null]);
