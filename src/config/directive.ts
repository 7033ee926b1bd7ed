/**
 * Configuration as tables: what keys a section has, how each is read, what it is when absent. The same tables make the
 * parser, the list of known keys for "did you mean" and the reference in the documentation.
 */
import { printable } from '../base/printable.ts';
import { err, ok, type Result } from '../base/result.ts';
import { nearest } from '../base/suggest.ts';
import type { IniSection } from './ini-file.ts';
import type { Issue } from './issue.ts';

export interface Directive<T> {
  /** The value, or what would be right instead. */
  readonly parse: (text: string) => Result<T, string>;
  readonly fallback: { readonly value: T } | 'required';
  /** One sentence for the reference. */
  readonly doc: string;
  /** The value must not be repeated in a message. */
  readonly isSecret?: true;
}

export const required = <T>(parse: Directive<T>['parse'], doc: string): Directive<T> => ({
  parse,
  fallback: 'required',
  doc,
});

export const optional = <T>(parse: Directive<T>['parse'], value: NoInfer<T>, doc: string): Directive<T> => ({
  parse,
  fallback: { value },
  doc,
});

/** The key may be missing, and that is a value of its own. */
export const maybe = <T>(parse: Directive<T>['parse'], doc: string): Directive<T | undefined> => ({
  parse,
  fallback: { value: undefined },
  doc,
});

/** A {@link maybe} whose value no message may repeat. */
export const maybeSecret = <T>(parse: Directive<T>['parse'], doc: string): Directive<T | undefined> => ({
  ...maybe(parse, doc),
  isSecret: true,
});

type Directives = Readonly<Record<string, Directive<unknown>>>;
export type ValuesOf<D extends Directives> = { readonly [K in keyof D]: D[K] extends Directive<infer T> ? T : never };

/** A section's values, or undefined where a key was wrong or missing; every problem is added to `issues`. */
export const readSection = <D extends Directives>(
  directives: D,
  section: IniSection,
  file: string,
  issues: Issue[],
): ValuesOf<D> | undefined => {
  const values: Record<string, unknown> = {};
  const before = issues.length;
  const complain = (line: number, problem: string, hint: string): unknown =>
    issues.push({ severity: 'error', file, line, problem, hint });
  for (const entry of section.entries) {
    const directive = directives[entry.key];
    if (directive === undefined || !Object.hasOwn(directives, entry.key)) {
      complain(
        entry.line,
        `unknown key "${printable(entry.key)}" in [${printable(section.name)}]`,
        hintFor(entry.key, directives),
      );
      continue;
    }
    const parsed = directive.parse(entry.value);
    if (parsed.ok) values[entry.key] = parsed.value;
    else
      complain(
        entry.line,
        `${entry.key} = ${directive.isSecret ? '(not shown)' : printable(entry.value, 60)}`,
        parsed.error,
      );
  }
  for (const key of Object.keys(directives)) {
    const directive = directives[key];
    if (directive === undefined || section.entries.some((entry) => entry.key === key)) continue;
    const { fallback, doc } = directive;
    if (fallback === 'required') complain(section.line, `[${printable(section.name)}] has no "${key}"`, doc);
    else values[key] = fallback.value;
  }
  return issues.length === before ? (values as ValuesOf<D>) : undefined;
};

const hintFor = (key: string, directives: Directives): string => {
  const keys = Object.keys(directives);
  const near = nearest(key, keys);
  return near === undefined ? `known keys: ${keys.join(', ')}` : `did you mean "${near}"?`;
};

/** Reads a comma-separated list with `parse`; an empty text is an empty list. */
export const listOf =
  <T>(parse: (text: string) => T | undefined, what: string): Directive<readonly T[]>['parse'] =>
  (text) => {
    const items: T[] = [];
    if (text.trim() === '') return ok(items);
    for (const part of text.split(',')) {
      const item = parse(part.trim());
      if (item === undefined) return err(`"${printable(part.trim(), 40)}" is not ${what}`);
      items.push(item);
    }
    return ok(items);
  };

/** Reads with a function that gives undefined for what it does not know. */
export const one =
  <T>(parse: (text: string) => T | undefined, hint: string): Directive<T>['parse'] =>
  (text) => {
    const value = parse(text);
    return value === undefined ? err(hint) : ok(value);
  };

export const oneOf = <const T extends string>(...words: readonly T[]): Directive<T>['parse'] =>
  one((text) => words.find((word) => word === text), `one of: ${words.join(', ')}`);

export const yesNo: Directive<boolean>['parse'] = one(
  (text) => (text === 'yes' ? true : text === 'no' ? false : undefined),
  'yes or no',
);
