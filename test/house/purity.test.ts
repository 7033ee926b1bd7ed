/** The core is pure and synchronous: given the same arguments it gives the same answer, and that is all it does. */
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { lineOf, type Source, under, visit } from './sources.ts';

/** Global names that bring in a clock, chance, the environment, or another moment. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  performance: 'take the time as an argument',
  process: 'settings come as arguments, and the world belongs to the programs',
  console: 'give back what there is to say; a program says it',
  crypto: 'take the random bytes as an argument',
  globalThis: 'name what is needed, as an argument',
  setTimeout: 'say when to be asked again; a program keeps the clock',
  setInterval: 'say when to be asked again; a program keeps the clock',
  setImmediate: 'the core is synchronous',
  queueMicrotask: 'the core is synchronous',
  Promise: 'the core is synchronous',
  fetch: 'the core has no network',
  require: 'import it',
  Buffer: 'the core has Uint8Array; Buffer belongs to Node',
};

/** Members of global objects that are no functions of their arguments. */
const FORBIDDEN_MEMBERS: Readonly<Record<string, string>> = {
  'Date.now': 'take the time as an argument',
  'Math.random': 'take the random bytes as an argument',
};

/** Whether the identifier is a use of a variable, and not the name of a property. */
const isUse = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  const named =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent);
  return !(named && parent.name === node);
};

const complaintAbout = (node: ts.Node): string | undefined => {
  if (ts.isIdentifier(node) && Object.hasOwn(FORBIDDEN, node.text) && isUse(node)) {
    return `${node.text}: ${FORBIDDEN[node.text] ?? ''}`;
  }
  if (ts.isPropertyAccessExpression(node)) {
    const name = `${node.expression.getText()}.${node.name.text}`;
    if (Object.hasOwn(FORBIDDEN_MEMBERS, name)) return `${name}: ${FORBIDDEN_MEMBERS[name] ?? ''}`;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
    return 'new Date(): take the time as an argument';
  }
  if (ts.isCallExpression(node) && node.expression.getText() === 'Date') return 'Date(): take the time as an argument';
  if (ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AsyncKeyword) return 'async: the core is synchronous';
  if (ts.isMetaProperty(node)) return 'import.meta: the core does not know where it is';
  return undefined;
};

const complaintsAbout = (source: Source): string[] => {
  const found: string[] = [];
  visit(source.tree, (node) => {
    const complaint = complaintAbout(node);
    if (complaint !== undefined) found.push(`${source.path}:${String(lineOf(source, node))} ${complaint}`);
  });
  return found;
};

describe('src', () => {
  const files = under('src');

  test('is there', () => {
    expect(files.length).toBeGreaterThan(30);
  });

  test('has no clock, no chance, no environment and no other moment', () => {
    expect(files.flatMap(complaintsAbout)).toEqual([]);
  });
});

describe('the rule itself', () => {
  const inspect = (text: string): string[] =>
    complaintsAbout({
      path: 'x.ts',
      folder: '',
      text,
      tree: ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true),
    });

  test.each([
    ...['Date.now()', 'new Date()', 'Date()', 'Math.random()', 'performance.now()', 'process.env', 'console.log(1)'],
    ...['setTimeout(f, 1)', 'crypto.getRandomValues(a)', 'globalThis.crypto', 'let a: Promise<void>', 'await a'],
    ...['async () => 1', 'Promise.resolve()', 'import.meta.url', 'Buffer.alloc(1)'],
  ])('sees %s', (text) => {
    expect(inspect(text)).not.toEqual([]);
  });

  test.each([
    ...[
      'new Date(5)',
      'Date.parse(a)',
      'Math.floor(1)',
      'a.process',
      '({ process: 1 })',
      'a.now()',
      'interface A { crypto: 1 }',
    ],
  ])('lets %s pass', (text) => {
    expect(inspect(text)).toEqual([]);
  });
});
