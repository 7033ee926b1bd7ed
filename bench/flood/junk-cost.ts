/** The question "junk": what a junk packet costs, by kind and by how many clients there are. See docs/performance.md. */
import { fwknopd, fwknopVersion } from '../daemons/fwknopd.ts';
import { portRange } from '../daemons/contender.ts';
import { spad } from '../daemons/spad.ts';
import { spadFwknop } from '../daemons/spad-fwknop.ts';
import { knockdVersion, startKnocker, waitUntilListening } from '../knock/daemons.ts';
import { processorMs, waitUntilIdle } from '../knock-usage.ts';
import type { Setting } from '../question.ts';
import { JUNK_KINDS, type JunkKind, junkOf } from './junk.ts';
import { type Flood, JunkSender } from './junk-sender.ts';
import { compilePrograms, type NativePrograms } from './native.ts';
import { isSieveOffered } from './sieve.ts';
import { DRAIN_TIMEOUT_MS, settle, startCallback, startDaemon, startReader, type Target } from './targets.ts';
import { type Wire, Wires } from './wires.ts';

/** How much junk, and at which rate. */
export interface Load {
  readonly count: number;
  readonly rate: number;
}

const FLOOD_RATE = 100_000;
/** What goes all the way to the authorizer comes at a rate at which hardly anything is lost. */
const REPLAY_RATE = 10_000;
/** A rate that fwknopd can take: it looks ten times a second. */
const TEXT_LOAD: Load = { count: 1500, rate: 500 };
const TEXT_STANZAS = [1, 100] as const;

export type ColumnKind = 'reader' | 'callback' | 'pcap' | 'nflog' | 'knockd';

/** What the same junk is sent to. */
export interface Column {
  readonly kind: ColumnKind;
  /** 0 where there is nobody to know. */
  readonly clients: number;
}

/** One measurement. */
export interface Cost {
  /** Processor time of all threads of all processes for each packet sent, in microseconds. */
  readonly microseconds: number;
  /** Of the packets sent, the share that a process has seen; undefined where the daemon does not say. */
  readonly seen: number | undefined;
  /** What each packet took of the sender's time, in microseconds: mostly the kernel's work. */
  readonly sender: number;
}

export interface JunkRow {
  readonly kind: JunkKind;
  readonly load: Load;
  /** In the order of the report's columns. */
  readonly costs: readonly (readonly Cost[])[];
  /** Nobody captures: the sender's time alone. */
  readonly nobody: readonly number[];
}

export interface TextRow {
  readonly stanzas: number;
  /** Microseconds for each packet, spad's and fwknopd's. */
  readonly spad: readonly number[];
  readonly fwknopd: readonly number[];
}

export interface JunkReport {
  readonly rounds: number;
  readonly columns: readonly Column[];
  readonly rows: readonly JunkRow[];
  readonly texts: readonly TextRow[];
  readonly textLoad: Load;
  readonly sieve: boolean;
  /** Undefined where it is not installed. */
  readonly fwknopd: string | undefined;
  readonly knockd: string | undefined;
}

interface Bench extends Setting {
  readonly wires: Wires;
  readonly programs: NativePrograms;
}

interface Lane {
  readonly column: Column;
  readonly target: Target;
}

export async function measureJunk(setting: Setting): Promise<JunkReport> {
  const programs = compilePrograms(setting.scratch.newFolder());
  return Wires.with(async (wires) => {
    const bench = { ...setting, wires, programs };
    const sieve = await isSieveOffered(await wires.add(), setting.scratch.newFolder());
    const places = [];
    for (const column of columnsOf(setting.mode, sieve)) places.push({ column, wire: await wires.add() });
    setting.progress('junk: start all that it is sent to');
    // A start is not measured here, so all may start at once.
    const lanes = await Promise.all(
      places.map(async ({ column, wire }): Promise<Lane> => ({
        column,
        target: await startColumn(bench, column, wire),
      })),
    );
    const rows = await measureRows(bench, lanes);
    for (const { target } of lanes) await target.process.stop();
    const texts = setting.mode === 'short' || fwknopVersion() === undefined ? [] : await measureTexts(bench);
    return {
      ...{
        rounds: setting.rounds,
        columns: lanes.map(({ column }) => column),
        rows,
        texts,
        textLoad: TEXT_LOAD,
        sieve,
      },
      ...{ fwknopd: fwknopVersion(), knockd: knockdVersion() },
    };
  });
}

function columnsOf(mode: Setting['mode'], sieve: boolean): Column[] {
  const counts = mode === 'short' ? [1, 1000] : [1, 100, 10_000];
  const spads = (kind: 'pcap' | 'nflog'): Column[] => counts.map((clients) => ({ kind, clients }));
  return [
    { kind: 'reader', clients: 0 },
    { kind: 'callback', clients: 0 },
    ...spads('pcap'),
    ...(sieve ? spads('nflog').slice(0, mode === 'short' ? 1 : undefined) : []),
    ...(mode === 'short' || knockdVersion() === undefined ? [] : [{ kind: 'knockd' as const, clients: 1 }]),
  ];
}

