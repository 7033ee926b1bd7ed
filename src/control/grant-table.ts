/** The live grants as a table for people. */
import { printable } from '../base/printable.ts';
import { formatDuration, seconds } from '../base/units.ts';
import type { ShownGrant } from './response.ts';

const HEAD = ['STANZA', 'ADDRESS', 'PORTS', 'FORWARD', 'UNTIL', 'LEFT'] as const;

/** Lines of equal columns, those of the head first; `FORWARD` is there only where a grant forwards. */
export const grantTable = (grants: readonly ShownGrant[]): readonly string[] => {
  const rows = [HEAD, ...grants.map(cells)];
  const forwards = grants.some(({ forward }) => forward !== undefined);
  const columns = [...HEAD.keys()].filter((column) => forwards || HEAD[column] !== 'FORWARD');
  const widths = columns.map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    columns
      .map((column, index) => (row[column] ?? '').padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

const cells = ({ stanza, address, ports, forward, until, left }: ShownGrant): readonly string[] =>
  [
    ...[stanza, address, ports.join(', '), forward ?? '-', `${until.slice(0, 19).replace('T', ' ')} UTC`],
    formatDuration(seconds(Math.ceil(left / 1000))),
  ].map((text) => printable(text));
