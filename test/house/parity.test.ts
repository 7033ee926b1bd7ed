/** docs/fwknop-parity.md names tests that are there. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../support/paths.ts';
import { readText } from './sources.ts';

/** `path`, or `path#a piece of its text`. */
const named = [...readText('docs/fwknop-parity.md').matchAll(/`(test\/[\w./-]+)(?:#([^`]+))?`/g)]
  .map(([, path = '', text]) => ({ path, text }))
  // Those of fwknop's own suite.
  .filter(({ path }) => !/^test\/(?:test-fwknop\.pl|tests\/)/.test(path));

describe('docs/fwknop-parity.md', () => {
  test('names files that exist', () => {
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ path }) => !existsSync(`${repositoryRoot()}/${path}`)).map(({ path }) => path)).toEqual([]);
  });

  test('names pieces of them that are there', () => {
    const wrong = named.filter(({ path, text }) => text !== undefined && !readText(path).includes(text));
    expect(wrong.map(({ path, text }) => `${path}#${text ?? ''}`)).toEqual([]);
  });
});
