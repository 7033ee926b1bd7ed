/** What the audit log calls the failure of an effect. */
import type { AuditReason } from './audit.ts';
import type { Effect } from './effect.ts';

export const FAILURES = {
  remember: 'journal-failed',
  'use-code': 'journal-failed',
  'use-sequence': 'sequence-failed',
  'change-firewall': 'firewall-failed',
  'synchronize-firewall': 'firewall-failed',
  'flush-firewall': 'firewall-failed',
  'journal-closes': 'program-failed',
  'run-program': 'program-failed',
  ask: 'program-failed',
  'ask-connections': 'program-failed',
} as const satisfies Partial<Record<Effect['kind'], AuditReason>>;

export type HarmfulEffect = Extract<Effect, { kind: keyof typeof FAILURES }>;

/** Without its line the audit log would fail again; without the grant log the kernel still closes on time. */
export const isHarmless = (effect: Effect): effect is Exclude<Effect, HarmfulEffect> =>
  !Object.hasOwn(FAILURES, effect.kind);
