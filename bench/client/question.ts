/** The question "client": how long one call of a client takes, from its command to its end. See docs/performance.md. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtFile, repositoryRoot } from '../../test/support/paths.ts';
import { Lab } from '../../test/support/lab.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Question, Setting } from '../question.ts';
import { type Summary, summarize } from '../summary.ts';
import type { Bars } from '../plot/plot.ts';
import { figure, type Table } from '../table.ts';

const CALLS = { short: 5, full: 40 } as const;
const TIMEOUT_MS = 120_000;

interface ClientLine {
  readonly name: string;
  /** Milliseconds. */
  readonly time: Summary;
}

interface ClientReport {
  readonly calls: number;
  /** `node -e 0` is the first. */
  readonly lines: readonly ClientLine[];
}

interface Call {
  readonly name: string;
  readonly words: readonly string[];
}

export const CLIENT: Question = {
  name: 'client',
  summary: 'one call of spa-client, from the command to its end, beside `node -e 0`, fwknop and knock',
  ask: async (setting) => {
    const report = await measureClients(setting);
    return { tables: [clientTable(report)], plots: [clientPlot(report)], figures: report };
  },
};

async function measureClients({ quiet, scratch, progress, mode }: Setting): Promise<ClientReport> {
  const lab = await Lab.create({ hosts: ['client', 'server'] });
  try {
    const calls = CALLS[mode];
    const folder = scratch.newFolder();
    const commands = callsTo(lab.host('server').address4, folder);
    progress(`client: ${commands.map(({ name }) => name).join(', ')}`);
    const text = await quiet.measure(() =>
      lab.host('client').run(process.execPath, [builtFile('bench/client/runner.js'), String(calls)], {
        ...{ env: { ...QUIET_ENVIRONMENT, HOME: folder }, timeoutMs: TIMEOUT_MS },
        input: JSON.stringify(commands.map(({ words }) => words)),
      }),
    );
    const times = JSON.parse(text) as readonly (readonly number[])[];
    return { calls, lines: commands.map(({ name }, index) => ({ name, time: summarize(times[index] ?? []) })) };
  } finally {
    await lab.close();
  }
}

/** Those that are installed; each sends one packet, or three knocks, to the same address. */
function callsTo(address: string, folder: string): Call[] {
  const key = join(folder, 'key');
  writeFileSync(key, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const secrets = [
    ...['--key-base64-rijndael', randomBytes(32).toString('base64')],
    ...['--use-hmac', '--key-base64-hmac', randomBytes(64).toString('base64')],
  ];
  const fwknop = ['--no-rc-file', '--no-save-args', '-a', '192.0.2.7', '-A', 'tcp/22', '-D', address, ...secrets];
  const calls: Call[] = [
    { name: 'node -e 0', words: [process.execPath, '-e', '0'] },
    {
      name: 'spa-client',
      words: [
        process.execPath,
        program('spa-client'),
        '--server',
        'gw1',
        '--key-file',
        key,
        '-A',
        'tcp/22',
        '--no-reply',
        address,
      ],
    },
    { name: 'knock, ours', words: [process.execPath, program('knock'), address, '7001', '7002', '7003'] },
    { name: 'fwknop, ours', words: [process.execPath, program('fwknop'), ...fwknop] },
    { name: 'fwknop', words: ['fwknop', ...fwknop] },
    { name: 'knock', words: ['knock', address, '7001', '7002', '7003'] },
  ];
  return calls.filter(({ words }) => spawnSync('sh', ['-c', `command -v "$1"`, 'sh', words[0] ?? '']).status === 0);
}

/** What npm puts on the path under this name. */
function program(name: string): string {
  const { bin } = JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>;
  };
  return join(repositoryRoot(), bin[name] ?? '');
}

function clientTable({ calls, lines }: ClientReport): Table {
  const [base] = lines;
  return {
    title: `Client: one call, from the command to its end; ${calls} calls of each, in turns`,
    head: ['program', 'median ms', 'min ms', 'max ms', 'ratio'],
    rows: lines.map(({ name, time: { median, min, max } }) => [
      ...[name, ...[median, min, max].map(figure)],
      base === undefined ? '–' : `${figure(median / base.time.median)}×`,
    ]),
    notes: [],
  };
}

function clientPlot({ lines }: ClientReport): Bars {
  return {
    name: 'client',
    title: 'Client: one call, from the command to its end',
    description:
      'Milliseconds that one call takes of our clients, of Node alone and of the real fwknop and knock: the median, the least and the most.',
    axis: { label: 'milliseconds', scale: 'linear' },
    bars: lines.map(({ name, time: { median, min, max } }) => ({ name, value: median, low: min, high: max })),
  };
}
