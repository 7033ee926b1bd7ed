import { describe, expect, test } from 'vitest';
import { countOf, printable } from '../../../src/base/printable.ts';
import { nearest } from '../../../src/base/suggest.ts';

describe('text made safe', () => {
  test('ordinary text of any script is untouched', () => {
    for (const text of ['', 'tcp/22', 'Grüße', '日本語', '🙂', 'a b', '"x" \'y\' <z>'])
      expect(printable(text)).toBe(text);
  });

  test.each([
    ['an escape sequence', '\u001b[31mred', '\\u{1b}[31mred'],
    ['new lines, which would make two log lines of one', 'a\r\nb', 'a\\u{d}\\u{a}b'],
    ['a C1 control', '\u009b31m', '\\u{9b}31m'],
    ['DEL', '\u007f', '\\u{7f}'],
    ['a bidirectional override (Trojan Source)', 'user\u202etxt.exe', 'user\\u{202e}txt.exe'],
    ['a zero-width joiner', 'a\u200db', 'a\\u{200d}b'],
    ['line and paragraph separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
    ['a byte order mark', '\ufeffa', '\\u{feff}a'],
    ['a tag character beyond the first plane', '\u{e0041}', '\\u{e0041}'],
  ])('%s', (_, text, safe) => {
    expect(printable(text)).toBe(safe);
  });

  test('what is too long is cut, and says so', () => {
    expect(printable('x'.repeat(200))).toBe('x'.repeat(200));
    expect(printable('x'.repeat(201))).toBe(`${'x'.repeat(200)}…`);
    expect(printable('abcdef', 3)).toBe('abc…');
  });

  test('the cut leaves well-formed text', () => {
    expect(printable('ab🙂cd', 3).isWellFormed()).toBe(true);
  });
});

describe('did you mean', () => {
  const keys = ['name', 'interface', 'port', 'guard', 'open_for', 'max_open_for', 'require_address'];

  test.each([
    ['prot', 'port'],
    ['pot', 'port'],
    ['Port', 'port'],
    ['guards', 'guard'],
    ['open-for', 'open_for'],
    ['max_openfor', 'max_open_for'],
    ['requireaddress', 'require_address'],
    ['interfce', 'interface'],
  ])('%s: %s', (word, key) => {
    expect(nearest(word, keys)).toBe(key);
  });

  test('nothing where nothing is near', () => {
    expect(nearest('colour', keys)).toBeUndefined();
    expect(nearest('xyz', keys)).toBeUndefined();
    expect(nearest('', keys)).toBeUndefined();
    expect(nearest('port', [])).toBeUndefined();
  });
});

test('counting things', () => {
  expect([0, 1, 2].map((count) => countOf(count, 'client'))).toEqual(['0 clients', '1 client', '2 clients']);
});
