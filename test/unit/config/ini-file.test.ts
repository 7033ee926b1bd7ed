import { describe, expect, test } from 'vitest';
import { parseIni } from '../../../src/config/ini-file.ts';

/** The value of `key` in a file of one section and one line. */
const readLine = (line: string): string | undefined => {
  const { sections, issues } = parseIni(`[a]\n${line}`, 'f');
  expect(issues).toEqual([]);
  return sections[0]?.entries[0]?.value;
};

const complaints = (text: string): string[] =>
  parseIni(text, 'f.conf').issues.map((issue) => `${String(issue.line)}: ${issue.problem} (${issue.hint})`);

describe('values', () => {
  test.each([
    ['k = v', 'v'],
    ['k=v', 'v'],
    ['  k\t=\t v  ', 'v'],
    ['k =', ''],
    ['k = a = b', 'a = b'],
    ['k = base64==', 'base64=='],
    ['k = two words', 'two words'],
    ['k = v ; comment', 'v'],
    ['k = v # comment', 'v'],
    ['k = v\t;comment', 'v'],
    ['k = ; comment', ''],
    ['k = a;b', 'a;b'],
    ['k = a#b', 'a#b'],
    ['k = a;b#c ; d', 'a;b#c'],
    ['k = pass;word#1', 'pass;word#1'],
    ['k = "a ; b"', 'a ; b'],
    ['k = "a # b" # comment', 'a # b'],
    ['k = "  padded  "', '  padded  '],
    ['k = ""', ''],
    ['k = "say \\"hi\\""', 'say "hi"'],
    ['k = "a\\\\" ; comment', 'a\\'],
    ['k = "tab\\tnew\\nline"', 'tab\tnew\nline'],
    ['k = a\\b', 'a\\b'],
    ['k = a\\;b', 'a\\;b'],
    ['k = C:\\', 'C:\\'],
    ['k = say "hi"', 'say "hi"'],
    ["k = it's", "it's"],
    ["k = '1.10'", "'1.10'"],
    ['k = 1.10', '1.10'],
    ['k = true', 'true'],
    ['k = null', 'null'],
    ['k = [x]', '[x]'],
    ['k = {"a": 1}', '{"a": 1}'],
    ['k = Grüße', 'Grüße'],
  ])('%s', (line, value) => {
    expect(readLine(line)).toBe(value);
  });

  test.each(['k = "open', 'k = "a"b"', 'k = "C:\\dir"', 'k = "a" b', 'k = "', 'k = "a\\"'])('%s is told', (line) => {
    expect(complaints(`[a]\n${line}`)).toEqual([expect.stringMatching(/^2: k: a quoted value that cannot be read/)]);
  });
});

describe('lines', () => {
  const TEXT = [
    '; a comment',
    '# another',
    '',
    '[spad]',
    'name = gw1',
    '',
    '  [ access   alice ]  ; who',
    '\t; indented comment',
    'Allow = tcp/22',
  ];

  const expected = [
    { name: 'spad', line: 4, entries: [{ key: 'name', value: 'gw1', line: 5 }] },
    { name: 'access alice', line: 7, entries: [{ key: 'allow', value: 'tcp/22', line: 9 }] },
  ];

  test.each([
    ['Unix line ends', TEXT.join('\n')],
    ['Windows line ends', TEXT.join('\r\n')],
    ['a byte order mark', `\ufeff${TEXT.join('\n')}`],
    ['a last line end', `${TEXT.join('\n')}\n`],
  ])('%s', (_, text) => {
    expect(parseIni(text, 'f')).toEqual({ sections: expected, issues: [] });
  });

  test('dots in a section name are letters, not a path', () => {
    const { sections } = parseIni('[access alice.example.net]\nk = v', 'f');
    expect(sections.map((section) => section.name)).toEqual(['access alice.example.net']);
  });

  test('names that JavaScript knows are ordinary', () => {
    const { sections, issues } = parseIni('[__proto__]\nconstructor = 1\n__proto__ = 2\nk[] = 3', 'f');
    expect(issues).toEqual([]);
    expect(sections[0]?.name).toBe('__proto__');
    expect(sections[0]?.entries.map((entry) => entry.key)).toEqual(['constructor', '__proto__', 'k[]']);
    expect(Object.hasOwn(Object.prototype, 'k')).toBe(false);
  });

  test('nothing', () => {
    expect(parseIni('', 'f')).toEqual({ sections: [], issues: [] });
  });
});

describe('complaints', () => {
  test('all at once, each with its line and what would be right', () => {
    const text = 'early = 1\n[a]\nk = 1\nnonsense\n= 5\nK = 2\n[]\n[a]\n[open\n"x = 1"';
    expect(complaints(text)).toEqual([
      '1: "early" stands before any section (begin the file with a section such as [spad])',
      '4: "nonsense" is neither a section nor a setting (write "key = value" or "[section]")',
      '5: "= 5" is neither a section nor a setting (write "key = value" or "[section]")',
      '6: "k" again (it was set at line 3; give each key once)',
      '7: a section without a name (write [spad] or [access NAME])',
      '8: section [a] again (it began at line 2; give each section once)',
      '9: "[open" is neither a section nor a setting (write "key = value" or "[section]")',
    ]);
  });

  test('the first of two values stands', () => {
    expect(parseIni('[a]\nk = 1\nk = 2', 'f').sections[0]?.entries).toEqual([{ key: 'k', value: '1', line: 2 }]);
  });

  test('an issue names the file and is an error', () => {
    expect(parseIni('x', 'f.conf').issues[0]).toMatchObject({ file: 'f.conf', severity: 'error', line: 1 });
  });

  test('a terminal cannot be fooled', () => {
    expect(complaints('\u001b[2Jnonsense')[0]).not.toContain('\u001b');
    expect(complaints('[a]\nk\u0001 = "open')[0]).not.toContain('\u0001');
    expect(complaints('[a]\n[a\u202e]\n[a\u202e]').join('')).not.toContain('\u202e');
  });
});
