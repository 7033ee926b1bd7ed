/** The question "survival": what a flood leaves of honest packets and their latency. See docs/performance.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contender, type Daemon, type Ports, portRange } from '../daemons/contender.ts';
import { fwknopd, fwknopVersion } from '../daemons/fwknopd.ts';
import { spad } from '../daemons/spad.ts';
import { waitUntilIdle } from '../knock-usage.ts';
import { startEcho } from '../probe/probe.ts';
import type { Setting } from '../question.ts';
import { sendHonest } from './honest-sender.ts';
import { junkOf } from './junk.ts';
import { JunkSender, MANY_SOURCES } from './junk-sender.ts';
import { compilePrograms, type NativePrograms } from './native.ts';
import { isSieveOffered } from './sieve.ts';
import { DRAIN_TIMEOUT_MS, settle, startDaemon } from './targets.ts';
import { type Wire, Wires } from './wires.ts';

/** Junk a second; 0 is no flood. */
const RATES = { full: [0, 10_000, 50_000, 100_000, 200_000, 400_000], short: [0, 100_000] } as const;
/** Honest packets at each rate: fwknopd takes no more than some 15 grants at a time. */
const HONEST = { full: { spad: 100, fwknopd: 8 }, short: { spad: 20, fwknopd: 4 } } as const;
const GAP_MS = { spad: 30, fwknopd: 150 } as const;
/** The flood is under way for so long before the first honest packet. */
const LEAD_MS = { full: 1500, short: 700 } as const;
const WARM_UP = 5;
/** Each packet is a figure by itself, so that more rounds would tell little more. */
const MOST_ROUNDS = 2;

/** One daemon under one flood, all rounds together. */
export interface SurvivalLine {
  readonly name: string;
  /** Junk a second, as it was wanted. */
  readonly rate: number;
  /** As it was, one a round. */
  readonly reached: number[];
  /** Milliseconds from each honest packet to its port open; null where it was not open within a second. */
  readonly latencies: (number | null)[];
}

export interface SurvivalReport {
  readonly rounds: number;
  readonly lines: readonly SurvivalLine[];
  readonly sieve: boolean;
  /** Undefined where it is not installed. */
  readonly fwknopd: string | undefined;
}

interface Bench extends Setting {
  readonly programs: NativePrograms;
}

interface Lane {
  readonly name: string;
  readonly kind: Contender['kind'];
  readonly wire: Wire;
  readonly daemon: Daemon;
  readonly ports: Ports;
  nextPort: number;
}

export async function measureSurvival(setting: Setting): Promise<SurvivalReport> {
  const rounds = Math.min(setting.rounds, MOST_ROUNDS);
  const bench = { ...setting, rounds, programs: compilePrograms(setting.scratch.newFolder()) };
  return Wires.with(async (wires) => {
    const sieve = await isSieveOffered(await wires.add(), setting.scratch.newFolder());
    const places = [];
    for (const make of contendersOf(sieve)) places.push({ make, wire: await wires.add() });
    // A start is not measured here, so all may start at once.
    const lanes = await Promise.all(places.map(({ wire, make }) => openLane(bench, wire, make)));
    const lines: SurvivalLine[] = lanes.flatMap(({ name }) =>
      RATES[setting.mode].map((rate) => ({ name, rate, reached: [], latencies: [] })),
    );
    for (let round = 0; round < rounds; round++) {
      for (const rate of RATES[setting.mode]) {
        // Each round begins with another daemon.
        for (const [turn] of lanes.entries()) {
          const lane = lanes[(turn + round) % lanes.length];
          const line = lines.find((one) => one.name === lane?.name && one.rate === rate);
          if (lane === undefined || line === undefined) continue;
          setting.progress(`survival, round ${String(round + 1)} of ${String(rounds)}: ${lane.name}, ${String(rate)}`);
          const { reached, latencies } = await measureLane(bench, lane, rate);
          line.reached.push(reached);
          line.latencies.push(...latencies);
        }
      }
    }
    for (const { daemon } of lanes) await daemon.process.stop();
    return { rounds, lines, sieve, fwknopd: fwknopVersion() };
  });
}

type Make = (wire: Wire) => Contender;

function contendersOf(sieve: boolean): Make[] {
  return [
    (wire) => spad('pcap', wire.host, wire.client),
    ...(sieve ? [(wire: Wire) => spad('nflog', wire.host, wire.client)] : []),
    ...(fwknopVersion() === undefined
      ? []
      : [(wire: Wire) => fwknopd('pcap', wire.host, wire.client, { quiet: true })]),
  ];
}

async function openLane(bench: Bench, wire: Wire, make: Make): Promise<Lane> {
  const contender = make(wire);
  const { name, kind } = contender;
  bench.progress(`survival: start ${name}`);
  const ports = portRange(portsNeeded(bench, kind));
  await startEcho(wire.host, ports.first, ports.last);
  const { daemon } = await startDaemon(wire, contender, bench.scratch.newFolder(), ports);
  const lane = { name, kind, wire, daemon, ports, nextPort: ports.first };
  const warmed = await shoot(bench, lane, WARM_UP);
  if (warmed.every((latency) => latency === null)) throw new Error(`${name} opens nothing:\n${daemon.process.output}`);
  await settle(daemon.process.pid);
  return lane;
}

/** No port is used twice: the kernel would take a second attempt for an old connection. */
const portsNeeded = ({ mode, rounds }: Pick<Setting, 'mode' | 'rounds'>, kind: Contender['kind']): number =>
  WARM_UP + rounds * RATES[mode].length * HONEST[mode][kind];

async function shoot({ programs }: Bench, lane: Lane, count: number): Promise<readonly (number | null)[]> {
  const ports = Array.from({ length: count }, (_, index) => lane.nextPort + index);
  lane.nextPort += count;
  const packets = (await lane.daemon.packets(ports)).map((packet, index) => ({
    port: ports[index] ?? 0,
    packet: packet(),
  }));
  return sendHonest(programs['honest-sender'], lane.wire, packets, GAP_MS[lane.kind]);
}

interface Outcome {
  readonly reached: number;
  readonly latencies: readonly (number | null)[];
}

async function measureLane(bench: Bench, lane: Lane, rate: number): Promise<Outcome> {
  const { mode, programs, quiet } = bench;
  const count = HONEST[mode][lane.kind];
  // Nothing is repeated: each port is good for one packet.
  return quiet.measure(
    async () => {
      if (rate === 0) return { reached: 0, latencies: await shoot(bench, lane, count) };
      const sender = new JunkSender(programs['junk-sender'], lane.wire);
      const flood = { junk: junkOf('random', new Uint8Array()), sources: MANY_SOURCES, rate };
      const { result, sent } = await sender.during(flood, async () => {
        await sleep(LEAD_MS[mode]);
        return shoot(bench, lane, count);
      });
      await waitUntilIdle(lane.daemon.process.pid, DRAIN_TIMEOUT_MS);
      return { reached: sent.perSecond, latencies: result };
    },
    () => false,
  );
}
