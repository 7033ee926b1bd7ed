/** Form: what can be read at one sitting, found at one address, and trusted as it stands. */
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { lineOf, type Source, sources, under, visit } from './sources.ts';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 50;

const programs = under(
  'src',
  'server',
  'client',
  'keys',
  'platform',
  'launch',
  'tools',
  'bench',
  'demo',
  'test/support',
);

const lines = (text: string): number => text.trimEnd().split('\n').length;

const nameOf = (node: ts.SignatureDeclaration): string => {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText() : 'a function';
};

const longFunctions = (source: Source): string[] => {
  const found: string[] = [];
  visit(source.tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const length = lines(node.getText());
    if (length > MAX_FUNCTION_LINES)
      found.push(`${source.path}:${String(lineOf(source, node))} ${nameOf(node)} has ${String(length)} lines`);
  });
  return found;
};

describe('size', () => {
  test(`a file has at most ${String(MAX_FILE_LINES)} lines: it is about one noun`, () => {
    const long = programs.filter((source) => lines(source.text) > MAX_FILE_LINES);
    expect(long.map((source) => `${source.path} has ${String(lines(source.text))}`)).toEqual([]);
  });

  test(`a function has at most ${String(MAX_FUNCTION_LINES)} lines: it fits on the screen`, () => {
    expect(programs.flatMap(longFunctions)).toEqual([]);
  });
});

describe('addresses', () => {
  test('a name has one address: no barrel files and nothing exported again', () => {
    const barrels = programs.filter((source) => /(?:^|\/)index\.ts$/.test(source.path)).map((source) => source.path);
    const again = programs.flatMap((source) =>
      source.tree.statements
        .filter((node) => ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
        .map((node) => `${source.path}:${String(lineOf(source, node))}`),
    );
    expect([...barrels, ...again]).toEqual([]);
  });

  test('no default exports: a thing is called the same everywhere', () => {
    const found = programs.filter((source) => source.tree.statements.some(ts.isExportAssignment));
    expect(found.map((source) => source.path)).toEqual([]);
  });
});

describe('contracts', () => {
  const hasDoc = (source: Source, node: ts.Node): boolean =>
    /^\/\*\*/.test(source.text.slice(node.getFullStart(), node.getStart(source.tree, false)).trim()) ||
    source.text.slice(node.getFullStart(), node.getStart(source.tree, false)).includes('/**');

  const isExported = (node: ts.Statement): boolean =>
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((one) => one.kind === ts.SyntaxKind.ExportKeyword);

  const isFunction = (node: ts.Expression | undefined): boolean =>
    node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));

  /** Functions and classes that others use. */
  const contracts = (source: Source): ts.Statement[] =>
    source.tree.statements.filter(
      (node) =>
        isExported(node) &&
        (ts.isFunctionDeclaration(node) ||
          ts.isClassDeclaration(node) ||
          (ts.isVariableStatement(node) &&
            node.declarationList.declarations.some((one) => isFunction(one.initializer)))),
    );

  test('in the core, an exported function or class says what it promises, itself or at the head of its file', () => {
    const wrong = under('src').flatMap((source) => {
      if (source.text.startsWith('/**')) return [];
      return contracts(source)
        .filter((node) => !hasDoc(source, node))
        .map((node) => `${source.path}:${String(lineOf(source, node))}`);
    });
    expect(wrong, 'units, lengths, errors, source: what a caller cannot see from the types').toEqual([]);
  });
});

describe('nothing is switched off', () => {
  test('there is no type "any"', () => {
    const found: string[] = [];
    for (const source of sources) {
      visit(source.tree, (node) => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${source.path}:${String(lineOf(source, node))}`);
      });
    }
    expect(found, 'unknown, and a check at the edge').toEqual([]);
  });

  /** Put together here, so that this file does not find itself. */
  const MARKS: readonly (readonly [RegExp, string])[] = [
    [new RegExp('@ts-(?:ignore|expect-error|no' + 'check)'), 'mend the type'],
    [new RegExp('(?:eslint|biome|prettier|oxlint)-(?:disable|ig' + 'nore)'), 'mend the code, or the rule for everyone'],
    [new RegExp('\\b(?:TO' + 'DO|FIX' + 'ME|X' + 'XX|HA' + 'CK)\\b'), 'do it, or write it down where work is kept'],
    [new RegExp('\\b(?:describe|test|it)\\.(?:on' + 'ly|sk' + 'ip|to' + 'do)\\b'), 'a test runs, or is not there'],
  ];

  test.each(MARKS)('%s', (mark, instead) => {
    const found = sources.flatMap((source) =>
      source.text
        .split('\n')
        .flatMap((line, index) => (mark.test(line) ? [`${source.path}:${String(index + 1)}`] : [])),
    );
    expect(found, instead).toEqual([]);
  });
});
