/** One table, written for a terminal and for a Markdown page. */

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly notes: readonly string[];
}

export function asText(table: Table): string {
  const widths = columnWidths(table);
  const line = (cells: readonly string[]): string => `  ${pad(cells, widths).join('   ')}`.trimEnd();
  const rule = line(widths.map((width) => '─'.repeat(width)));
  const notes = table.notes.map((note) => `  ${note}`);
  return [table.title, '', line(table.head), rule, ...table.rows.map(line), '', ...notes, ''].join('\n');
}

export function asMarkdown(table: Table): string {
  const widths = columnWidths(table);
  const line = (cells: readonly string[]): string => `| ${pad(cells, widths).join(' | ')} |`;
  const rule = `|${widths.map((width, index) => (index === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const notes = table.notes.flatMap((note) => ['', note]);
  return [`**${table.title}**`, '', line(table.head), rule, ...table.rows.map(line), ...notes].join('\n');
}

function columnWidths(table: Table): number[] {
  return table.head.map((title, index) =>
    Math.max(title.length, ...table.rows.map((row) => row[index]?.length ?? 0), 3),
  );
}

/** Words to the left, figures to the right. */
function pad(cells: readonly string[], widths: readonly number[]): string[] {
  return widths.map((width, index) => {
    const cell = cells[index] ?? '';
    return index === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
}

/** `100 000`, a whole number. */
export const thousands = (count: number): string => String(Math.round(count)).replace(/(?=(?:\d{3})+$)(?<=\d)/g, ' ');

/** Three significant digits, which is more than a shared machine can tell. */
export function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}
