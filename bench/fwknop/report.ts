/** What the question "fwknop" asks for, and what comes of it. */
import type { LatencyReport } from '../latency/measure.ts';
import type { Burst } from './burst.ts';
import type { Mode } from '../question.ts';

/** How much is asked. */
export interface FwknopSize {
  /**
   * Stanzas, and for each number as much junk as fwknopd can take: it reads 1000 datagrams a second at the most, and one
   * that it loses would cost it nothing.
   */
  readonly junk: readonly { readonly stanzas: number; readonly count: number; readonly rate: number }[];
  /** Junk datagrams by which the cost under a flood is measured. */
  readonly floodPackets: number;
  readonly floodStanzas: readonly number[];
  /** Genuine packets sent as one; 0: it is not asked. */
  readonly burst: number;
  /** Genuine packets of each kind during a flood. */
  readonly honest: number;
  /** Whether daemons on sockets are asked too, not only those that capture. */
  readonly sockets: boolean;
}

export const SIZES: Readonly<Record<Mode, FwknopSize>> = {
  short: {
    junk: [{ stanzas: 100, count: 200, rate: 500 }],
    ...{ floodPackets: 20_000, floodStanzas: [], burst: 0, honest: 5, sockets: false },
  },
  full: {
    junk: [
      { stanzas: 1, count: 3000, rate: 500 },
      { stanzas: 10, count: 3000, rate: 500 },
      { stanzas: 100, count: 3000, rate: 500 },
      { stanzas: 1000, count: 400, rate: 80 },
      { stanzas: 5000, count: 80, rate: 15 },
    ],
    ...{ floodPackets: 100_000, floodStanzas: [100, 5000], burst: 1000, honest: 10, sockets: true },
  },
};
/** Datagrams a second in a flood. */
export const FLOOD_RATE = 20_000;

/** One row of stanzas: processor time of the whole daemon per junk datagram, in microseconds, by the daemons' order. */
export interface JunkRow {
  readonly stanzas: number;
  readonly microseconds: readonly number[];
  /** spad's alone, capturing, at {@link FLOOD_RATE}. */
  readonly flooded: number;
}

export interface BurstLine extends Burst {
  readonly name: string;
}

export interface FloodLine {
  readonly name: string;
  readonly stanzas: number;
  readonly flood: 'one source' | 'forged sources';
  /** Opened within a second. */
  readonly known: number;
  readonly strangers: number;
  readonly perSecond: number;
}

export interface FwknopReport {
  readonly rounds: number;
  readonly size: FwknopSize;
  readonly names: readonly string[];
  readonly junk: readonly JunkRow[];
  readonly burst: readonly BurstLine[];
  readonly floods: readonly FloodLine[];
  readonly latency: LatencyReport;
}
