/** The road of one candidate from the receiver's hands to a decision: unseal, of a key that holds, fresh, replay, authorize; for codes: unseal, of the stanza, new, authorize. */
import { type Authorized, authorize } from '../access/authorize.ts';
import type { Stanza } from '../access/stanza.ts';
import { allowedOf } from '../base/allow-address.ts';
import type { Moment } from '../base/units.ts';
import type { ReplayCache, ReplayRecord } from '../replay/cache.ts';
import type { CodeRecord, UsedCodes } from '../replay/used-codes.ts';
import { judgeFreshness } from '../spa/freshness.ts';
import { type UnsealKeys, unsealNative } from '../spa/native/unseal.ts';
import type { Rejection } from '../spa/rejection.ts';
import type { SpaRequest } from '../spa/request.ts';
import type { AuditLine } from './audit.ts';
import { judgeCode } from './emergency.ts';
import type { Candidate } from './input.ts';
import type { Effect } from './effect.ts';
import type { KeyRotation, Policy } from './policy.ts';

/** How far a candidate came. */
export interface Admission {
  readonly stanza: Stanza;
  /** The client's. */
  readonly keys: UnsealKeys;
  /** Which key it was made with, while the stanza has two that hold. */
  readonly key?: KeyRotation['key'];
  /** Undefined where the packet could not be read. */
  readonly request?: SpaRequest;
  /** To be made durable: set once the packet is known to be genuine, fresh and new, whatever the policy says then. */
  readonly record?: ReplayRecord;
  /** The number, where it was an emergency code. */
  readonly code?: number;
  /** To be made durable, as `record` is: set once the code is known to be the stanza's and new. */
  readonly use?: CodeRecord;
  readonly outcome: Authorized | { readonly kind: 'rejected'; readonly reason: Rejection };
}

/** What packets have been let in so far. */
export interface Memory {
  readonly cache: ReplayCache;
  readonly codes: UsedCodes;
}

/**
 * Judges a candidate. Changes nothing: the caller enters `record` and `use` into the memory. A refused request is remembered
 * too, for it could be sent again from an address that the policy would not refuse. Undefined where no such client exists.
 */
export const admit = (candidate: Candidate, policy: Policy, memory: Memory, now: Moment): Admission | undefined => {
  const client = policy.clients[candidate.client];
  if (client === undefined) return undefined;
  const { stanza, keys, rotation } = client;
  const isRotating = rotation !== undefined && now.wall < rotation.until;
  const whose = { stanza, keys, ...(isRotating ? { key: rotation.key } : {}) };
  const rejected = (reason: Rejection): Admission['outcome'] => ({ kind: 'rejected', reason });
  const unsealed = unsealNative(candidate.datagram, keys);
  if (!unsealed.ok) return { ...whose, outcome: rejected(unsealed.error) };
  const { request, digest, code } = unsealed.value;
  if (rotation?.key === 'old' && !isRotating) return { ...whose, request, outcome: rejected('key-ended') };
  const judge = (): Admission['outcome'] => {
    const authorized = authorize(request, candidate.source, stanza, now.wall);
    return authorized.ok ? authorized.value : rejected(authorized.error);
  };
  if (code !== undefined) {
    const use = judgeCode(code, client, memory.codes);
    return use.ok
      ? { ...whose, request, code, use: use.value, outcome: judge() }
      : { ...whose, request, code, outcome: rejected(use.error) };
  }
  const stale = judgeFreshness(request.time, now.wall, policy.maxAge);
  if (stale !== undefined) return { ...whose, request, outcome: rejected(stale) };
  const seen = memory.cache.judge(digest, request.time);
  if (seen !== undefined) return { ...whose, request, outcome: rejected(seen) };
  return { ...whose, request, record: { digest, time: request.time }, outcome: judge() };
};

/** Enters what is to be remembered into the memory, and says what is to be made durable. */
export const remember = ({ record, use }: Admission, { cache, codes }: Memory): readonly Effect[] => {
  if (record !== undefined) cache.remember(record);
  if (use !== undefined) codes.use(use);
  return [
    ...(record === undefined ? [] : [{ kind: 'remember', record } as const]),
    ...(use === undefined ? [] : [{ kind: 'use-code', record: use } as const]),
  ];
};

/** What every line about a packet says of how it was made. */
export const describeMaking = ({ key, code }: Admission): Pick<AuditLine, 'key' | 'code'> => ({
  ...(key === undefined ? {} : { key }),
  ...(code === undefined ? {} : { code }),
});

/** The line about a packet that was refused, `now` being when it came. */
export const describeRejection = (
  reason: Rejection,
  admission: Admission,
  { source }: Candidate,
  now: Moment,
): Omit<AuditLine, 'event'> & { readonly reason: Rejection } => {
  const { request, stanza } = admission;
  const line = { stanza: stanza.name, format: 'native', ...describeMaking(admission), source, reason } as const;
  if (request === undefined) return line;
  const isClock = reason === 'stale' || reason === 'future';
  const skew = isClock ? { skew: Math.round((request.time - now.wall) / 1000) } : {};
  const allow =
    request.addresses.length > 0 ? { allow: request.addresses.map((cidr) => allowedOf(cidr) ?? cidr.address) } : {};
  const { forward: target } = request;
  const to = target?.kind === 'address' ? target.address : undefined;
  const forward = target === undefined ? {} : { forward: { to, port: target.port } };
  return { ...line, ...allow, ports: request.ports, ...forward, ...skew };
};
