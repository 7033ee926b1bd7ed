/** The answers' place in docs/performance.md, between two comments that no reader of the page sees, and the plots beside it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../test/support/paths.ts';
import { drawBars } from './plot/bars.ts';
import type { Drawing } from './plot/plot.ts';
import { drawPlot } from './plot/svg.ts';
import type { Answer } from './question.ts';
import { asMarkdown } from './table.ts';

const PAGE = 'docs/performance.md';
/** As the page names it. */
const PLOTS = 'plots';

/**
 * Replaces what is between the markers of a question, and writes its plots.
 * @param question its name
 * @param sentence what it was measured on
 * @returns the page's name
 * @throws Error when the page lacks a marker.
 */
export function writeAnswer(question: string, answer: Answer, sentence: string): string {
  const path = join(repositoryRoot(), PAGE);
  const page = withSection(readFileSync(path, 'utf8'), question, sectionText(answer, sentence));
  const folder = join(repositoryRoot(), 'docs', PLOTS);
  mkdirSync(folder, { recursive: true });
  for (const plot of answer.plots) writeFileSync(join(folder, `${plot.name}.svg`), draw(plot));
  // Written in place, so that a page written by root still belongs to whoever owns the repository.
  writeFileSync(path, page);
  return PAGE;
}

const draw = (drawing: Drawing): string => ('bars' in drawing ? drawBars(drawing) : drawPlot(drawing));

function sectionText({ tables, plots }: Answer, sentence: string): string {
  const pictures = plots.map(({ name, description }) => `![${description}](${PLOTS}/${name}.svg)`);
  return `\n${[...tables.map(asMarkdown), ...pictures, sentence].join('\n\n')}\n`;
}

export function withSection(page: string, question: string, text: string): string {
  const begin = `<!-- bench ${question}: begin -->\n`;
  const end = `<!-- bench ${question}: end -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`${PAGE} lacks the comments around the table of "${question}"`);
  return `${page.slice(0, from + begin.length)}${text}\n${page.slice(to)}`;
}
