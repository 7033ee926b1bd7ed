/** One word, one meaning; and no word that is true on one machine only. */
import { homedir } from 'node:os';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../support/paths.ts';
import { filesIn, lineOf, readText, type Source, sources, under, visit } from './sources.ts';

/** Parts of names that our own names do not have, and what we say instead (the glossary in CONTRIBUTING.md or docs). */
const NOT_IN_NAMES: Readonly<Record<string, string>> = {
  hash: 'digest',
  encrypt: 'seal',
  decrypt: 'unseal',
  serialize: 'encode (bytes) or format (text)',
  deserialize: 'decode (bytes) or parse (text)',
  marshal: 'encode',
  unmarshal: 'decode',
  lease: 'grant',
  ticket: 'grant',
  ttl: 'end, or open for',
  whitelist: 'allow',
  blacklist: 'refuse',
  allowlist: 'allow',
  denylist: 'refuse',
  spoofed: 'say which address is meant: source or allow',
  sniffer: 'receiver',
  verifier: 'authorizer',
};

/** The two places where another library's words are spoken. */
const BILINGUAL = ['src/crypto', 'platform'];

/** Words of our texts; a pattern, not a list, where the word has another right use. */
const NOT_IN_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:white|black)-?\s?list/i, 'say what is allowed or refused'],
  // `front.backend` is an attribute of ufw's, whose name is not ours to choose.
  [/(?<!\bfront\.)\bbackends?\b(?!\.ts|`)/, 'back-end'],
  [/\breplay (?:database|table|log|store)\b/i, 'replay cache, or replay journal for the file'],
  [/\bunencrypt(?:s|ed)?\b/i, 'unsealed'],
  [/\bdatagramm?s? hash\b/i, 'digest'],
];

/** `parseHTTPHash_v2` is parse, http, hash, v2. */
const parts = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_$#]+/)
    .map((part) => part.toLowerCase());

/** The names that we give: of variables, functions, types, parameters and members, not those that we use. */
const declaredNames = (source: Source): ts.Node[] => {
  const names: ts.Node[] = [];
  visit(source.tree, (node) => {
    const isDeclaration =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isPropertySignature(node) ||
      ts.isPropertyDeclaration(node) ||
      ts.isMethodDeclaration(node);
    if (isDeclaration && node.name !== undefined && !ts.isObjectBindingPattern(node.name)) names.push(node.name);
  });
  return names;
};

describe('names', () => {
  const ours = under('src', 'server', 'client', 'keys', 'platform').filter(
    (source) => !BILINGUAL.includes(source.folder),
  );

  test('are made of the words of the glossary', () => {
    const wrong = ours.flatMap((source) =>
      declaredNames(source).flatMap((node) =>
        parts(node.getText())
          .filter((part) => Object.hasOwn(NOT_IN_NAMES, part))
          .map(
            (part) =>
              `${source.path}:${String(lineOf(source, node))} ${node.getText()}: say ${NOT_IN_NAMES[part] ?? ''}`,
          ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('the parts of a name', () => {
    expect(parts('replayHashKey')).toEqual(['replay', 'hash', 'key']);
    expect(parts('HTTPServer_name')).toEqual(['http', 'server', 'name']);
    expect(parts('release')).toEqual(['release']);
  });
});

/** What people read or run: texts, scripts, units, manual pages. */
const texts = [
  ...[
    'docs',
    'packaging',
    'tools',
    'launch',
    'test',
    'src',
    'server',
    'client',
    'keys',
    'platform',
    'bench',
    'demo',
  ].flatMap(filesIn),
  'README.md',
  'package.json',
]
  .filter((path) => !path.startsWith('test/house/') && !/\.(?:png|pcap|gz|bin)$/.test(path))
  .map((path) => ({ path, lines: readText(path).split('\n') }));

const findings = (pattern: RegExp): string[] =>
  texts.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${String(index + 1)}`] : [])),
  );

describe('texts', () => {
  test.each(NOT_IN_TEXTS)('%s', (pattern, instead) => {
    expect(findings(pattern), instead).toEqual([]);
  });
});

describe('machines', () => {
  const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const here = [repositoryRoot(), homedir()].filter((path) => path.split('/').length > 2);

  test.each(here.map((path) => [new RegExp(`(?<![\\w.])${escape(path)}(?![\\w-])`)]))(
    'no path of this machine: %s',
    (pattern) => {
      expect(findings(pattern), 'find it from import.meta.url, a setting or the environment').toEqual([]);
    },
  );

  test('no path of anybody’s machine', () => {
    const anybody = /(?<![\w.~])\/(?:Users|home)\/(?!me\/|user\/|USER|alice\/|bob\/)[a-z]|[A-Z]:\\Users/;
    expect(findings(anybody)).toEqual([]);
  });
});

test('there is something to look at', () => {
  expect(sources.length).toBeGreaterThan(80);
  expect(texts.length).toBeGreaterThan(100);
});
