/** The question "firewall". */
import type { Question } from '../question.ts';
import { measureFirewalls } from './measure.ts';
import { firewallPlot, firewallTables } from './table.ts';

export const FIREWALL: Question = {
  name: 'firewall',
  summary:
    'the back-ends: to open, extend and close one grant beside 10 to 100 000, and what each adds to a new connection; ' +
    'needs a C compiler',
  ask: async (setting) => {
    const report = await measureFirewalls(setting);
    return { tables: firewallTables(report), plots: [firewallPlot(report)], figures: report };
  },
};
