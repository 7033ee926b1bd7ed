/** The question "latency": from an SPA packet sent to its port open. The method is told in docs/performance.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena.ts';
import {
  type Contender,
  type Daemon,
  type Pace,
  type Ports,
  portRange,
  SPA_PORT,
  startReady,
} from '../daemons/contender.ts';
import { type Probe, startEcho } from '../probe/probe.ts';
import type { ShotResult } from '../probe/protocol.ts';
import type { Setting } from '../question.ts';
import { hundredths, type Summary, summarize } from '../summary.ts';

/** Packets of one daemon before it is the next one's turn. */
const ROUND = 10;
const WARM_UP = 5;
/** Rounds may be repeated, and no port is used twice: the kernel would take a second attempt for an old connection. */
const SPARE = 3;
const SHOT_TIMEOUT_MS = 3000;
const PINGS = 200;
/** A closed port is watched this long. */
const CLOSED_MS = 100;
/** Between two packets, at random: fwknopd sleeps for 100 ms at a time, and must not be met in step. */
const GAP_MS = { least: 20, most: 140 };

export interface LatencyLine {
  readonly name: string;
  /** Milliseconds; undefined where no port opened. */
  readonly latency: Summary | undefined;
  /** Of the same packets, the latency at each hundredth from 0 to 100; empty where no port opened. */
  readonly quantiles: readonly number[];
  /** The very first packet after the start, in milliseconds; null where its port did not open. */
  readonly first: number | null;
  /** Packets whose port did not open within {@link SHOT_TIMEOUT_MS}. */
  readonly lost: number;
  /** Median round trip to an open port of the same host, in milliseconds. */
  readonly roundTrip: number | null;
  /** Mean time between two datagrams of the probe, in milliseconds: no figure is finer. */
  readonly probeInterval: number | null;
}

export interface LatencyReport {
  readonly packets: number;
  readonly lines: readonly LatencyLine[];
}

/** One daemon's measurement under way. */
interface Lane {
  readonly contender: Contender;
  readonly daemon: Daemon;
  readonly ports: Ports;
  readonly pacer: Pacer;
  readonly latencies: number[];
  readonly intervals: number[];
  first: number | null;
  lost: number;
  roundTrip: number | null;
  nextPort: number;
}

export type LatencySetting = Setting & Pick<Arena, 'contenders' | 'probe'>;

export async function measureLatency(setting: LatencySetting): Promise<LatencyReport> {
  const { contenders, probe, packets, progress } = setting;
  const ports = portRange(SPARE * packets + WARM_UP + 1);
  const lanes: Lane[] = [];
  try {
    for (const contender of contenders) {
      progress(`${contender.name}: start and warm up`);
      const lane = await openLane(setting, contender, ports);
      lanes.push(lane);
      await warmUp(probe, lane, ports);
    }
    const rounds = Math.ceil(packets / ROUND);
    for (let round = 0; round < rounds; round++) {
      const size = Math.min(ROUND, packets - round * ROUND);
      progress(`latency: round ${round + 1} of ${rounds}`);
      await measureTurn(setting, lanes, round, size);
    }
  } finally {
    for (const lane of lanes) await lane.daemon.process.stop();
  }
  return { packets, lines: lanes.map(conclude) };
}

async function openLane(setting: LatencySetting, contender: Contender, ports: Ports): Promise<Lane> {
  await startEcho(contender.host, ports.first, ports.open);
  const daemon = await startReady(contender, setting.scratch.newFolder(), ports);
  return {
    ...{ contender, daemon, ports, pacer: new Pacer(contender.pace), latencies: [], intervals: [] },
    ...{ first: null, lost: 0, roundTrip: null, nextPort: ports.first },
  };
}

