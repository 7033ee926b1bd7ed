/** The question "fwknop": spad and the real fwknopd, both with fwknop's stanzas and packets, in turns. See docs/performance.md. */
import { junkText } from './junk-text.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../test/support/host.ts';
import type { Arena } from '../arena.ts';
import {
  type Contender,
  type Daemon,
  type FwknopDaemon,
  type Ports,
  portRange,
  SPA_PORT,
} from '../daemons/contender.ts';
import { fwknopd } from '../daemons/fwknopd.ts';
import { spadFwknop } from '../daemons/spad-fwknop.ts';
import { withDaemon } from '../daemons/with-daemon.ts';
import { BURST_OPEN_FOR, measureBurst } from './burst.ts';
import {
  type BurstLine,
  FLOOD_RATE,
  type FloodLine,
  type FwknopReport,
  type FwknopSize,
  type JunkRow,
  SIZES,
} from './report.ts';
import { LOUD } from '../junk.ts';
import { processorMs, waitUntilIdle } from '../knock-usage.ts';
import { measureLatency } from '../latency/measure.ts';
import { startEcho } from '../probe/probe.ts';
import type { Setting } from '../question.ts';
import { summarize } from '../summary.ts';
import { compileTextSender, TextSender } from '../text-sender.ts';

const HONEST_TIMEOUT_MS = 1000;
const SETTLE_MS = 1000;
const DRAIN_TIMEOUT_MS = 30_000;
const TEXTS = 512;

export type FwknopSetting = Setting & Pick<Arena, 'client' | 'hosts' | 'probe'>;

type Bench = FwknopSetting & {
  readonly size: FwknopSize;
  readonly program: string;
};

export async function measureFwknop(setting: FwknopSetting): Promise<FwknopReport> {
  const size = SIZES[setting.mode];
  const bench = { ...setting, size, program: compileTextSender(setting.scratch.newFolder()) };
  const names = contendersOf(bench, {}).map(({ name }) => name);
  const junk = await measureJunk(bench);
  const burst = await measureBursts(bench);
  const floods = await measureFloods(bench);
  const latency = await measureLatency({ ...bench, contenders: contendersOf(bench, {}) });
  return { rounds: bench.rounds, size, names, junk, burst, floods, latency };
}

interface Stanzas {
  readonly others?: number;
  readonly quiet?: boolean;
  readonly openForSeconds?: number;
}

/** Capturing first, then on sockets. */
function contendersOf({ hosts, client, size }: Bench, options: Stanzas): readonly Contender<FwknopDaemon>[] {
  const captures = size.sockets ? (['pcap', 'udp'] as const) : (['pcap'] as const);
  const { spad, fwknopd: peers } = hosts;
  return [
    ...captures.map((capture, index) => spadFwknop(capture, spad[index] ?? spad[0], client, options)),
    ...(peers === undefined
      ? []
      : captures.map((capture, index) => fwknopd(capture, peers[index] ?? peers[0], client, options))),
  ];
}

const senderTo = (bench: Bench, host: Host): Promise<TextSender> =>
  TextSender.between(bench.program, bench.scratch.newFolder(), bench.client, host);

const junkTexts = (): readonly string[] => Array.from({ length: TEXTS }, junkText);

async function measureJunk(bench: Bench): Promise<JunkRow[]> {
  const rows: JunkRow[] = [];
  for (const load of bench.size.junk) {
    const contenders = contendersOf(bench, { others: load.stanzas - 1, quiet: true });
    const samples = contenders.map((): number[] => []);
    const flooded: number[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      for (const [turn] of contenders.entries()) {
        // Each round begins with another daemon.
        const index = (turn + round) % contenders.length;
        const contender = contenders[index];
        if (contender === undefined) continue;
        bench.progress(`fwknop, ${load.stanzas} stanzas, round ${round + 1} of ${bench.rounds}: ${contender.name}`);
        const sender = await senderTo(bench, contender.host);
        await withDaemon(bench.scratch, contender, portRange(1), async (daemon) => {
          await junkCost(daemon, sender, { count: Math.ceil(load.count / 4), rate: load.rate });
          samples[index]?.push(await bench.quiet.measure(() => junkCost(daemon, sender, load)));
          const flood = { count: bench.size.floodPackets, rate: FLOOD_RATE };
          if (index === 0) flooded.push(await bench.quiet.measure(() => junkCost(daemon, sender, flood)));
        });
      }
    }
    const medians = samples.map((sample) => summarize(sample).median);
    rows.push({ stanzas: load.stanzas, microseconds: medians, flooded: summarize(flooded).median });
  }
  return rows;
}

