/** The question "throughput". */
import { withArena } from '../arena.ts';
import type { Question } from '../question.ts';
import { measureThroughput } from './measure.ts';
import { throughputPlot, throughputTable } from './table.ts';

export const THROUGHPUT: Question = {
  name: 'throughput',
  summary:
    'valid packets a second that are remembered on disk, granted and open in the firewall, spad beside fwknopd; needs a ' +
    'C compiler',
  ask: async (setting) => {
    const report = await withArena((arena) => measureThroughput({ ...setting, ...arena }));
    return { tables: [throughputTable(report)], plots: [throughputPlot(report)], figures: report };
  },
};
