/** The question "idle": what a daemon costs while nothing happens. See docs/performance.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena.ts';
import { withArena } from '../arena.ts';
import { portRange, startReady } from '../daemons/contender.ts';
import { processorMs } from '../knock-usage.ts';
import { type KnockerName, knockdVersion, startKnocker, waitUntilListening } from '../knock/daemons.ts';
import type { Question, Setting } from '../question.ts';
import type { Bars } from '../plot/plot.ts';
import type { Table } from '../table.ts';

/** How long nothing happens. */
const SECONDS = { short: 5, full: 60 } as const;
/** After the start: the authorizer's rehearsal is over, and code that is compiled in the background is compiled by now. */
const SETTLE_MS = { short: 8000, full: 90_000 } as const;

interface IdleLine {
  readonly name: string;
  /** Percent of one processor. */
  readonly percent: number;
}

interface IdleReport {
  readonly seconds: number;
  readonly lines: readonly IdleLine[];
}

interface Idler {
  readonly name: string;
  readonly process: { readonly pid: number; readonly stop: () => Promise<unknown> };
}

export const IDLE: Question = {
  name: 'idle',
  summary: 'processor time of spad, fwknopd and the knock daemons while nothing happens, over a minute (short: 5 s)',
  ask: async (setting) => {
    const report = await withArena((arena) => measureIdling(setting, arena));
    return { tables: [idleTable(report)], plots: [idlePlot(report)], figures: report };
  },
};

/** All at the same time, each in a host of its own: whoever idles is in nobody's way. */
async function measureIdling(setting: Setting, { contenders, hosts }: Arena): Promise<IdleReport> {
  const { scratch, progress, quiet, mode } = setting;
  const seconds = SECONDS[mode];
  const running: Idler[] = [];
  try {
    progress('idle: start all');
    for (const contender of contenders) {
      const daemon = await startReady(contender, scratch.newFolder(), portRange(1));
      running.push({ name: contender.name, process: daemon.process });
    }
    const knockers: readonly KnockerName[] =
      knockdVersion() === undefined ? ['spad knockd'] : ['knockd', 'spad knockd'];
    for (const name of knockers) {
      const knocker = startKnocker({ name, host: hosts.spad[1] }, scratch.newFolder());
      running.push({ name, process: knocker.process });
      await waitUntilListening(knocker);
    }
    await sleep(SETTLE_MS[mode]);
    progress(`idle: nothing happens for ${seconds} s`);
    const lines = await quiet.measure(async () => {
      const begin = performance.now();
      const before = running.map(({ process }) => processorMs(process.pid));
      await sleep(seconds * 1000);
      const passed = performance.now() - begin;
      return running.map(({ name, process }, index) => ({
        name,
        percent: ((processorMs(process.pid) - (before[index] ?? 0)) * 100) / passed,
      }));
    });
    return { seconds, lines };
  } finally {
    for (const { process } of running) await process.stop();
  }
}

function idleTable({ seconds, lines }: IdleReport): Table {
  return {
    title: `Idle: processor time over ${seconds} s without a packet`,
    head: ['daemon', '% of a core'],
    rows: lines.map(({ name, percent }) => [name, percent.toFixed(3)]),
    notes: [],
  };
}

function idlePlot({ lines }: IdleReport): Bars {
  return {
    name: 'idle',
    title: 'Idle: processor time without a packet',
    description: 'The share of a processor core that spad, fwknopd and the knock daemons use while nothing happens.',
    axis: { label: '% of a core', scale: 'linear' },
    bars: lines.map(({ name, percent }) => ({ name, value: percent })),
  };
}
