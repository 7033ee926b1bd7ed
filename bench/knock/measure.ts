/** The question "knock": knockd and `spad knockd` in turns, on the same packets. See docs/performance.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../../test/support/lab.ts';
import {
  FOREIGN_PORT,
  type Knocker,
  type KnockerName,
  knockdVersion,
  type RunningKnocker,
  SEQUENCE,
  startKnocker,
  waitUntilListening,
} from './daemons.ts';
import { compileSender, type Flood, Sender, type Sent } from '../knock-sender.ts';
import { processorMs, residence, waitUntilIdle } from '../knock-usage.ts';
import type { Mode, Setting } from '../question.ts';

/** How much is asked. */
export interface KnockSize {
  /** Sequences by which the latency is measured, in each round. */
  readonly sequences: number;
  /** Sequences during a flood, and how long after its last knock one may open. */
  readonly honest: number;
  readonly patienceMs: number;
  /** Packets by which the processor time is measured. */
  readonly packets: number;
  /** Sources that knock once and never again. */
  readonly spoofed: number;
  /** Whether each flood of forged sources meets a daemon of its own; else the last one meets what the one before has left. */
  readonly apart: boolean;
}

const SIZES: Readonly<Record<Mode, KnockSize>> = {
  short: { sequences: 10, honest: 2, patienceMs: 1000, packets: 10_000, spoofed: 20_000, apart: false },
  full: { sequences: 50, honest: 20, patienceMs: 2000, packets: 200_000, spoofed: 1_000_000, apart: true },
};
/** Packets a second. */
const RATE = 50_000;
const SPOOFED_RATE = 100_000;

const GAP_MS = 20;
const SETTLE_MS = 500;
const DRAIN_TIMEOUT_MS = 30_000;
const [FIRST_PORT, , LAST_PORT] = SEQUENCE;
/** All in the laboratory's network, and nobody's address. */
const HONEST_SOURCE = '10.99.0.100';
const FLOOD_SOURCE = '10.99.0.250';
/** More than any flood here can send while it is needed. */
const ENDLESS = 40_000_000;

export interface Load {
  /** Processor time per packet sent, in microseconds. */
  readonly microseconds: number;
}

export interface FloodResult {
  readonly opened: number;
  readonly perSecond: number;
}

/** One round of one daemon. */
export interface KnockRound {
  /** Milliseconds; those of a sequence that did not open are missing. */
  readonly latencies: readonly number[];
  readonly foreign: Load;
  readonly idleMatch: Load;
  readonly firstKnock: Load;
  /** At 50 000 a second, and as fast as the sender can. */
  readonly paced: FloodResult;
  readonly oneSource: FloodResult;
  readonly manySources: FloodResult;
  /** Megabytes. */
  readonly memory: { readonly before: number; readonly after: number; readonly peak: number; readonly seen: number };
}

export interface KnockReport {
  readonly size: KnockSize;
  readonly rounds: number;
  /** Undefined where it is not installed. */
  readonly knockd: string | undefined;
  readonly lines: readonly { readonly name: KnockerName; readonly rounds: readonly KnockRound[] }[];
}

interface Bench extends Setting {
  readonly size: KnockSize;
  readonly sender: Sender;
  readonly knocker: Knocker;
}

export async function measureKnocks(setting: Setting): Promise<KnockReport> {
  const size = SIZES[setting.mode];
  const program = compileSender(setting.scratch.newFolder());
  const version = knockdVersion();
  const names: readonly KnockerName[] = version === undefined ? ['spad knockd'] : ['knockd', 'spad knockd'];
  const lab = await Lab.create({ hosts: ['client', 'knockd', 'spad'] });
  try {
    const client = lab.host('client');
    const seen = [];
    for (const name of names) {
      const host = lab.host(name === 'knockd' ? 'knockd' : 'spad');
      const sender = await Sender.between(program, client, host);
      seen.push({ bench: { ...setting, size, sender, knocker: { name, host } }, rounds: [] as KnockRound[] });
    }
    for (let round = 0; round < setting.rounds; round++) {
      // Each round begins with another daemon.
      for (const { bench, rounds } of round % 2 === 0 ? seen : seen.toReversed()) {
        setting.progress(`knock, round ${round + 1} of ${setting.rounds}: ${bench.knocker.name}`);
        rounds.push(await setting.quiet.measure(() => measureRound(bench)));
      }
    }
    const lines = seen.map(({ bench, rounds }) => ({ name: bench.knocker.name, rounds }));
    return { rounds: setting.rounds, size, knockd: version, lines };
  } finally {
    await lab.close();
  }
}

