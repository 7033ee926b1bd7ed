/** The question "delay": how long the authorizer lets a question at its control socket wait. See docs/performance.md. */
import { join } from 'node:path';
import { builtFile } from '../../test/support/paths.ts';
import { type Arena, withArena } from '../arena.ts';
import { type Contender, portRange, SPA_PORT } from '../daemons/contender.ts';
import { withDaemon } from '../daemons/with-daemon.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import { LOUD, rightSizeJunk } from '../junk.ts';
import type { Question, Setting } from '../question.ts';
import { type Summary, summarize } from '../summary.ts';
import type { Bars } from '../plot/plot.ts';
import { figure, type Table } from '../table.ts';
import { compileTextSender, TextSender } from '../text-sender.ts';

const ASKED = { short: 50, full: 500 } as const;
const EVERY_MS = 20;
const JUNK_RATE = 50_000;
/** A genuine packet every other millisecond, for about as long as is asked. */
const GENUINE_EVERY_MS = 2;
const PATIENCE_MS = 60_000;

interface DelayLine {
  readonly during: string;
  /** Milliseconds. */
  readonly delay: Summary;
}

interface DelayReport {
  readonly asked: number;
  readonly lines: readonly DelayLine[];
}

type Place = Setting & Arena & { readonly program: string };

export const DELAY: Question = {
  name: 'delay',
  summary:
    "how long spad's authorizer lets a question at its control socket wait: with nothing to do, and during genuine " +
    'packets and junk; needs a C compiler',
  ask: async (setting) => {
    const report = await withArena((arena) => measureDelays({ ...setting, ...arena }));
    return { tables: [delayTable(report)], plots: [delayPlot(report)], figures: report };
  },
};

async function measureDelays(setting: Setting & Arena): Promise<DelayReport> {
  const place = { ...setting, program: compileTextSender(setting.scratch.newFolder()) };
  const asked = ASKED[setting.mode];
  const [contender] = setting.contenders;
  if (contender === undefined) throw new Error('there is no spad here');
  const genuine = 2 * asked * (EVERY_MS / GENUINE_EVERY_MS);
  const lines = await withDaemon(setting.scratch, contender, portRange(genuine), async (daemon, folder) => {
    const ask = (during: string): Promise<Summary> => {
      setting.progress(`delay: during ${during}`);
      return answers(place, join(folder, 'state', 'control.sock'), asked);
    };
    await ask('warming up');
    const packets = (await daemon.manyPackets(genuine)).map((packet) => Buffer.from(packet()).toString('base64'));
    const nothing = await setting.quiet.measure(() => ask('nothing'));
    const junk = await setting.quiet.measure(() => duringJunk(place, contender, () => ask('junk')));
    const volley = { address: contender.host.address4, spaPort: SPA_PORT, packets, everyMs: GENUINE_EVERY_MS };
    const sent = setting.probe.fire(volley);
    const packetsDelay = await ask('genuine packets');
    await sent;
    return [
      { during: 'nothing', delay: nothing },
      { during: `${1000 / GENUINE_EVERY_MS} genuine packets a second`, delay: packetsDelay },
      { during: `${JUNK_RATE} junk packets a second`, delay: junk },
    ];
  });
  return { asked, lines };
}

async function answers({ client }: Place, socket: string, asked: number): Promise<Summary> {
  const words = [builtFile('bench/delay/asker.js'), socket, String(EVERY_MS), String(asked)];
  const text = await client.run(process.execPath, words, { env: QUIET_ENVIRONMENT, timeoutMs: PATIENCE_MS });
  return summarize(JSON.parse(text) as number[]);
}

async function duringJunk(place: Place, { host }: Contender, ask: () => Promise<Summary>): Promise<Summary> {
  const sender = await TextSender.between(place.program, place.scratch.newFolder(), place.client, host);
  return (await sender.during({ source: LOUD, texts: rightSizeJunk(), rate: JUNK_RATE }, ask)).result;
}

function delayTable({ asked, lines }: DelayReport): Table {
  return {
    title: `Delay: a question at spad's control socket, from asking to the answer; ${asked} each, one every ${EVERY_MS} ms`,
    head: ['during', 'p50 ms', 'p99 ms', 'max ms'],
    rows: lines.map(({ during, delay: { median, p99, max } }) => [during, ...[median, p99, max].map(figure)]),
    notes: [],
  };
}

function delayPlot({ lines }: DelayReport): Bars {
  return {
    name: 'delay',
    title: 'Delay: an answer of the control socket',
    description:
      'Milliseconds from asking to the answer with nothing to do, during genuine packets and during junk: the median, and what 99 of 100 do not exceed.',
    axis: { label: 'milliseconds: the median, and to the 99th of 100', scale: 'linear' },
    bars: lines.map(({ during, delay: { median, p99 } }) => ({ name: during, value: median, low: median, high: p99 })),
  };
}
