/** The question "latency". */
import { withArena } from '../arena.ts';
import type { Question } from '../question.ts';
import { measureLatency } from './measure.ts';
import { latencyPlot, latencyTable } from './table.ts';

export const LATENCY: Question = {
  name: 'latency',
  summary: 'from an SPA packet sent to its port open, through a veth pair',
  ask: async (setting) => {
    const report = await withArena((arena) => measureLatency({ ...setting, ...arena }));
    return {
      tables: [latencyTable(report)],
      plots: [latencyPlot(report, 'latency', 'Latency: packet → port open')],
      figures: report,
    };
  },
};
