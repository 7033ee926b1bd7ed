/** All that is counted, in one table: what the audit line calls it, and under which metric it is exposed (docs/metrics.md). */
import { FRAME_FAULTS } from '../frame/link.ts';
import {
  CODE_REJECTIONS,
  FRESHNESS_REJECTIONS,
  FWKNOP_GATE_REJECTIONS,
  FWKNOP_POLICY_REJECTIONS,
  FWKNOP_SIGNATURE_REJECTIONS,
  FWKNOP_UNSEAL_REJECTIONS,
  GATE_REJECTIONS,
  KEY_REJECTIONS,
  POLICY_REJECTIONS,
  REPLAY_REJECTIONS,
  UNSEAL_REJECTIONS,
} from '../spa/rejection.ts';

export interface CounterFamily<N extends string = string> {
  /** Of the metric, without `_total`. */
  readonly metric: string;
  readonly help: string;
  /** What tells its counters apart; undefined where there is one alone. */
  readonly label?: string;
  /** In the audit line; values of the label. */
  readonly counters: readonly N[];
}

const family = <const N extends string>(parts: CounterFamily<N>): CounterFamily<N> => ({
  ...parts,
  counters: [...new Set(parts.counters)],
});

/** A counter is in one family alone. */
export const COUNTER_FAMILIES = [
  family({
    metric: 'spad_events',
    help: 'What was decided: ports opened or closed, doors that opened, commands that were run.',
    label: 'event',
    counters: ['granted', 'extended', 'closed', 'expired', 'revoked', 'knocked', 'commanded'],
  }),
  family({
    metric: 'spad_rejections',
    help: 'Packets and sequences that opened nothing.',
    label: 'reason',
    counters: [
      ...GATE_REJECTIONS,
      ...FWKNOP_GATE_REJECTIONS,
      ...(['bad-request', 'over-budget'] as const),
      ...UNSEAL_REJECTIONS,
      ...FWKNOP_UNSEAL_REJECTIONS,
      ...FWKNOP_SIGNATURE_REJECTIONS,
      ...KEY_REJECTIONS,
      ...FRESHNESS_REJECTIONS,
      ...REPLAY_REJECTIONS,
      ...CODE_REJECTIONS,
      ...POLICY_REJECTIONS,
      ...FWKNOP_POLICY_REJECTIONS,
      'rate-limited',
    ],
  }),
  family({
    metric: 'spad_failures',
    help: 'What was to be done, and the disk, the firewall or the system refused.',
    label: 'reason',
    counters: ['journal-failed', 'sequence-failed', 'firewall-failed', 'program-failed', 'reply-failed'],
  }),
  family({
    metric: 'spad_lost_packets',
    help: 'Packets lost to overload, and where.',
    label: 'reason',
    counters: ['kernel-dropped', 'pipe-full', 'shed'],
  }),
  family({
    metric: 'spad_sieved_packets',
    help: 'Packets to the SPA port that the kernel dropped: no hint of now, or no right length.',
    counters: ['sieved'],
  }),
  family({
    metric: 'spad_skipped_frames',
    help: 'Captured frames without a packet for spad.',
    label: 'reason',
    counters: [...FRAME_FAULTS, 'other-port'],
  }),
  family({
    metric: 'spad_knocks',
    help: 'Knocks that brought somebody one further, sequences that took too long, sources forgotten for want of room.',
    label: 'event',
    counters: ['knock-stage', 'sequence-timeout', 'attempt-evicted'],
  }),
  family({
    metric: 'spad_firewall_repairs',
    help: 'How often somebody had changed what spad has in the firewall, and it was put right.',
    counters: ['firewall-repaired'],
  }),
  family({
    metric: 'spad_unlogged_rejections',
    help: 'Rejections without an audit line of their own, for there were too many of one reason.',
    counters: ['unlogged'],
  }),
] as const;

export type CounterName = (typeof COUNTER_FAMILIES)[number]['counters'][number];

export const COUNTER_NAMES: readonly CounterName[] = COUNTER_FAMILIES.flatMap(({ counters }) => counters);

/** What was counted, or has been since the last time. */
export type Counts = Readonly<Partial<Record<CounterName, number>>>;
