import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appendSection, removeSection, sectionLines } from '../../../keys/section-text.ts';

const BLOCK = '[access new]\nkey = x\nallow = tcp/22\n';

describe('appendSection', () => {
  test.each([
    ['', BLOCK],
    ['[spad]\nname = a\n', `[spad]\nname = a\n\n${BLOCK}`],
    ['[spad]\nname = a', `[spad]\nname = a\n\n${BLOCK}`],
    ['[spad]\r\nname = a\r\n', '[spad]\r\nname = a\r\n\r\n[access new]\r\nkey = x\r\nallow = tcp/22\r\n'],
  ])('to %j', (before, after) => {
    expect(appendSection(before, BLOCK)).toBe(after);
  });
});

const removed = (text: string, name: string): string => removeSection(text, sectionLines(text, name)[0] ?? 0);

describe('removeSection', () => {
  const A = '[a]\nkey = 1\n';
  const B = '[b]\nkey = 2\n';

  test.each([
    ['the first', `${A}\n${B}`, 'a', B],
    ['the last', `${A}\n${B}`, 'b', A],
    ['the only one', A, 'a', ''],
    ['without a newline at the end', '[a]\nkey = 1', 'a', ''],
    ['one in the middle', `${A}\n${B}\n[c]\nkey = 3\n`, 'b', `${A}\n[c]\nkey = 3\n`],
    ['with no blank lines', `${A}${B}[c]\n`, 'b', `${A}[c]\n`],
    ['with the comments directly above it', `${A}\n# of b\n; too\n${B}`, 'b', A],
    ["but not the next section's", `${A}# of b\n${B}`, 'a', `# of b\n${B}`],
    ['nor one that stands alone', `# file\n\n${A}\n# alone\n\n${B}`, 'a', `# file\n\n# alone\n\n${B}`],
    ['with comments below its last setting', `${A}# old: 3\n\n${B}`, 'a', B],
    ['with comments and blank lines inside', '[a]\nkey = 1\n\n# c\nallow = x\n\n[b]\n', 'a', '[b]\n'],
    ['with lines that are no settings', '[a]\nkey = 1\nkey = 2\njunk\n\n[b]\n', 'a', '[b]\n'],
    ['with Windows line ends', '[a]\r\nkey = 1\r\n\r\n[b]\r\n', 'a', '[b]\r\n'],
    ['whose header bears a comment', '[a] ; x\nkey = 1\n\n[b]\n', 'a', '[b]\n'],
  ])('%s', (_, text, name, expected) => {
    expect(removed(text, name)).toBe(expected);
  });

  test('a line where no section begins is a bug', () => {
    expect(() => removeSection(A, 2)).toThrow(RangeError);
  });

  test('undoes appendSection, whatever stands in the file', () => {
    const line = fc.constantFrom('', '# comment', '; c', '[x]', '[access y]', 'key = v', 'junk', ' ', '\t[z] # c');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = lines.map((content) => content + end).join('');
        const added = appendSection(text, BLOCK);
        expect(added.startsWith(text)).toBe(true);
        expect(removed(added, 'access new')).toBe(text);
      }),
    );
  });

  test('leaves the other sections as they are read', () => {
    const line = fc.constantFrom('', '# comment', '[x]', '[y]', '[w]', 'a = 1', 'b = 2');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
        const text = `${lines.join('\n')}\n`;
        const [first] = sectionLines(text, 'x');
        if (first === undefined) return;
        const after = removeSection(text, first);
        expect(sectionLines(after, 'x')).toHaveLength(sectionLines(text, 'x').length - 1);
        for (const name of ['y', 'w']) {
          expect(sectionLines(after, name)).toHaveLength(sectionLines(text, name).length);
        }
      }),
    );
  });
});
