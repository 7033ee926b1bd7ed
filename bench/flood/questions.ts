/** The questions that need a flood. */
import type { Question } from '../question.ts';
import { measureJunk } from './junk-cost.ts';
import { junkPlots, junkTables } from './junk-table.ts';
import { measureMemory } from './memory.ts';
import { memoryPlot, memoryTable } from './memory-table.ts';
import { measureSurvival } from './survival.ts';
import { survivalPlots, survivalTable } from './survival-table.ts';

export const JUNK: Question = {
  name: 'junk',
  summary:
    'processor time per junk packet, by kind and by 1 to 10 000 clients, over two floors: a reader in C and an empty ' +
    'callback; needs a C compiler and libpcap-dev',
  ask: async (setting) => {
    const report = await measureJunk(setting);
    return { tables: junkTables(report), plots: junkPlots(report), figures: report };
  },
};

export const SURVIVAL: Question = {
  name: 'survival',
  summary:
    'honest packets that open within a second, and their latency, during 10 000 to 400 000 junk packets a second from a ' +
    'million sources; needs a C compiler and libpcap-dev',
  ask: async (setting) => {
    const report = await measureSurvival(setting);
    return { tables: [survivalTable(report)], plots: survivalPlots(report), figures: report };
  },
};

export const MEMORY: Question = {
  name: 'memory',
  summary:
    'resident memory before, during and after a flood from a million sources; needs a C compiler and libpcap-dev',
  ask: async (setting) => {
    const report = await measureMemory(setting);
    return { tables: [memoryTable(report)], plots: [memoryPlot(report)], figures: report };
  },
};
