/** The question "scale": what more clients cost. See docs/performance.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { builtFile } from '../../test/support/paths.ts';
import type { Arena } from '../arena.ts';
import { type Contender, portRange } from '../daemons/contender.ts';
import { fwknopd } from '../daemons/fwknopd.ts';
import { spad } from '../daemons/spad.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { LOUD, rightSizeJunk } from '../junk.ts';
import { processorMs, waitUntilIdle } from '../knock-usage.ts';
import { residentMegabytes } from '../memory.ts';
import type { Setting } from '../question.ts';
import { type Summary, summarize } from '../summary.ts';
import { compileTextSender, TextSender } from '../text-sender.ts';
import type { RotationResult } from './rotation.ts';

const CLIENTS = {
  short: { spad: [1, 10_000], fwknopd: [1, 1000] },
  full: { spad: [1, 100, 1000, 10_000, 100_000], fwknopd: [1, 100, 1000] },
} as const;
/** Junk of the right size, by which a rejection's cost is measured; the short look leaves it to the question "junk". */
const JUNK = { short: 0, full: 100_000 } as const;
const JUNK_RATE = 20_000;
/** As the daemon's default: `max_age` in milliseconds. */
const MAX_AGE = 120_000;
const READY_TIMEOUT_MS = 120_000;
const SETTLE_MS = 1000;
const DRAIN_TIMEOUT_MS = 30_000;

export interface ScaleLine {
  readonly name: string;
  readonly clients: number;
  /** Milliseconds from the command to "ready". */
  readonly ready: Summary;
  /** Megabytes of each process, medians. */
  readonly memory: readonly number[];
  /** Microseconds of processor for a packet of the right size that is nobody's; undefined where it was not asked. */
  readonly reject: Summary | undefined;
  readonly rotation: RotationResult | undefined;
}

export interface ScaleReport {
  readonly starts: number;
  readonly lines: readonly ScaleLine[];
}

type Place = Setting & Pick<Arena, 'client' | 'hosts'> & { readonly program: string };

interface Look {
  readonly ready: number;
  readonly memory: readonly number[];
  readonly reject: number | undefined;
}

export async function measureScale(setting: Setting & Pick<Arena, 'client' | 'hosts'>): Promise<ScaleReport> {
  const { scratch, client, hosts, mode, starts } = setting;
  const place = { ...setting, program: compileTextSender(scratch.newFolder()) };
  const lines: ScaleLine[] = [];
  for (const clients of CLIENTS[mode].spad) {
    const looks = await looksAt(place, spad('pcap', hosts.spad[0], client, { others: clients - 1 }), clients);
    const rotation = await setting.quiet.measure(() => rotate(place, clients));
    lines.push(conclude('spad', clients, looks, rotation));
  }
  for (const clients of hosts.fwknopd === undefined ? [] : CLIENTS[mode].fwknopd) {
    const contender = fwknopd('pcap', hosts.fwknopd?.[0] ?? client, client, { others: clients - 1 });
    lines.push(conclude('fwknopd', clients, await looksAt(place, contender, clients), undefined));
  }
  return { starts, lines };
}

async function looksAt(place: Place, contender: Contender, clients: number): Promise<Look[]> {
  const looks: Look[] = [];
  for (let start = 0; start < place.starts; start++) {
    place.progress(`scale: ${contender.name}, ${clients} clients, start ${start + 1} of ${place.starts}`);
    looks.push(await place.quiet.measure(() => look(place, contender)));
  }
  return looks;
}

async function look({ scratch, client, program, mode }: Place, contender: Contender): Promise<Look> {
  const daemon = await contender.start(scratch.newFolder(), portRange(1));
  const { pid } = daemon.process;
  try {
    await daemon.process.waitForLine(daemon.ready, READY_TIMEOUT_MS);
    const ready = performance.now() - daemon.startedAt;
    await sleep(SETTLE_MS);
    const memory = residentMegabytes(pid);
    if (contender.kind === 'fwknopd' || JUNK[mode] === 0) return { ready, memory, reject: undefined };
    const sender = await TextSender.between(program, scratch.newFolder(), client, contender.host);
    await sender.send({ source: LOUD, texts: rightSizeJunk(), count: JUNK_RATE / 4, rate: JUNK_RATE });
    await waitUntilIdle(pid, DRAIN_TIMEOUT_MS);
    const before = processorMs(pid);
    await sender.send({ source: LOUD, texts: rightSizeJunk(), count: JUNK[mode], rate: JUNK_RATE });
    await waitUntilIdle(pid, DRAIN_TIMEOUT_MS);
    return { ready, memory, reject: ((processorMs(pid) - before) * 1000) / JUNK[mode] };
  } finally {
    await daemon.process.stop();
  }
}

async function rotate({ client }: Place, clients: number): Promise<RotationResult> {
  const words = [builtFile('bench/scale/rotation.js'), String(clients), String(MAX_AGE)];
  const text = await client.run(process.execPath, words, { env: QUIET_ENVIRONMENT, timeoutMs: READY_TIMEOUT_MS });
  return JSON.parse(text) as RotationResult;
}

function conclude(
  name: string,
  clients: number,
  looks: readonly Look[],
  rotation: RotationResult | undefined,
): ScaleLine {
  const rejects = looks.flatMap(({ reject }) => reject ?? []);
  return {
    ...{ name, clients, rotation },
    ready: summarize(looks.map(({ ready }) => ready)),
    memory: (looks[0]?.memory ?? []).map(
      (_, index) => summarize(looks.map(({ memory }) => memory[index] ?? Number.NaN)).median,
    ),
    reject: rejects.length === 0 ? undefined : summarize(rejects),
  };
}
