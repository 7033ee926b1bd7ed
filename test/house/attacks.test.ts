/** SECURITY.md and test/attacks hold each other: each attack of the table has tests by its id, and each test a row. */
import { existsSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../support/paths.ts';
import { readText, type Source, under, visit } from './sources.ts';

/** `| A1 | attack | promise | limit | tests |` */
const rows = [...readText('SECURITY.md').matchAll(/^\| (A\d+) \|(.*)\|$/gm)].map(([, id = '', rest = '']) => {
  const cells = rest.split('|').map((cell) => cell.trim());
  return { id, cells, files: [...(cells.at(-1) ?? '').matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path) };
});

/** The names of a file's cases; `%s` in one stands for both formats. */
const namesIn = (source: Source): string[] => {
  const names: string[] = [];
  visit(source.tree, (node) => {
    if (!ts.isCallExpression(node) || !/^test\b|^testBoth\b/.test(node.expression.getText(source.tree))) return;
    const [name] = node.arguments;
    if (name !== undefined && ts.isStringLiteralLike(name)) names.push(name.text);
  });
  return names;
};

const NAME = /^(A\d+) (native|fwknop|both|knock|%s): ./;

const cases = under('test/attacks').flatMap((source) =>
  namesIn(source).map((name) => {
    const [, id = '', format = ''] = NAME.exec(name) ?? [];
    return {
      path: source.path,
      name,
      id,
      formats: format === '%s' || format === 'both' ? ['native', 'fwknop'] : [format],
    };
  }),
);

/** Attacks that there are on one format alone, or on doors. */
const ONE: Readonly<Record<string, readonly string[]>> = { A14: ['knock'], A18: ['fwknop'] };

describe('the attacks of SECURITY.md', () => {
  test('are numbered from A1 on, each with attack, promise, limit and tests', () => {
    expect(rows.map(({ id }) => id)).toEqual(
      Array.from({ length: rows.length }, (_, index) => `A${String(index + 1)}`),
    );
    expect(rows.length).toBeGreaterThanOrEqual(22);
    expect(
      rows.filter(({ cells }) => cells.length !== 4 || cells.some((cell) => cell === '')).map(({ id }) => id),
    ).toEqual([]);
  });

  test.each(rows)('$id: its tests are those files of test/attacks that the row names', ({ id, files }) => {
    const having = [...new Set(cases.filter((one) => one.id === id).map(({ path }) => path))].sort();
    expect(files.filter((path) => path.startsWith('test/attacks/')).sort()).toEqual(having);
    expect(having).not.toEqual([]);
    expect(files.filter((path) => !existsSync(`${repositoryRoot()}/${path}`))).toEqual([]);
  });

  test.each(rows)('$id: each packet format has a test', ({ id }) => {
    const covered = cases.filter((one) => one.id === id).flatMap(({ formats }) => formats);
    for (const format of ONE[id] ?? ['native', 'fwknop']) expect(covered).toContain(format);
  });

  test('every test begins with the id of a row, and says which format it is about', () => {
    const ids = rows.map(({ id }) => id);
    expect(cases.filter(({ id }) => !ids.includes(id)).map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
  });
});