async function startColumn({ programs, scratch }: Bench, { kind, clients }: Column, wire: Wire): Promise<Target> {
  switch (kind) {
    case 'reader':
      return startReader(wire, programs['pcap-reader']);
    case 'callback':
      return startCallback(wire);
    case 'knockd': {
      const knocker = startKnocker({ name: 'knockd', host: wire.host }, scratch.newFolder());
      const { process } = knocker;
      await waitUntilListening(knocker);
      await settle(process.pid);
      return {
        wire,
        process,
        genuine: () => Promise.resolve(new Uint8Array()),
        seen: () => Promise.resolve(undefined),
      };
    }
    case 'pcap':
    case 'nflog': {
      const contender = spad(kind, wire.host, wire.client, { others: clients - 1 });
      return startDaemon(wire, contender, scratch.newFolder(), portRange(1));
    }
  }
}

async function measureRows(bench: Bench, lanes: readonly Lane[]): Promise<JunkRow[]> {
  const { mode, rounds, progress, quiet } = bench;
  const nobody = await bench.wires.add();
  const kinds = mode === 'short' ? (['random', 'wrong-mac'] as const) : JUNK_KINDS;
  const rows = kinds.map((kind) => ({
    kind,
    load: loadOf(kind, mode),
    costs: lanes.map((): Cost[] => []),
    nobody: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { kind, load, costs, nobody: alone } of rows) {
      progress(`junk, round ${String(round + 1)} of ${String(rounds)}: ${kind}`);
      for (const [turn] of lanes.entries()) {
        // Each round begins with another one.
        const index = (turn + round) % lanes.length;
        const lane = lanes[index];
        if (lane === undefined || !isAsked(lane.column, kind)) continue;
        // Code that has not run yet is slow.
        if (round === 0) await costOf(bench, lane.target, kind, { ...load, count: load.count / 4 });
        costs[index]?.push(await quiet.measure(() => costOf(bench, lane.target, kind, load)));
      }
      const sender = new JunkSender(bench.programs['junk-sender'], nobody);
      const { microseconds } = await sender.send(floodOf(kind, new Uint8Array(176), load), load.count);
      alone.push(microseconds);
    }
  }
  return rows;
}

/** knockd looks at ports alone, so that one kind of junk is like any other. */
const isAsked = ({ kind }: Column, junk: JunkKind): boolean => kind !== 'knockd' || junk === 'other-port';

function loadOf(kind: JunkKind, mode: Setting['mode']): Load {
  const rate = kind === 'replay' ? REPLAY_RATE : FLOOD_RATE;
  return { count: mode === 'short' ? rate / 4 : rate, rate };
}

const floodOf = (kind: JunkKind, genuine: Uint8Array, { rate }: Load): Flood => ({
  junk: junkOf(kind, genuine),
  sources: 1,
  rate,
});

async function costOf({ programs }: Bench, target: Target, kind: JunkKind, load: Load): Promise<Cost> {
  const sender = new JunkSender(programs['junk-sender'], target.wire);
  const flood = floodOf(kind, await target.genuine(), load);
  const seenBefore = await target.seen();
  await waitUntilIdle(target.process.pid, DRAIN_TIMEOUT_MS);
  const before = processorMs(target.process.pid);
  const sent = await sender.send(flood, load.count);
  await waitUntilIdle(target.process.pid, DRAIN_TIMEOUT_MS);
  const used = processorMs(target.process.pid) - before;
  const seenAfter = await target.seen();
  return {
    microseconds: (used * 1000) / sent.packets,
    seen: seenBefore === undefined || seenAfter === undefined ? undefined : (seenAfter - seenBefore) / sent.packets,
    sender: sent.microseconds,
  };
}

/** fwknop's form, to daemons with fwknop's stanzas. */
async function measureTexts(bench: Bench): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  for (const stanzas of TEXT_STANZAS) {
    const [ours, theirs] = [await bench.wires.add(), await bench.wires.add()];
    const options = { others: stanzas - 1 };
    const contenders = [
      { wire: ours, contender: spadFwknop('pcap', ours.host, ours.client, options), samples: [] as number[] },
      {
        ...{ wire: theirs, samples: [] as number[] },
        contender: fwknopd('pcap', theirs.host, theirs.client, { ...options, quiet: true }),
      },
    ] as const;
    const targets: Target[] = [];
    for (const { wire, contender } of contenders)
      targets.push(await startDaemon(wire, contender, bench.scratch.newFolder(), portRange(1)));
    for (let round = 0; round < bench.rounds; round++) {
      bench.progress(
        `junk, fwknop's stanzas, ${String(stanzas)}, round ${String(round + 1)} of ${String(bench.rounds)}`,
      );
      for (const [index, target] of targets.entries()) {
        const cost = await bench.quiet.measure(() => textCost(bench, target));
        contenders[index]?.samples.push(cost);
      }
    }
    for (const target of targets) await target.process.stop();
    rows.push({ stanzas, spad: contenders[0].samples, fwknopd: contenders[1].samples });
  }
  return rows;
}

async function textCost({ programs }: Bench, { wire, process }: Target): Promise<number> {
  const before = processorMs(process.pid);
  const sender = new JunkSender(programs['junk-sender'], wire);
  const { packets } = await sender.send(floodOf('text', new Uint8Array(), TEXT_LOAD), TEXT_LOAD.count);
  await waitUntilIdle(process.pid, DRAIN_TIMEOUT_MS);
  return ((processorMs(process.pid) - before) * 1000) / packets;
}
