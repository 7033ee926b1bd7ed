/** The question "fwknop". */
import { withArena } from '../arena.ts';
import type { Question } from '../question.ts';
import { measureFwknop } from './measure.ts';
import { fwknopPlot, fwknopTables } from './table.ts';

export const FWKNOP: Question = {
  name: 'fwknop',
  summary:
    "spad beside fwknopd, both with fwknop's stanzas and packets: processor time per junk datagram at 1 to 5000 " +
    'stanzas, packets opened a second, during a flood, and the latency; needs a C compiler',
  ask: async (setting) => {
    const report = await withArena((arena) => measureFwknop({ ...setting, ...arena }));
    return { tables: fwknopTables(report), plots: [fwknopPlot(report)], figures: report };
  },
};
