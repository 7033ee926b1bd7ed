/** The tables' place in docs/performance.md, between two comments that no reader of the page sees. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../test/support/paths.ts';

const PAGE = 'docs/performance.md';

/**
 * Replaces what is between the markers of each question.
 * @throws Error when the page lacks a marker.
 */
export function writePage(sections: ReadonlyMap<string, string>): string {
  const path = join(repositoryRoot(), PAGE);
  let page = readFileSync(path, 'utf8');
  for (const [question, text] of sections) page = withSection(page, question, text);
  // Written in place, so that a page written by root still belongs to whoever owns the repository.
  writeFileSync(path, page);
  return PAGE;
}

export function withSection(page: string, question: string, text: string): string {
  const begin = `<!-- bench ${question}: begin -->\n`;
  const end = `<!-- bench ${question}: end -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`${PAGE} lacks the comments around the table of "${question}"`);
  return `${page.slice(0, from + begin.length)}${text}\n${page.slice(to)}`;
}
