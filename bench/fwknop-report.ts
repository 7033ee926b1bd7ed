/** What the question "fwknop" asks for, and what comes of it. */
import type { LatencyReport } from './latency.ts';

/**
 * Stanzas, and for each number as much junk as fwknopd can take: it reads 1000 datagrams a second at the most, and one that
 * it loses would cost it nothing.
 */
export const JUNK_LOADS = [
  { stanzas: 1, count: 3000, rate: 500 },
  { stanzas: 10, count: 3000, rate: 500 },
  { stanzas: 100, count: 3000, rate: 500 },
  { stanzas: 1000, count: 400, rate: 80 },
  { stanzas: 5000, count: 80, rate: 15 },
] as const;
/** Datagrams a second in a flood. */
export const FLOOD_RATE = 20_000;
export const FLOOD_PACKETS = 100_000;
/** Genuine packets sent as one. */
export const BURST = 1000;
/** Genuine packets of each kind during a flood, and how long each has. */
export const HONEST = 10;
export const FLOOD_STANZAS = [100, 5000] as const;

/** One row of stanzas: processor time of the whole daemon per junk datagram, in microseconds, by the daemons' order. */
export interface JunkRow {
  readonly stanzas: number;
  readonly microseconds: readonly number[];
  /** spad's alone, capturing, at {@link FLOOD_RATE}. */
  readonly flooded: number;
}

export interface BurstLine {
  readonly name: string;
  /** Of {@link BURST}; those that had opened in time. */
  readonly opened: number;
  readonly perSecond: number;
}

export interface FloodLine {
  readonly name: string;
  readonly stanzas: number;
  readonly flood: 'one source' | 'forged sources';
  /** Of {@link HONEST}, within a second. */
  readonly known: number;
  readonly strangers: number;
  readonly perSecond: number;
}

export interface FwknopReport {
  readonly rounds: number;
  readonly names: readonly string[];
  readonly junk: readonly JunkRow[];
  readonly burst: readonly BurstLine[];
  readonly floods: readonly FloodLine[];
  readonly latency: LatencyReport;
}
