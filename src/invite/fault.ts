/** What can be wrong with the text of an invite. Each has a sentence of its own. */
import { printable } from '../base/printable.ts';

export type InviteFault =
  | { readonly kind: 'empty' | 'no-invite' | 'newer' | 'malformed' }
  /** Places count the letters behind the prefix, from 1, white space and hyphens left out. */
  | { readonly kind: 'stray-letter'; readonly place: number; readonly letter: string }
  | { readonly kind: 'wrong-length'; readonly letters: number }
  /** No places: it is more than one letter, or two beside each other. `letters`: what would fit there. */
  | { readonly kind: 'mistyped'; readonly places: readonly number[]; readonly letters: string };

/** Why an invite cannot be read, as a clause that goes on behind a colon, and what to do. */
export const describeInviteFault = (fault: InviteFault): string => {
  switch (fault.kind) {
    case 'empty':
      return 'it is empty: give the line that spa-keys invite has printed';
    case 'no-invite':
      return 'it does not begin with "spa1-": give the whole line that spa-keys invite has printed';
    case 'newer':
      return 'it was made by a newer version of spa-keys: install that version here, too';
    case 'malformed':
      return 'its letters fit together, but what they say breaks the rules, so it was not made by spa-keys: ask for another one';
    case 'stray-letter':
      return `"${printable(fault.letter)}" at place ${String(fault.place)} behind "spa1-" is no letter of an invite: these are 0-9 and a-z without i, l, o and u`;
    case 'wrong-length':
      return `it has ${String(fault.letters)} letters behind "spa1-", which is no length that an invite has: is a part of it missing, or in it twice?`;
    case 'mistyped':
      return describeMistyped(fault.places, fault.letters);
  }
};

const describeMistyped = (places: readonly number[], letters: string): string => {
  const [first, second] = places;
  if (first === undefined)
    return 'it is mistyped in more than one place: compare it letter by letter, or copy it again';
  const where = second === undefined ? `at place ${String(first)}` : `at places ${String(first)} and ${String(second)}`;
  return `it is mistyped ${where} behind "spa1-", where "${letters}" would fit: compare it with the original`;
};
