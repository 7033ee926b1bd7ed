/**
 * access.conf and the files that it includes, as stanzas of lines. A stanza begins at SOURCE and goes on behind an
 * `%include`; what stands before the first SOURCE of a file does not count. fwknop follows includes over two files.
 */
import { printable } from '../../base/printable.ts';
import type { Result } from '../../base/result.ts';
import type { Issue } from '../issue.ts';
import { isKeyVariable } from './access-variables.ts';
import { type FwknopLine, readLines, tell } from './line.ts';

/** What of the world is needed: files by their paths as the configuration writes them, or why they cannot be read. */
export interface FileReader {
  readonly readFile: (path: string) => Result<string, string>;
  /** The paths of the files `*.conf`, in the order of their names. */
  readonly readFolder: (path: string) => Result<readonly string[], string>;
}

export interface StanzaLines {
  readonly file: string;
  /** Where its SOURCE stands. */
  readonly line: number;
  /** SOURCE is the first of them. */
  readonly lines: readonly FwknopLine[];
}

/** Where access rules begin: ACCESS_FILE or ACCESS_FOLDER. */
export type AccessStart = { readonly file: string } | { readonly folder: string };

/** fwknop gives up at the third. */
const MAX_DEPTH = 2;
/** Files in all: a few lines that include each other could ask for very many. */
const MAX_FILES = 1000;

interface OpenStanza extends StanzaLines {
  readonly lines: FwknopLine[];
}

export interface AccessLines {
  /** In the order in which fwknop finds them. */
  readonly stanzas: readonly StanzaLines[];
  /** All lines there are, those that include others and those that do not count among them. */
  readonly lines: readonly FwknopLine[];
}

/** Reads everything that `start` leads to. Problems are added to `issues`. */
export const readAccessFiles = (start: AccessStart, reader: FileReader, issues: Issue[]): AccessLines => {
  const files = new AccessFiles(reader, issues);
  if ('file' in start) files.readFile(start.file, { file: start.file, line: 0 }, 0);
  else files.readFolder(start.folder, { file: start.folder, line: 0 }, -1);
  return files;
};

/** Where something is asked for. */
interface Place {
  readonly file: string;
  readonly line: number;
}

class AccessFiles {
  readonly stanzas: OpenStanza[] = [];
  readonly lines: FwknopLine[] = [];
  readonly #reader: FileReader;
  readonly #issues: Issue[];
  #files = 0;

  constructor(reader: FileReader, issues: Issue[]) {
    this.#reader = reader;
    this.#issues = issues;
  }

  readFile(path: string, from: Place, depth: number): void {
    const lines = this.#linesOf(path, from, depth);
    let stanza: OpenStanza | undefined;
    for (const line of lines) {
      this.lines.push(line);
      if (line.variable === 'SOURCE') {
        stanza = { file: line.file, line: line.line, lines: [line] };
        this.stanzas.push(stanza);
      } else if (line.variable.startsWith('%')) this.#include(line, stanza, depth);
      else if (stanza !== undefined) stanza.lines.push(line);
      else {
        const problem = `${printable(line.variable, 40)} stands before the first SOURCE, and does not count`;
        tell(this.#issues, line, 'warning', problem, 'a stanza begins with SOURCE; move the line below it');
      }
    }
  }

  readFolder(path: string, from: Place, depth: number): void {
    const found = this.#reader.readFolder(path);
    if (!found.ok) {
      tell(this.#issues, from, 'error', found.error, 'name a folder that there is');
      return;
    }
    for (const file of found.value) this.readFile(file, from, depth + 1);
  }

  #include(line: FwknopLine, stanza: OpenStanza | undefined, depth: number): void {
    const path = line.value.trim();
    switch (line.variable) {
      case '%include':
        this.readFile(path, line, depth + 1);
        return;
      case '%include_folder':
        this.readFolder(path, line, depth);
        return;
      case '%include_keys':
        this.#includeKeys(path, line, stanza, depth);
        return;
      default: {
        const hint = 'known are %include, %include_folder and %include_keys';
        tell(this.#issues, line, 'error', `unknown "${printable(line.variable, 40)}"`, hint);
      }
    }
  }

  #includeKeys(path: string, from: FwknopLine, stanza: OpenStanza | undefined, depth: number): void {
    if (stanza === undefined) {
      const problem = '%include_keys stands before the first SOURCE, and does not count';
      tell(this.#issues, from, 'warning', problem, 'a stanza begins with SOURCE; move the line below it');
      return;
    }
    for (const line of this.#linesOf(path, from, depth)) {
      this.lines.push(line);
      if (isKeyVariable(line.variable)) stanza.lines.push(line);
      else {
        const problem = `${printable(line.variable, 40)} does not count in a file of keys`;
        tell(this.#issues, line, 'warning', problem, 'move it to the stanza, above %include_keys');
      }
    }
  }

  #linesOf(path: string, from: Place, depth: number): readonly FwknopLine[] {
    this.#files += 1;
    if (depth > MAX_DEPTH || this.#files > MAX_FILES) {
      const problem = `${printable(path, 100)} is included too deep`;
      tell(this.#issues, from, 'error', problem, 'fwknop follows an include in an included file, and none in that');
      return [];
    }
    const text = this.#reader.readFile(path);
    if (text.ok) return readLines(text.value, printable(path), this.#issues);
    tell(this.#issues, from, 'error', text.error, 'name a file that can be read');
    return [];
  }
}
