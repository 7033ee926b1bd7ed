/** The question "memory": what a flood from a million sources leaves behind in the daemons. See docs/performance.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { portRange } from '../daemons/contender.ts';
import { fwknopd, fwknopVersion } from '../daemons/fwknopd.ts';
import { spad } from '../daemons/spad.ts';
import { knockdVersion, startKnocker, waitUntilListening } from '../knock/daemons.ts';
import { residence, waitUntilIdle } from '../knock-usage.ts';
import type { Setting } from '../question.ts';
import { type JunkKind, junkOf } from './junk.ts';
import { type Flood, JunkSender, MANY_SOURCES } from './junk-sender.ts';
import { compileProgram } from './native.ts';
import { isSieveOffered } from './sieve.ts';
import { DRAIN_TIMEOUT_MS, settle, startDaemon, type Target } from './targets.ts';
import { type Wire, Wires } from './wires.ts';

const RATE = 100_000;
/** From one source, so that code is compiled and heaps have grown before anything counts. */
const WARM_UP = { short: 50_000, full: 200_000 } as const;
/** Powers of two; each sends one packet. */
const SOURCES = { short: 1 << 17, full: MANY_SOURCES } as const;
const LOOK_EVERY_MS = 100;
/** After the flood, before the last look. */
const SETTLE_MS = 1000;

/** One daemon, started for one flood. Megabytes (10^6 bytes) resident, of all its processes. */
export interface MemoryLine {
  readonly name: string;
  readonly kind: JunkKind;
  /** Before it has seen a packet. */
  readonly ready: number;
  /** Before the flood, after a first one from one source. */
  readonly before: number;
  /** The most that was seen during the flood. */
  readonly most: number;
  readonly after: number;
  readonly packets: number;
  readonly perSecond: number;
}

export interface MemoryReport {
  readonly sources: number;
  /** Packets from one source before the flood. */
  readonly warmUp: number;
  readonly rate: number;
  readonly lines: readonly MemoryLine[];
}

type Starter = (wire: Wire, folder: string) => Promise<Target>;

interface Candidate {
  readonly name: string;
  readonly kinds: readonly JunkKind[];
  readonly start: Starter;
}

export async function measureMemory(setting: Setting): Promise<MemoryReport> {
  const program = compileProgram(setting.scratch.newFolder(), 'junk-sender');
  const size = { sources: SOURCES[setting.mode], warmUp: WARM_UP[setting.mode] };
  return Wires.with(async (wires) => {
    const sieve = await isSieveOffered(await wires.add(), setting.scratch.newFolder());
    const places = [];
    for (const { name, kinds, start } of candidatesOf(setting.mode, sieve))
      for (const kind of kinds) places.push({ name, kind, start, wire: await wires.add() });
    setting.progress('memory: start all');
    // What is begun after a start takes seconds, and all may do it at once: what they use of the processor is not measured.
    const targets = await Promise.all(
      places.map(async (place) => ({ ...place, target: await place.start(place.wire, setting.scratch.newFolder()) })),
    );
    const lines: MemoryLine[] = [];
    for (const { name, kind, target } of targets) {
      setting.progress(`memory: ${name}, ${kind}`);
      lines.push({ name, kind, ...(await memoryOf(target, new JunkSender(program, target.wire), kind, size)) });
      await target.process.stop();
    }
    return { ...size, rate: RATE, lines };
  });
}

function candidatesOf(mode: Setting['mode'], sieve: boolean): Candidate[] {
  const kinds = mode === 'short' ? (['random'] as const) : (['random', 'wrong-mac'] as const);
  const ours = (capture: 'pcap' | 'nflog'): Candidate => ({
    ...{ name: `spad, ${capture}`, kinds },
    start: (wire, folder) => startDaemon(wire, spad(capture, wire.host, wire.client), folder, portRange(1)),
  });
  const theirs: Candidate = {
    ...{ name: 'fwknopd, pcap', kinds: ['random'] },
    start: (wire, folder) =>
      startDaemon(wire, fwknopd('pcap', wire.host, wire.client, { quiet: true }), folder, portRange(1)),
  };
  const knockd: Candidate = { name: 'knockd', kinds: ['random'], start: startKnockd };
  return [
    ours('pcap'),
    ...(sieve ? [ours('nflog')] : []),
    ...(mode === 'short' || fwknopVersion() === undefined ? [] : [theirs]),
    ...(mode === 'short' || knockdVersion() === undefined ? [] : [knockd]),
  ];
}

async function startKnockd(wire: Wire, folder: string): Promise<Target> {
  const knocker = startKnocker({ name: 'knockd', host: wire.host }, folder);
  await waitUntilListening(knocker);
  await settle(knocker.process.pid);
  const { process } = knocker;
  return { wire, process, genuine: () => Promise.resolve(new Uint8Array()), seen: () => Promise.resolve(undefined) };
}

async function memoryOf(
  { process, genuine }: Target,
  sender: JunkSender,
  kind: JunkKind,
  { sources, warmUp }: Pick<MemoryReport, 'sources' | 'warmUp'>,
): Promise<Omit<MemoryLine, 'name' | 'kind'>> {
  const resident = (): number => residence(process.pid).now;
  const flood: Flood = { junk: junkOf(kind, await genuine()), sources: 1, rate: RATE };
  const ready = resident();
  await sender.send(flood, warmUp);
  await settle(process.pid);
  const before = resident();
  const samples: number[] = [];
  const watch = setInterval(() => samples.push(resident()), LOOK_EVERY_MS);
  const { packets, perSecond } = await sender.send({ ...flood, sources }, sources);
  clearInterval(watch);
  await waitUntilIdle(process.pid, DRAIN_TIMEOUT_MS);
  await sleep(SETTLE_MS);
  return { ready, before, most: Math.max(before, ...samples), after: resident(), packets, perSecond };
}