/** Sees that ports are closed, takes the round trip, and lets both ends get into their stride. */
async function warmUp(probe: Probe, lane: Lane, ports: Ports): Promise<void> {
  const address = lane.contender.host.address4;
  const closed = { address, spaPort: SPA_PORT, port: ports.last, packet: '', timeoutMs: CLOSED_MS };
  if ((await probe.shoot(closed)).latencyMs !== null) {
    throw new Error(`${lane.contender.name}: UDP port ${ports.last} is open before anybody asked for it`);
  }
  lane.roundTrip = (await probe.ping({ address, port: ports.open, times: PINGS })).roundTripMs;
  const [first] = await measureRound(probe, lane, 1);
  lane.first = first?.latencyMs ?? null;
  await measureRound(probe, lane, WARM_UP - 1);
}

/** A round of each daemon; each turn begins with another one, so that none always follows the same. */
async function measureTurn(setting: LatencySetting, lanes: readonly Lane[], turn: number, size: number): Promise<void> {
  // The peers delete their rules late and at some cost, which must not fall upon another daemon's packets: they come
  // last, and then there is a pause.
  for (const group of [lanes.filter((lane) => lane.pacer.idle), lanes.filter((lane) => !lane.pacer.idle)]) {
    for (const [index] of group.entries()) {
      const lane = group[(index + turn) % group.length];
      if (lane === undefined) continue;
      const missing = setting.packets - lane.latencies.length - lane.lost;
      const mayRepeat = (): boolean => lane.nextPort + missing <= lane.ports.last;
      add(lane, await setting.quiet.measure(() => measureRound(setting.probe, lane, size), mayRepeat));
    }
  }
  for (const lane of lanes) await lane.pacer.allGone();
}

function add(lane: Lane, results: readonly ShotResult[]): void {
  for (const { latencyMs, intervalMs } of results) {
    if (latencyMs === null) lane.lost++;
    else lane.latencies.push(latencyMs);
    if (intervalMs !== null) lane.intervals.push(intervalMs);
  }
}

async function measureRound(probe: Probe, lane: Lane, size: number): Promise<readonly ShotResult[]> {
  const { contender, daemon, pacer } = lane;
  const ports = Array.from({ length: size }, (_, index) => lane.nextPort + index);
  lane.nextPort += size;
  const sources = await daemon.packets(ports);
  const results: ShotResult[] = [];
  for (const [index, port] of ports.entries()) {
    await sleep(GAP_MS.least + Math.random() * (GAP_MS.most - GAP_MS.least));
    await pacer.take();
    const packet = Buffer.from(sources[index]?.() ?? []).toString('base64');
    const { address4: address } = contender.host;
    results.push(await probe.shoot({ address, spaPort: SPA_PORT, port, packet, timeoutMs: SHOT_TIMEOUT_MS }));
  }
  return results;
}

function conclude(lane: Lane): LatencyLine {
  const { contender, latencies, intervals, first, lost, roundTrip } = lane;
  return {
    name: contender.name,
    latency: latencies.length === 0 ? undefined : summarize(latencies),
    quantiles: latencies.length === 0 ? [] : hundredths(latencies),
    first,
    lost,
    roundTrip,
    probeInterval: intervals.length === 0 ? null : summarize(intervals).median,
  };
}

/** Holds the next packet back while too many grants may be alive. */
class Pacer {
  private readonly pace: Pace;
  private taken: number[] = [];

  constructor(pace: Pace | undefined) {
    this.pace = pace ?? { grants: Number.POSITIVE_INFINITY, lifeMs: 0 };
  }

  /** Whether there is never anything to wait for. */
  get idle(): boolean {
    return this.pace.lifeMs === 0;
  }

  async take(): Promise<void> {
    await this.until(this.pace.grants - 1);
    this.taken.push(performance.now());
  }

  /** Waits until no grant can be alive any more. */
  async allGone(): Promise<void> {
    await this.until(0);
  }

  private async until(alive: number): Promise<void> {
    for (;;) {
      this.taken = this.taken.filter((time) => time + this.pace.lifeMs > performance.now());
      if (this.taken.length <= alive) return;
      await sleep(50);
    }
  }
}
