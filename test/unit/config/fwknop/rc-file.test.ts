/** `~/.fwknoprc`. What is said about fwknop was seen of its client, version 2.6.10. */
import { describe, expect, test } from 'vitest';
import {
  hasRcStanza,
  parseRcFile,
  rcIssues,
  rcVariables,
  writeRcStanza,
} from '../../../../src/config/fwknop/rc-file.ts';
import { describeIssue } from '../../../../src/config/issue.ts';

const values = (text: string, name = 'srv'): Record<string, string> =>
  Object.fromEntries([...rcVariables(parseRcFile(text, 'rc'), name)].map(([key, { value }]) => [key, value]));

const issues = (text: string, name = 'srv'): string[] => rcIssues(parseRcFile(text, 'rc'), name).map(describeIssue);

describe('reading', () => {
  test.each<[string, string, Record<string, string>]>([
    ['a colon', '[srv]\nSPA_SERVER_PORT: 22', { SPA_SERVER_PORT: '22' }],
    ['tabs and more', '[srv]\n \tSPA_SERVER_PORT \t 22 \t', { SPA_SERVER_PORT: '22' }],
    ['a carriage return', '[srv]\r\nSPA_SERVER_PORT 3333\r\n', { SPA_SERVER_PORT: '3333' }],
    [
      'the end of a value',
      '[srv]\nSPA_SERVER_PORT 33#44\nACCESS\ttcp/1;tcp/2\nALLOW_IP 1.2.3.4 or',
      {
        SPA_SERVER_PORT: '33',
        ACCESS: 'tcp/1',
        ALLOW_IP: '1.2.3.4',
      },
    ],
    ['the later of two', '[srv]\nSPA_SERVER_PORT 3333\nSPA_SERVER_PORT 4444', { SPA_SERVER_PORT: '4444' }],
    ['stanzas of one name', '[srv]\nACCESS tcp/1\n[srv]\nSPA_SERVER_PORT 3', { ACCESS: 'tcp/1', SPA_SERVER_PORT: '3' }],
    [
      '[default] first, wherever it stands',
      '[srv]\nACCESS tcp/1\n[default]\nACCESS tcp/2\nFW_TIMEOUT 9',
      {
        ACCESS: 'tcp/1',
        FW_TIMEOUT: '9',
      },
    ],
    ['names of stanzas in any case', '  [SRV] # mine\nACCESS tcp/1', { ACCESS: 'tcp/1' }],
    ['other names are other stanzas', '[ srv ]\nACCESS tcp/1\n[srv2]\nACCESS tcp/2', {}],
    ['comments', '# a\n[srv]\n; b\n#ACCESS tcp/2\n  # c\nACCESS tcp/1', { ACCESS: 'tcp/1' }],
    ['what is no header', 'x [srv]\nACCESS tcp/1', {}],
    ['before any stanza', 'ACCESS tcp/1\n[srv]\n', {}],
  ])('%s', (_, text, expected) => {
    expect(values(text)).toEqual(expected);
    expect(issues(text)).toEqual([]);
  });

  test('the line of what counts', () => {
    expect(rcVariables(parseRcFile('[default]\nACCESS a\n[srv]\n\nACCESS b', 'rc'), 'srv').get('ACCESS')).toEqual({
      value: 'b',
      line: 5,
    });
  });

  test('[default] by its own name', () => {
    expect(values('[default]\nACCESS tcp/1', 'default')).toEqual({ ACCESS: 'tcp/1' });
  });

  test('which stanzas there are', () => {
    const reading = parseRcFile('[a]\n[b c]\n', 'rc');
    expect(reading.stanzas.map(({ name, line }) => [name, line])).toEqual([
      ['a', 1],
      ['b c', 2],
    ]);
    expect([hasRcStanza(reading, 'B C'), hasRcStanza(reading, 'd')]).toEqual([true, false]);
  });
});

