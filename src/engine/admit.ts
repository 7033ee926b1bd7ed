/** The road of one candidate from the receiver's hands to a decision: unseal, fresh, replay, authorize; for codes: unseal, of the stanza, new, authorize. */
import { type Authorized, authorize } from '../access/authorize.ts';
import type { Stanza } from '../access/stanza.ts';
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
import type { Policy } from './policy.ts';

/** How far a candidate came. */
export interface Admission {
  readonly stanza: Stanza;
  /** The client's. */
  readonly keys: UnsealKeys;
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
  const { stanza, keys } = client;
  const whose = { stanza, keys };
  const rejected = (reason: Rejection): Admission['outcome'] => ({ kind: 'rejected', reason });
  const unsealed = unsealNative(candidate.datagram, keys);
  if (!unsealed.ok) return { ...whose, outcome: rejected(unsealed.error) };
  const { request, digest, code } = unsealed.value;
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

/** The line about a packet that was refused, `now` being when it came. */
export const describeRejection = (
  reason: Rejection,
  { request, stanza, code }: Admission,
  { source }: Candidate,
  now: Moment,
): Omit<AuditLine, 'event'> & { readonly reason: Rejection } => {
  const line = { stanza: stanza.name, format: 'native', source, reason } as const;
  if (request === undefined) return line;
  const isClock = reason === 'stale' || reason === 'future';
  const skew = isClock ? { skew: Math.round((request.time - now.wall) / 1000) } : {};
  const allow = request.addresses.length > 0 ? { allow: request.addresses.map((cidr) => cidr.address) } : {};
  const { forward: target } = request;
  const to = target?.kind === 'address' ? target.address : undefined;
  const forward = target === undefined ? {} : { forward: { to, port: target.port } };
  const number = code === undefined ? {} : { code };
  return { ...line, ...number, ...allow, ports: request.ports, ...forward, ...skew };
};
