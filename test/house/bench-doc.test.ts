/** The page about performance and the bench speak of the same questions. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { helpText, readOptions } from '../../bench/options.ts';
import { withSection } from '../../bench/page.ts';
import { QUESTIONS } from '../../bench/questions.ts';

const page = readFileSync('docs/performance.md', 'utf8');
const help = helpText(QUESTIONS);

test.each(QUESTIONS.map(({ name }) => name))('"%s" has its place in the page and its line in the help', (name) => {
  expect(page.split(`<!-- bench ${name}: begin -->\n`)).toHaveLength(2);
  expect(page.split(`<!-- bench ${name}: end -->\n`)).toHaveLength(2);
  expect(withSection(page, name, 'new')).toContain(`<!-- bench ${name}: begin -->\nnew\n<!-- bench ${name}: end -->`);
  expect(help).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\| \\S`, 'm'));
});

test('the page has no place for a question that nobody asks', () => {
  const places = [...page.matchAll(/<!-- bench (\S+): begin -->/g)].map(([, name]) => name);
  expect(places.sort()).toEqual(QUESTIONS.map(({ name }) => name).sort());
});

test('the page shows no plot that is not there', () => {
  for (const [, file = ''] of page.matchAll(/\]\((plots\/[^)]+)\)/g)) {
    expect(readFileSync(`docs/${file}`, 'utf8')).toContain('</svg>');
  }
});

test('the help fits into 120 columns', () => {
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
});

test('questions are asked in the order of the list, and with the sizes of the mode unless told', () => {
  const [first, second] = QUESTIONS;
  if (first === undefined || second === undefined) throw new Error('too few questions');
  const short = readOptions([second.name, first.name], QUESTIONS);
  expect(short.questions).toEqual([first, second]);
  expect(short).toMatchObject({ mode: 'short', rounds: 1 });
  expect(readOptions(['--full', '--rounds', '2'], QUESTIONS)).toMatchObject({
    ...{ mode: 'full', rounds: 2, questions: QUESTIONS },
  });
  expect(() => readOptions(['nothing'], QUESTIONS)).toThrow('there is no question "nothing"');
  expect(() => readOptions(['--rounds', '11'], QUESTIONS)).toThrow('--rounds takes a whole number from 1 to 10');
});
