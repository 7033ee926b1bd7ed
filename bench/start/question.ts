/** The question "start". */
import { withArena } from '../arena.ts';
import type { Question } from '../question.ts';
import { measureStarts } from './measure.ts';
import { startPlot, startTable } from './table.ts';

export const START: Question = {
  name: 'start',
  summary: 'from the command to "ready", and the memory then and after genuine packets',
  ask: async (setting) => {
    const report = await withArena((arena) => measureStarts({ ...setting, ...arena }));
    return { tables: [startTable(report)], plots: [startPlot(report)], figures: report };
  },
};