describe('mistakes', () => {
  test('all at once, each with its line', () => {
    expect(
      issues('[default]\nSPA_SERVERPORT 1\n[srv]\nACCESS\nspa_server x\nACCESS=tcp/1\nACCESS = tcp/1\nQ w\nKEY a b'),
    ).toEqual([
      'rc:2: unknown variable "SPA_SERVERPORT" (did you mean SPA_SERVER_PORT?)',
      'rc:4: "ACCESS" has no value (write "VARIABLE value", or put # in front of the line)',
      'rc:5: unknown variable "spa_server" (did you mean SPA_SERVER?)',
      'rc:6: "ACCESS=tcp/1" has no value (write "VARIABLE value", or put # in front of the line)',
      'rc:7: ACCESS = (write "ACCESS value", without "=" between them)',
      expect.stringMatching(/^rc:8: unknown variable "Q" \(known are SPA_SERVER, /),
      'rc:9: the value of KEY ends before the end of its line (it ends at the first space, ";" or "#"; write such a key as base64)',
    ]);
  });

  test('a stanza that is not asked for does no harm, and is told of with the rest', () => {
    const text = 'ACCESS tcp/1\n[srv]\nACCESS tcp/1\n[other]\nzzz\n';
    expect(issues(text)).toEqual([]);
    expect(parseRcFile(text, 'rc').issues.map(({ line, severity }) => [line, severity])).toEqual([
      [1, 'warning'],
      [5, 'error'],
    ]);
  });

  test.each(['a#b', 'a;b', 'a b', 'a #b'])('a key that is cut is told, and not shown: KEY %s', (key) => {
    const told = issues(`[srv]\nKEY ${key}`).join();
    // Behind white space, # begins a comment that nobody misses.
    expect(told === '').toBe(key === 'a #b');
    expect(told).not.toContain(key);
  });

  test('a key without its variable is not shown', () => {
    expect(issues('[srv]\nKEYBASE64 c2VjcmV0').join()).not.toContain('c2VjcmV0');
  });
});

describe('writing', () => {
  const entries = [
    ['SPA_SERVER', '10.0.0.2'],
    ['ACCESS', 'tcp/33'],
  ] as const;
  const written = 'SPA_SERVER                  10.0.0.2\nACCESS                      tcp/33\n';

  test.each<[string, string, string]>([
    ['an empty file', '', `[srv]\n${written}`],
    ['a new stanza', '# top\n[default]\nFW_TIMEOUT 30', `# top\n[default]\nFW_TIMEOUT 30\n\n[srv]\n${written}`],
    [
      'in the place of what was there, comments kept',
      '# top\n\n[SRV]\n# mine\nFW_TIMEOUT 77\n# of the key\nKEY old\n\n# other\n[z]\nACCESS tcp/1\n',
      `# top\n\n[SRV]\n# mine\n${written}# of the key\n\n# other\n[z]\nACCESS tcp/1\n`,
    ],
    ['into a stanza without variables', '[srv]\n# mine\n\n# other\n[z]\n', `[srv]\n# mine\n${written}\n# other\n[z]\n`],
    ['only into the first of that name', '[srv]\n[srv]\nRAND_PORT Y\n', `[srv]\n${written}[srv]\nRAND_PORT Y\n`],
  ])('%s', (_, before, after) => {
    expect(writeRcStanza(before, 'srv', entries)).toBe(after);
    expect(writeRcStanza(after, 'srv', entries)).toBe(after);
  });

  test.each(['', 'a b', 'a#b', 'a;b', 'a\nb'])('refuses a value that would read as another: "%s"', (value) => {
    expect(() => writeRcStanza('', 'srv', [['KEY', value]])).toThrow(RangeError);
  });

  test.each(['', 'a]b', 'a\nb'])('refuses a name that would read as another: "%s"', (name) => {
    expect(() => writeRcStanza('', name, [])).toThrow(RangeError);
  });
});
