/** The answer to "scale" as a table and plots. */
import type { Plot, Series } from '../plot/plot.ts';
import { figure, type Table, thousands } from '../table.ts';
import type { ScaleLine, ScaleReport } from './measure.ts';

const totalOf = ({ memory }: ScaleLine): number => memory.reduce((sum, one) => sum + one, 0);

export function scaleTable({ starts, lines }: ScaleReport): Table {
  return {
    title: `Scale: what more clients cost; ${starts} starts each, medians`,
    head: [
      'daemon',
      'clients',
      'ready ms',
      'MB',
      'µs a rejected packet',
      'longest block ms',
      'p99 ms',
      'hints at first ms',
    ],
    rows: lines.map(row),
    notes: [
      'spad: MB of authorizer and receiver; blocks are those of the receiver while hints change, in calls five times a second.',
    ],
  };
}

function row(line: ScaleLine): string[] {
  const { name, clients, ready, memory, reject, rotation } = line;
  const parts = memory.length < 2 ? '' : ` (${memory.map(figure).join(' + ')})`;
  const rotations =
    rotation === undefined ? ['–', '–', '–'] : [rotation.longest, rotation.p99, rotation.first].map(figure);
  const cost = reject === undefined ? '–' : figure(reject.median);
  return [name, thousands(clients), figure(ready.median), `${figure(totalOf(line))}${parts}`, cost, ...rotations];
}

export function scalePlots({ lines }: ScaleReport): readonly Plot[] {
  const names = [...new Set(lines.map(({ name }) => name))];
  const seriesOf = (point: (line: ScaleLine) => Omit<Series['points'][number], 'x'>): Series[] =>
    names.map((name) => ({
      name,
      points: lines.filter((line) => line.name === name).map((line) => ({ x: line.clients, ...point(line) })),
    }));
  const x = { label: 'clients', scale: 'log' } as const;
  return [
    {
      name: 'scale-start',
      title: 'From the command to "ready", by clients',
      description: 'Time from the start command to readiness over the number of clients, for spad and fwknopd.',
      x,
      y: { label: 'milliseconds', scale: 'log' },
      series: seriesOf(({ ready }) => ({ y: ready.median, low: ready.min, high: ready.max })),
    },
    {
      name: 'scale-memory',
      title: 'Resident memory, all processes, by clients',
      description: 'Resident memory of all processes over the number of clients, for spad and fwknopd.',
      x,
      y: { label: 'megabytes', scale: 'linear' },
      series: seriesOf((line) => ({ y: totalOf(line) })),
    },
  ];
}
