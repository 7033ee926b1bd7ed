/** The project's own files, and what the rules of the house look at in them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { repositoryRoot } from '../support/paths.ts';

const ROOT = repositoryRoot();

/** Where code and words of ours are; what is built or fetched is elsewhere. */
const CODE = ['src', 'server', 'client', 'keys', 'platform', 'launch', 'tools', 'bench', 'demo', 'test'];

export interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

const walk = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(path);
    return [path];
  });

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Paths of all files in a folder, or none where it does not exist (yet). */
export const filesIn = (folder: string): string[] => (existsSync(join(ROOT, folder)) ? walk(folder).sort() : []);

const read = (path: string): Source => {
  const text = readText(path);
  return {
    path,
    folder: dirname(path),
    text,
    tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
  };
};

/** Every TypeScript file of ours. */
export const sources: readonly Source[] = CODE.flatMap(filesIn)
  .filter((path) => path.endsWith('.ts'))
  .map(read);

/** The files under one of the folders. */
export const under = (...folders: readonly string[]): readonly Source[] =>
  sources.filter((source) => folders.some((folder) => source.path.startsWith(`${folder}/`)));

export interface Import {
  /** As it is written. */
  readonly name: string;
  /** The path of the file where it is one of ours. */
  readonly file: string | undefined;
  /** `import type`: gone once it is built. (`import { type A }` is not: the module is loaded all the same.) */
  readonly isType: boolean;
  /** `import()`: loaded when it is come to. */
  readonly isLate: boolean;
  readonly line: number;
}

export const lineOf = (source: Source, node: ts.Node): number =>
  source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;

export const visit = (node: ts.Node, look: (node: ts.Node) => void): void => {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
};

/** All imports, also of types alone, also those at run time. */
export const importsOf = (source: Source): Import[] => {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, isType: boolean, isLate = false): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const name = specifier.text;
    const file = name.startsWith('.') ? relative(ROOT, join(ROOT, source.folder, name)) : undefined;
    found.push({ name, file, isType, isLate, line: lineOf(source, specifier) });
  };
  visit(source.tree, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, true);
    }
  });
  return found;
};

/** `@scope/name` or `name` of an imported package; `node:fs` stays what it is. */
export const packageOf = (name: string): string =>
  name.startsWith('node:')
    ? name
    : name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/');
