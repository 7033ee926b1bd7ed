/**
 * The road of one text of fwknop's: each client whose keys it may have been sealed with is asked in the order of the files,
 * and the first whose stanza grants ends the search, as with fwknopd. So a stanza that refuses does not keep a later one
 * from granting; where none does, the reason is that of the stanza with which the text came furthest.
 */
import { authorizeFwknop, type FwknopAuthorized, type PacketFacts } from '../access/fwknop-authorize.ts';
import type { FwknopStanza } from '../access/fwknop-stanza.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { UnixMs } from '../base/units.ts';
import { bytesKey, encodeHex } from '../bytes/encoding.ts';
import { sha256 } from '../crypto/digest.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import type { ReplayCache, ReplayRecord } from '../replay/cache.ts';
import { judgeFreshness } from '../spa/freshness.ts';
import { decodeFields } from '../spa/fwknop/fields.ts';
import { gpgMessageIn } from '../spa/fwknop/gpg-text.ts';
import type { FwknopCipherKey } from '../spa/fwknop/key.ts';
import type { FwknopMessage } from '../spa/fwknop/message.ts';
import { replayKeyOf, type UnsealedFwknop, unsealFwknop } from '../spa/fwknop/unseal.ts';
import { FWKNOP_POLICY_REJECTIONS, FWKNOP_SIGNATURE_REJECTIONS, type Rejection } from '../spa/rejection.ts';
import { type FwknopAnswers, type FwknopQuestion, gpgName } from './fwknop-question.ts';
import { judgeSignatures } from './gpg-verdict.ts';
import type { FwknopCandidate } from './input.ts';
import type { GpgKeys } from '../access/fwknop-keys.ts';
import { type FwknopClient, type FwknopPolicy, hmacKeysOf, hmacName } from './policy.ts';

/** How far a text came. */
export interface FwknopAdmission {
  readonly stanza: FwknopStanza;
  /** Undefined where the text could not be read. */
  readonly message: FwknopMessage | undefined;
  /** To be made durable: set once the packet is known to be genuine, fresh and new, whatever the policy says then. */
  readonly record: ReplayRecord | undefined;
  readonly outcome:
    | Exclude<FwknopAuthorized, { kind: 'look-up' }>
    | { readonly kind: 'rejected'; readonly reason: Rejection }
    /** Nothing is decided, and nothing remembered, before this is answered. */
    | { readonly kind: 'ask'; readonly question: FwknopQuestion };
}

/** A policy's clients by what a receiver can name: worked out once, for there may be ten thousand. */
export interface FwknopIndex {
  readonly policy: FwknopPolicy;
  /** By the place of their key among `hmacKeysOf`. */
  readonly byKey: readonly (readonly FwknopClient[])[];
  /** Those without an HMAC. */
  readonly bare: readonly FwknopClient[];
}

export const indexFwknop = (policy: FwknopPolicy): FwknopIndex => {
  const groups = new Map(hmacKeysOf(policy).map((key): [string, FwknopClient[]] => [hmacName(key), []]));
  for (const client of policy.clients) {
    if (client.hmac !== undefined) groups.get(hmacName(client.hmac))?.push(client);
  }
  return { policy, byKey: [...groups.values()], bare: policy.clients.filter(({ hmac }) => hmac === undefined) };
};

export interface FwknopAdmissionParts {
  readonly index: FwknopIndex;
  readonly cache: ReplayCache;
  /** Digests that an fwknopd has left behind, as `bytesKey` writes them: refused whatever the time of the packet. */
  readonly foreign: ReadonlySet<string>;
  readonly answers: FwknopAnswers;
  readonly suite?: CryptoSuite | undefined;
}

/** What fwknopd's digest.cache holds of a text, as much of it as our replay cache holds of anything. */
export const textDigest = (text: Uint8Array): Uint8Array => sha256(text).slice(0, 16);

/**
 * Judges a text. Changes nothing: the caller enters `record` into the cache. Undefined where nobody has such a key. What is
 * remembered is what was sealed, and not the text as with fwknopd: without an HMAC one packet can be written in more than one
 * way, and an HMAC can be cut off where the same key is good without it.
 */
export const admitFwknop = (
  candidate: FwknopCandidate,
  parts: FwknopAdmissionParts,
  now: UnixMs,
): FwknopAdmission | undefined => {
  const search = new Search(candidate, parts, now);
  let furthest: FwknopAdmission | undefined;
  const { byKey, bare } = parts.index;
  // The receiver has tried the HMAC; that it names a key is no more than a hint where to look.
  for (const client of candidate.key === undefined ? bare : (byKey[candidate.key] ?? [])) {
    const admission = search.ask(client);
    if (admission.outcome.kind !== 'rejected') return admission;
    if (furthest === undefined || distance(admission) >= distance(furthest)) furthest = admission;
  }
  return furthest;
};

