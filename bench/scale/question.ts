/** The question "scale". */
import { withArena } from '../arena.ts';
import type { Question } from '../question.ts';
import { measureScale } from './measure.ts';
import { scalePlots, scaleTable } from './table.ts';

export const SCALE: Question = {
  name: 'scale',
  summary:
    'with 1 to 100 000 clients: the start, memory, the cost of a rejected packet, and how long the change of hints ' +
    'blocks; beside fwknopd with 1 to 1000 stanzas; needs a C compiler',
  ask: async (setting) => {
    const report = await withArena((arena) => measureScale({ ...setting, ...arena }));
    return { tables: [scaleTable(report)], plots: scalePlots(report), figures: report };
  },
};