async function measureRound(bench: Bench): Promise<KnockRound> {
  const work = await withDaemon(bench, async (daemon) => {
    const latencies = await sequences(bench, daemon, bench.size.sequences);
    const foreign = await loadOf(bench, daemon, FOREIGN_PORT);
    const idleMatch = await loadOf(bench, daemon, LAST_PORT);
    const firstKnock = await loadOf(bench, daemon, FIRST_PORT);
    const paced = await underFlood(bench, daemon, FLOOD_SOURCE, RATE);
    const oneSource = await underFlood(bench, daemon, FLOOD_SOURCE, 0);
    return { latencies, foreign, idleMatch, firstKnock, paced, oneSource };
  });
  const flood = (daemon: RunningKnocker): Promise<FloodResult> => underFlood(bench, daemon, 'random', 0);
  const { memory, after } = await withDaemon(bench, async (daemon) => ({
    memory: await memoryOf(bench, daemon),
    after: bench.size.apart ? undefined : await flood(daemon),
  }));
  return { ...work, manySources: after ?? (await withDaemon(bench, flood)), memory };
}

/** A daemon of its own, which has opened once: all its code has run. */
async function withDaemon<T>(bench: Bench, work: (daemon: RunningKnocker) => Promise<T>): Promise<T> {
  const daemon = startKnocker(bench.knocker, bench.scratch.newFolder());
  try {
    await waitUntilListening(daemon);
    await sleep(SETTLE_MS);
    const opened = await sequences(bench, daemon, 5);
    if (opened.length === 0) throw new Error(`${bench.knocker.name} opens nothing:\n${daemon.process.output}`);
    await waitUntilIdle(daemon.process.pid, DRAIN_TIMEOUT_MS);
    return await work(daemon);
  } finally {
    await daemon.process.stop();
  }
}

/** The latencies of the sequences that opened. */
async function sequences(
  { sender, size: { patienceMs } }: Bench,
  { fifo }: RunningKnocker,
  count: number,
): Promise<number[]> {
  const results = await sender.rounds({
    source: HONEST_SOURCE,
    ports: SEQUENCE,
    count,
    gapMs: GAP_MS,
    patienceMs,
    fifo,
  });
  return results.filter((one) => one !== undefined);
}

async function loadOf({ sender, size }: Bench, { process }: RunningKnocker, port: number): Promise<Load> {
  const before = processorMs(process.pid);
  await sender.flood({ source: FLOOD_SOURCE, port, count: size.packets, rate: RATE });
  await waitUntilIdle(process.pid, DRAIN_TIMEOUT_MS);
  return { microseconds: ((processorMs(process.pid) - before) * 1000) / size.packets };
}

async function underFlood(bench: Bench, daemon: RunningKnocker, source: string, rate: number): Promise<FloodResult> {
  const flood: Flood = { source, port: FIRST_PORT, count: ENDLESS, rate };
  const honest = async (): Promise<number> => {
    await sleep(SETTLE_MS);
    return (await sequences(bench, daemon, bench.size.honest)).length;
  };
  const { result, sent }: { result: number; sent: Sent } = await bench.sender.during(flood, honest);
  await waitUntilIdle(daemon.process.pid, DRAIN_TIMEOUT_MS);
  return { opened: result, perSecond: sent.perSecond };
}

async function memoryOf({ sender, size }: Bench, daemon: RunningKnocker): Promise<KnockRound['memory']> {
  const { pid } = daemon.process;
  const before = residence(pid).now;
  const known = daemon.firstKnocks();
  await sender.flood({ source: 'random', port: FIRST_PORT, count: size.spoofed, rate: SPOOFED_RATE });
  await waitUntilIdle(pid, DRAIN_TIMEOUT_MS);
  const { now, peak } = residence(pid);
  return { before, after: now, peak, seen: daemon.firstKnocks() - known };
}
