/** What becomes of a variable of fwknop's here. The tables of fates make messages and documentation. */
export type Fate =
  | { readonly kind: 'honoured'; readonly doc: string }
  /** It changes nothing here; saying so is enough. */
  | { readonly kind: 'not-needed'; readonly because: string }
  /** It would change what is open, and cannot be had. `harmless` matches the values that ask for nothing. */
  | { readonly kind: 'refused'; readonly because: string; readonly instead: string; readonly harmless: RegExp };

export const honoured = (doc: string): Fate => ({ kind: 'honoured', doc });

export const notNeeded = (because: string): Fate => ({ kind: 'not-needed', because });

/** Refused unless the value is N. */
export const refused = (because: string, instead: string): Fate => ({
  kind: 'refused',
  because,
  instead,
  harmless: /^no?\b/i,
});

/** The fate in words, for documentation and reports. */
export const describeFate = (fate: Fate): string => {
  switch (fate.kind) {
    case 'honoured':
      return `honoured: ${fate.doc}`;
    case 'not-needed':
      return `not needed: ${fate.because}`;
    case 'refused':
      return `refused: ${fate.because}; ${fate.instead}`;
  }
};
