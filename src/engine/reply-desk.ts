/**
 * Whom the authorizer answers, and what (docs/native-packet.md, section 10): a packet that asks for it, is genuine and new,
 * whose stanza has nothing against it, and that came by a way back.
 */
import { unixMs } from '../base/units.ts';
import { type ReplyOutcome, requestMacOf } from '../spa/native/reply.ts';
import { POLICY_REJECTIONS, type PolicyRejection, type Rejection } from '../spa/rejection.ts';
import type { Admission } from './admit.ts';
import type { Decision, ReplyEffect } from './effect.ts';
import type { LedgerStep } from './grant-desk.ts';
import type { Candidate } from './input.ts';

/** The effect, or none: whoever may not be answered is met with silence. */
export const replyTo = (
  { source, replyPath: path, datagram }: Candidate,
  { request, stanza, keys, record, use }: Admission,
  outcome: ReplyOutcome | undefined,
): readonly ReplyEffect[] => {
  // What is remembered has passed everything up to the replay check.
  const isGenuineAndNew = record !== undefined || use !== undefined;
  if (request?.reply !== true || !isGenuineAndNew || !stanza.reply) return [];
  if (path === undefined || outcome === undefined) return [];
  return [{ kind: 'reply', outcome, to: source, path, keys, requestMac: requestMacOf(datagram) }];
};

/** Of several grants the one that ends first counts. */
export const outcomeOfStep = ({ event, added }: LedgerStep): ReplyOutcome => {
  if (event === 'closed' || event === 'revoked') return { status: 'closed' };
  // Whole milliseconds, as the audit line has them; the steady clock that it comes from has fractions.
  return { status: 'opened', ends: unixMs(Math.trunc(Math.min(...added.map(({ until }) => until)))) };
};

/** Undefined for what is refused before policy is asked. */
export const outcomeOfRejection = (reason: Rejection): ReplyOutcome | undefined =>
  isPolicyRejection(reason) ? { status: 'refused', reason } : undefined;

const isPolicyRejection = (reason: Rejection): reason is PolicyRejection =>
  (POLICY_REJECTIONS as readonly Rejection[]).includes(reason);

/** What the client of a decision that was given up is told instead. */
export const failedReplies = (decision: Decision): Decision =>
  decision.filter((effect) => effect.kind === 'reply').map((effect) => ({ ...effect, outcome: { status: 'failed' } }));
