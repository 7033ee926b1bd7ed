/** The question "start": how long until the daemon is ready, and what memory it takes. See docs/performance.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../test/support/host.ts';
import type { Arena } from '../arena.ts';
import { type Contender, type Daemon, portRange, SPA_PORT } from '../daemons/contender.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { residentMegabytes } from '../memory.ts';
import type { Setting } from '../question.ts';
import { type Summary, summarize } from '../summary.ts';

/** Genuine packets between the two looks at the memory. */
const PACKETS = { short: 100, full: 1000 } as const;
/** 200 packets a second, which no daemon here loses. */
const EVERY_MS = 5;
const READY_TIMEOUT_MS = 10_000;
/** After "ready", and after the packets: what was begun then is done by now. */
const SETTLE_MS = { short: 500, full: 1000 } as const;
const HANDLED_TIMEOUT_MS = 15_000;

export interface StartLine {
  readonly name: string;
  /** From the command to the line that says "ready", in milliseconds. */
  readonly ready: Summary;
  /** Resident megabytes of each process, medians: for spad the authorizer, then the receiver. */
  readonly memoryReady: readonly number[];
  readonly memoryAfter: readonly number[];
  /** Of the packets of all starts, the share that the daemon's own files tell of. */
  readonly handledShare: number;
}

export interface StartReport {
  readonly starts: number;
  /** Genuine packets of each start. */
  readonly packets: number;
  /** What `ip netns exec` takes to start a program that does nothing, in milliseconds: part of each start. */
  readonly namespaceEntry: Summary;
  readonly lines: readonly StartLine[];
}

export type StartSetting = Setting & Pick<Arena, 'contenders' | 'probe'>;

interface Observation {
  readonly readyMs: number;
  readonly memoryReady: readonly number[];
  readonly memoryAfter: readonly number[];
  readonly handled: number;
}

export async function measureStarts(setting: StartSetting): Promise<StartReport> {
  const { contenders, starts, progress } = setting;
  const packets = PACKETS[setting.mode];
  const seen = contenders.map((contender) => ({ contender, observations: [] as Observation[] }));
  const entries: number[] = [];
  for (let turn = 0; turn < starts; turn++) {
    for (const { contender, observations } of seen) {
      progress(`start ${turn + 1} of ${starts}: ${contender.name}`);
      entries.push(await timeOfNothing(contender.host));
      observations.push(await setting.quiet.measure(() => observe(setting, contender, packets)));
    }
  }
  const lines = seen.map(({ contender, observations }) => conclude(contender.name, observations, packets));
  return { starts, packets, namespaceEntry: summarize(entries), lines };
}

async function observe(setting: StartSetting, contender: Contender, count: number): Promise<Observation> {
  const daemon = await contender.start(setting.scratch.newFolder(), portRange(count));
  try {
    await daemon.process.waitForLine(daemon.ready, READY_TIMEOUT_MS);
    const readyMs = performance.now() - daemon.startedAt;
    await sleep(SETTLE_MS[setting.mode]);
    const memoryReady = residentMegabytes(daemon.process.pid);
    const sources = await daemon.manyPackets(count);
    const packets = sources.map((packet) => Buffer.from(packet()).toString('base64'));
    const address = contender.host.address4;
    await setting.probe.fire({ address, spaPort: SPA_PORT, packets, everyMs: EVERY_MS });
    await waitUntilHandled(daemon, count);
    await sleep(SETTLE_MS[setting.mode]);
    const memoryAfter = residentMegabytes(daemon.process.pid);
    return { readyMs, memoryReady, memoryAfter, handled: daemon.handled() };
  } finally {
    await daemon.process.stop();
  }
}

/** Gives up in silence: the share of the packets that were handled is part of the answer. */
async function waitUntilHandled(daemon: Daemon, count: number): Promise<void> {
  const deadline = performance.now() + HANDLED_TIMEOUT_MS;
  while (daemon.handled() < count && performance.now() < deadline) await sleep(100);
}

async function timeOfNothing(host: Host): Promise<number> {
  const begin = performance.now();
  await host.run('true', [], { env: QUIET_ENVIRONMENT });
  return performance.now() - begin;
}

function conclude(name: string, observations: readonly Observation[], packets: number): StartLine {
  return {
    name,
    ready: summarize(observations.map((one) => one.readyMs)),
    memoryReady: medians(observations.map((one) => one.memoryReady)),
    memoryAfter: medians(observations.map((one) => one.memoryAfter)),
    handledShare: observations.reduce((sum, one) => sum + one.handled, 0) / (observations.length * packets),
  };
}

/** The median of each process by itself. */
function medians(samples: readonly (readonly number[])[]): number[] {
  const [first = []] = samples;
  return first.map((_, index) => summarize(samples.map((sample) => sample[index] ?? Number.NaN)).median);
}