/** Microseconds on a processor per datagram sent, of all that the daemon consists of. */
async function junkCost(
  { process }: Daemon,
  sender: TextSender,
  { count, rate }: { readonly count: number; readonly rate: number },
): Promise<number> {
  const before = processorMs(process.pid);
  await sender.send({ source: LOUD, texts: junkTexts(), count, rate });
  await waitUntilIdle(process.pid, DRAIN_TIMEOUT_MS);
  return ((processorMs(process.pid) - before) * 1000) / count;
}

async function measureBursts(bench: Bench): Promise<BurstLine[]> {
  const lines: BurstLine[] = [];
  if (bench.size.burst === 0) return lines;
  for (const contender of contendersOf(bench, { openForSeconds: BURST_OPEN_FOR, quiet: true })) {
    bench.progress(`fwknop, ${bench.size.burst} genuine packets at once: ${contender.name}`);
    lines.push({ name: contender.name, ...(await measureBurst(bench, contender, bench.size.burst)) });
  }
  return lines;
}

async function measureFloods(bench: Bench): Promise<FloodLine[]> {
  const { honest } = bench.size;
  const ports = portRange(4 * honest + 1);
  const lines: FloodLine[] = [];
  for (const stanzas of bench.size.floodStanzas) {
    for (const contender of contendersOf(bench, { others: stanzas - 1, quiet: true }).filter(({ name }) =>
      name.endsWith('pcap'),
    )) {
      const echo = await startEcho(contender.host, ports.first, ports.last);
      const sender = await senderTo(bench, contender.host);
      await withDaemon(bench.scratch, contender, ports, async (daemon) => {
        const packets = await daemon.packets(Array.from({ length: 4 * honest + 1 }, (_, index) => ports.first + index));
        const lane = { bench, contender, sender, ports, texts: packets.map((packet) => Buffer.from(packet())) };
        await shoot(lane, 4 * honest, 'known');
        for (const [index, flood] of (['one source', 'forged sources'] as const).entries()) {
          bench.progress(`fwknop, ${stanzas} stanzas, flood of ${flood}: ${contender.name}`);
          lines.push({ name: contender.name, stanzas, flood, ...(await underFlood(lane, flood, 2 * honest * index)) });
        }
      });
      await echo.stop();
    }
  }
  return lines;
}

interface Lane {
  readonly bench: Bench;
  readonly contender: Contender;
  readonly sender: TextSender;
  readonly ports: Ports;
  readonly texts: readonly Buffer[];
}

/** Genuine packets from place `first` on: first of the client that is known, then of as many strangers. */
async function underFlood(
  lane: Lane,
  flood: FloodLine['flood'],
  first: number,
): Promise<Pick<FloodLine, 'known' | 'strangers' | 'perSecond'>> {
  const { honest } = lane.bench.size;
  const source = flood === 'one source' ? LOUD : 'random';
  const { result, perSecond } = await lane.sender.during({ source, texts: junkTexts(), rate: FLOOD_RATE }, async () => {
    await sleep(2 * SETTLE_MS);
    const opened = { known: 0, strangers: 0 };
    for (let index = 0; index < honest; index++) {
      if (await shoot(lane, first + index, 'known')) opened.known++;
      if (await shoot(lane, first + honest + index, 'stranger')) opened.strangers++;
    }
    return opened;
  });
  return { ...result, perSecond };
}

/** Whether the packet of that number opens its port in time. A stranger's comes from a network that was never seen. */
async function shoot(lane: Lane, number: number, from: 'known' | 'stranger'): Promise<boolean> {
  const { bench, contender, sender, ports, texts } = lane;
  const text = texts[number] ?? Buffer.alloc(0);
  if (from === 'stranger')
    await sender.send({ source: `203.0.${number}.9`, texts: [text.toString('latin1')], count: 1, rate: 0 });
  const { latencyMs } = await bench.probe.shoot({
    ...{ address: contender.host.address4, spaPort: SPA_PORT, port: ports.first + number },
    ...{ packet: from === 'known' ? text.toString('base64') : '', timeoutMs: HONEST_TIMEOUT_MS },
  });
  return latencyMs !== null;
}
