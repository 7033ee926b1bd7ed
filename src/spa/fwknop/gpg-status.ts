/**
 * What `gpg --status-fd` says of a message (doc/DETAILS of GnuPG): whether it was opened, and who signed it. Names that
 * people give themselves stand in some of these lines, with line ends escaped, and are not looked at.
 */

/** A signature inside a sealed message. */
export interface GpgSignature {
  /** Checked and right, of a key that is neither expired nor revoked. */
  readonly good: boolean;
  /** How sure the key ring is that the key is its owner's. */
  readonly validity: 'none' | 'marginal' | 'full';
  /** Fingerprint of the key that signed, a subkey maybe; the short id where gpg knows no more. In capitals. */
  readonly key: string;
  /** Fingerprint of the primary key it belongs to, where the key is known. */
  readonly primary: string | undefined;
}

export interface GpgStatus {
  /** The message was sealed, has been opened, and was whole. */
  readonly opened: boolean;
  readonly signatures: readonly GpgSignature[];
  /** A signature turned out to be wrong; gpg gives up then. */
  readonly badSignature: boolean;
}

const PREFIX = '[GNUPG:] ';
/** What gpg begins the line of a signature with; only the first means that all is well. */
const SIGNATURE_WORDS = ['GOODSIG', 'EXPSIG', 'EXPKEYSIG', 'REVKEYSIG', 'BADSIG', 'ERRSIG'];
const VALIDITIES: ReadonlyMap<string, GpgSignature['validity']> = new Map([
  ['TRUST_MARGINAL', 'marginal'],
  ['TRUST_FULLY', 'full'],
  ['TRUST_ULTIMATE', 'full'],
]);

export const parseGpgStatus = (text: string): GpgStatus => {
  const signatures: GpgSignature[] = [];
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    if (!line.startsWith(PREFIX)) continue;
    const [word = '', ...rest] = line.slice(PREFIX.length).split(' ');
    seen.add(word);
    const begun = beginSignature(word, rest);
    const last = signatures.at(-1);
    if (begun !== undefined) signatures.push(begun);
    else if (last !== undefined) signatures[signatures.length - 1] = completeSignature(last, word, rest);
  }
  const isWhole = seen.has('GOODMDC') && seen.has('DECRYPTION_OKAY') && seen.has('END_DECRYPTION');
  const opened = isWhole && !['DECRYPTION_FAILED', 'BADMDC', 'FAILURE'].some((word) => seen.has(word));
  return { opened, signatures, badSignature: seen.has('BADSIG') };
};

const beginSignature = (word: string, [id = '', ...rest]: readonly string[]): GpgSignature | undefined => {
  if (!SIGNATURE_WORDS.includes(word)) return undefined;
  // A signature that cannot be checked names the whole fingerprint at the end, of which `-` says that it is not known.
  const fingerprint = word === 'ERRSIG' ? rest[5] : undefined;
  const key = fingerprint === undefined || fingerprint === '-' ? id : fingerprint;
  return { good: word === 'GOODSIG', validity: 'none', key: key.toUpperCase(), primary: undefined };
};

const completeSignature = (signature: GpgSignature, word: string, rest: readonly string[]): GpgSignature => {
  if (word === 'VALIDSIG') {
    const [key = '', primary] = [rest[0], rest[9]];
    return { ...signature, key: key.toUpperCase(), primary: primary?.toUpperCase() };
  }
  const validity = VALIDITIES.get(word);
  return validity === undefined ? signature : { ...signature, validity };
};