const SIGNATURES: readonly Rejection[] = FWKNOP_SIGNATURE_REJECTIONS;
const POLICIES: readonly Rejection[] = FWKNOP_POLICY_REJECTIONS;

/** How far along the checks a refused text came: what could not be read, then signatures, age and replay, then the policy. */
const distance = ({ outcome, message }: FwknopAdmission): number => {
  if (outcome.kind !== 'rejected') return Number.POSITIVE_INFINITY;
  if (SIGNATURES.includes(outcome.reason)) return 1;
  if (message === undefined) return 0;
  return 2 + Math.max(0, 1 + POLICIES.indexOf(outcome.reason));
};

/** One text on its way through the clients; what has been opened with a key is not opened with it again. */
class Search {
  readonly #candidate: FwknopCandidate;
  readonly #parts: FwknopAdmissionParts;
  readonly #now: UnixMs;
  readonly #unsealed = new Map<string, Result<UnsealedFwknop, Rejection>>();

  constructor(candidate: FwknopCandidate, parts: FwknopAdmissionParts, now: UnixMs) {
    this.#candidate = candidate;
    this.#parts = parts;
    this.#now = now;
  }

  ask(client: FwknopClient): FwknopAdmission {
    const { stanza } = client;
    const opened = this.#open(client);
    if ('question' in opened) {
      return { stanza, message: undefined, record: undefined, outcome: { kind: 'ask', question: opened.question } };
    }
    const rejected = (reason: Rejection): FwknopAdmission['outcome'] => ({ kind: 'rejected', reason });
    if (!opened.ok) return { stanza, message: undefined, record: undefined, outcome: rejected(opened.error) };
    const { message, plain } = opened.value;
    const refused = judgeFreshness(message.time, this.#now, this.#parts.index.policy.maxAge);
    if (refused !== undefined) return { stanza, message, record: undefined, outcome: rejected(refused) };
    const record = { digest: replayKeyOf(plain), time: message.time };
    const seen = this.#judgeReplay(record);
    if (seen !== undefined) return { stanza, message, record: undefined, outcome: rejected(seen) };
    const authorized = authorizeFwknop(message, this.#facts(), stanza, this.#now);
    if (!authorized.ok) return { stanza, message, record, outcome: rejected(authorized.error) };
    const { value } = authorized;
    if (value.kind !== 'look-up') return { stanza, message, record, outcome: value };
    const question = { kind: 'resolve-host', host: value.host } as const;
    return { stanza, message, record: undefined, outcome: { kind: 'ask', question } };
  }

  /** With the client's AES key, and where that opens nothing, by gpg. */
  #open(client: FwknopClient): Result<UnsealedFwknop, Rejection> | { readonly question: FwknopQuestion } {
    const { cipher, gpg } = client;
    const unsealed = cipher === undefined ? undefined : this.#unseal(cipher, client);
    if (unsealed?.ok === true || gpg === undefined) return unsealed ?? err('no-key-matched');
    return this.#unsealByGpg(gpg, client);
  }

  #unseal(cipher: FwknopCipherKey, { hmac }: FwknopClient): Result<UnsealedFwknop, Rejection> {
    const name = `${cipher.mode} ${encodeHex(cipher.passphrase)}`;
    const unsealed = this.#unsealed.get(name) ?? unsealFwknop(this.#candidate.text, cipher, hmac, this.#parts.suite);
    this.#unsealed.set(name, unsealed);
    return unsealed;
  }

  #unsealByGpg(
    keys: GpgKeys,
    { hmac }: FwknopClient,
  ): Result<UnsealedFwknop, Rejection> | { readonly question: FwknopQuestion } {
    const name = gpgName(keys);
    const answer = this.#parts.answers.unsealings.find((one) => gpgName(one.keys) === name);
    if (answer === undefined) {
      const message = gpgMessageIn(this.#candidate.text, hmac, this.#parts.suite?.macKey);
      return message.ok ? { question: { kind: 'unseal-gpg', keys, message: message.value } } : message;
    }
    if (answer.result === undefined) return err('gpg-failed');
    const { plain, status } = answer.result;
    if (!status.opened) return err(status.badSignature ? 'bad-signature' : 'unsealing-failed');
    const message = decodeFields(plain, this.#parts.suite?.digest);
    if (!message.ok) return message;
    const refused = judgeSignatures(status.signatures, keys);
    return refused === undefined ? ok({ message: message.value, plain }) : err(refused);
  }

  #judgeReplay({ digest, time }: ReplayRecord): Rejection | undefined {
    const { cache, foreign } = this.#parts;
    return foreign.has(bytesKey(textDigest(this.#candidate.text))) ? 'replayed' : cache.judge(digest, time);
  }

  #facts(): PacketFacts {
    const { source, destination, transport, forwardedFor } = this.#candidate;
    const { index, answers } = this.#parts;
    const isBelieved = transport === 'http' && index.policy.trustForwardedFor;
    return { source, destination, forwardedFor: isBelieved ? forwardedFor : undefined, lookups: answers.lookups };
  }
}
