/** An invite as text and back (docs/invite.md, section 2): plain, or sealed by a passphrase. */
import { err, ok, type Result } from '../base/result.ts';
import { encodeUtf8 } from '../bytes/encoding.ts';
import { NONCE_LENGTH, openBox, sealBox, TAG_LENGTH } from '../crypto/aead.ts';
import { scrypt } from '../crypto/scrypt.ts';
import { decodeInvite, encodeInvite, type Invite } from './body.ts';
import type { InviteFault } from './fault.ts';
import { formatLetters, parseLetters } from './letters.ts';

const PLAIN = 0;
const SEALED = 1;

/** Bytes of the salt of a sealed invite. */
export const SALT_LENGTH = 16;
/** log2 of scrypt's N: what is written, and what is read. */
const COST = 16;
const MIN_COST = 14;
const MAX_COST = 18;

const KEY_LENGTH = 32;
const HEAD_LENGTH = 2 + SALT_LENGTH;
const LABEL = encodeUtf8('spa1 invite');

/** How an invite is to be sealed. */
export interface InviteSeal {
  /** Not empty. */
  readonly passphrase: string;
  /** {@link SALT_LENGTH} random bytes, never used before. */
  readonly salt: Uint8Array;
  /** Unless told, what takes half a second. */
  readonly cost?: number;
}

/** The line that is handed over. Throws RangeError where the invite cannot be written. */
export const formatInvite = (invite: Invite, seal?: InviteSeal): string => {
  if (seal === undefined) return formatLetters(joined(Uint8Array.of(PLAIN), encodeInvite(invite, 1)));
  const { passphrase, salt, cost = COST } = seal;
  const head = joined(Uint8Array.of(SEALED, cost), salt);
  const { key, nonce } = keysOf(passphrase, salt, cost);
  const body = encodeInvite(invite, HEAD_LENGTH + TAG_LENGTH);
  return formatLetters(joined(head, sealBox(key, nonce, joined(LABEL, head), body)));
};

/** A plain invite, or one that a passphrase opens: undefined for the wrong one. Half a second, in which nothing else runs. */
export type InviteReading =
  | { readonly kind: 'plain'; readonly invite: Invite }
  | { readonly kind: 'sealed'; readonly unseal: (passphrase: string) => Result<Invite, InviteFault> | undefined };

/** Reads the line, however it was wrapped on its way. */
export const parseInvite = (text: string): Result<InviteReading, InviteFault> => {
  const letters = parseLetters(text);
  if (!letters.ok) return letters;
  const payload = letters.value;
  const [kind, cost = 0] = payload;
  if (kind === PLAIN) {
    const invite = decodeInvite(payload.subarray(1), 1);
    return invite.ok ? ok({ kind: 'plain', invite: invite.value }) : invite;
  }
  if (kind !== SEALED || cost < MIN_COST || cost > MAX_COST) return err({ kind: 'newer' });
  return ok({ kind: 'sealed', unseal: (passphrase) => unseal(payload, cost, passphrase) });
};

const unseal = (payload: Uint8Array, cost: number, passphrase: string): Result<Invite, InviteFault> | undefined => {
  const head = payload.subarray(0, HEAD_LENGTH);
  const { key, nonce } = keysOf(passphrase, head.subarray(2), cost);
  const body = openBox(key, nonce, joined(LABEL, head), payload.subarray(HEAD_LENGTH));
  return body && decodeInvite(body, HEAD_LENGTH + TAG_LENGTH);
};

const keysOf = (
  passphrase: string,
  salt: Uint8Array,
  cost: number,
): { readonly key: Uint8Array; readonly nonce: Uint8Array } => {
  // One form for what looks the same, however a keyboard composes it.
  const keys = scrypt(encodeUtf8(passphrase.normalize('NFKC')), salt, cost, KEY_LENGTH + NONCE_LENGTH);
  return { key: keys.subarray(0, KEY_LENGTH), nonce: keys.subarray(KEY_LENGTH) };
};

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
};
