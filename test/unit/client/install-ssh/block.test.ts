import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBlock, putBlock } from '../../../../client/install-ssh/block.ts';

const GW1 = formatBlock({ profile: 'gw1', host: 'gw1.example.net', profilesFile: undefined });
const GW2 = formatBlock({ profile: 'gw2', host: 'gw2', profilesFile: '/etc/spa/p.ini' });

describe('the block', () => {
  test('names profile and host, and goes where ssh goes', () => {
    const [begin, , ...lines] = GW1.split('\n');
    expect(begin).toBe('# >>> spa-client gw1 >>>');
    expect(lines).toEqual([
      'Host gw1 gw1.example.net',
      '    HostName gw1.example.net',
      '    ProxyCommand spa-client proxy -n gw1 %h %p',
      '# <<< spa-client gw1 <<<',
      '',
    ]);
    expect(GW2).toContain('\nHost gw2\n    ProxyCommand spa-client proxy --profiles /etc/spa/p.ini -n gw2 %h %p\n');
  });

  test.each([
    ['gw 1', 'h', undefined],
    ['$(id)', 'h', undefined],
    ['-o', 'h', undefined],
    ['gw*', 'h', undefined],
    ['me@gw', 'h', undefined],
    ['gw', '!h', undefined],
    ['gw', 'fe80::1%eth0', undefined],
    ['gw', 'h', '/tmp/a b'],
    ['gw', 'h', '/tmp/%h'],
  ])('%s, %s, %s would mean something else to ssh or a shell', (profile, host, profilesFile) => {
    expect(() => formatBlock({ profile, host, profilesFile })).toThrow('cannot stand in ssh_config');
  });
});

/** Files as they may be: any bytes, other blocks, line ends of either kind, a last line without one. */
const file = fc
  .array(
    fc.constantFrom(
      'Host *',
      '    User x',
      '',
      '\t# \u00ff',
      'Host gw1',
      '# >>> spa-client gw >>>',
      '\r',
      GW2.trimEnd(),
    ),
  )
  .chain((lines) => fc.constantFrom(lines.join('\n'), `${lines.join('\n')}\n`, lines.join('\r\n')))
  .filter((text) => (text.match(/spa-client gw2/g) ?? []).length < 6);

describe('putting it', () => {
  test('all that was there stays before it, byte for byte; twice is as once; taken away all is as before', () => {
    fc.assert(
      fc.property(file, (text) => {
        const once = putBlock(text, 'gw1', GW1);
        const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
        expect(once).toBe(whole + GW1);
        expect(putBlock(once, 'gw1', GW1)).toBe(once);
        expect(putBlock(once, 'gw1', '')).toBe(whole);
        expect(putBlock(text, 'gw1', '')).toBe(text);
      }),
    );
  });

  test('what stands behind it stays there when it is replaced', () => {
    const other = formatBlock({ profile: 'gw1', host: '192.0.2.1', profilesFile: undefined });
    fc.assert(
      fc.property(file, file, (before, after) => {
        const whole = before === '' || before.endsWith('\n') ? before : `${before}\n`;
        expect(putBlock(whole + GW1 + after, 'gw1', other)).toBe(whole + other + after);
        expect(putBlock(whole + GW1 + after, 'gw1', '')).toBe(whole + after);
      }),
    );
  });

  test('a block that an editor has given other line ends is found', () => {
    expect(putBlock(`a\r\n${GW1.replaceAll('\n', '\r\n')}b`, 'gw1', GW1)).toBe(`a\r\n${GW1}b`);
  });

  test.each([
    ['only its beginning', 'x\n# >>> spa-client gw1 >>>\n', 2],
    ['only its end', '# <<< spa-client gw1 <<<', 1],
    ['two of them', `${GW1}x\n${GW1}`, 1],
    ['the wrong way round', '# <<< spa-client gw1 <<<\n# >>> spa-client gw1 >>>\n', 1],
  ])('%s: nothing is guessed', (_, text, line) => {
    expect(() => putBlock(text, 'gw1', GW1)).toThrow(`(the first is line ${String(line)})`);
  });
});
