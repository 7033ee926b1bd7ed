/** The live grants as a table for people. */
import { plainTime } from '../base/instant.ts';
import { printable } from '../base/printable.ts';
import { formatDuration, seconds } from '../base/units.ts';
import type { ShownGrant } from './response.ts';
import { alignColumns } from '../base/columns.ts';

const HEAD = ['STANZA', 'ADDRESS', 'PORTS', 'FORWARD', 'UNTIL', 'LEFT'] as const;

/** Lines of equal columns, those of the head first; `FORWARD` is there only where a grant forwards. */
export const grantTable = (grants: readonly ShownGrant[]): readonly string[] => {
  const rows = [HEAD, ...grants.map(cells)];
  const forwards = grants.some(({ forward }) => forward !== undefined);
  const columns = [...HEAD.keys()].filter((column) => forwards || HEAD[column] !== 'FORWARD');
  return alignColumns(rows.map((row) => columns.map((column) => row[column] ?? '')));
};

const cells = ({ stanza, address, ports, forward, until, left }: ShownGrant): readonly string[] =>
  [
    ...[stanza, address, ports.join(', '), forward ?? '-', `${plainTime(until)} UTC`],
    formatDuration(seconds(Math.ceil(left / 1000))),
  ].map((text) => printable(text));
