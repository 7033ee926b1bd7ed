/** The question "knock". */
import type { Question } from '../question.ts';
import { measureKnocks } from './measure.ts';
import { knockPlot, knockTable } from './table.ts';

export const KNOCK: Question = {
  name: 'knock',
  summary:
    'spad knockd beside knockd: from the last knock to the command, processor time per packet, knocks during a flood, ' +
    'memory after spoofed knocks; needs a C compiler',
  ask: async (setting) => {
    const report = await measureKnocks(setting);
    return { tables: [knockTable(report)], plots: [knockPlot(report)], figures: report };
  },
};
