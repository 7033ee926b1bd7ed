/** The manual pages name every option and key that the programs have. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { doorDirectives } from '../../src/config/door.ts';
import { profileDirectives } from '../../src/config/profile.ts';
import { accessDirectives } from '../../src/config/access-section.ts';
import { daemonDirectives } from '../../src/config/daemon-directives.ts';
import { fwknopDirectives } from '../../src/config/fwknop-section.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** mdoc writes a leading hyphen of a long option as `\-`. */
const longOptions = (source: string): string[] =>
  [...source.matchAll(/--([a-z][a-z0-9-]+)/g)].map((match) => match[1] ?? '');

describe('manual pages', () => {
  test('spad.conf(5) names every key', () => {
    const page = read('packaging/man/spad.conf.5');
    const tables = [daemonDirectives, accessDirectives, fwknopDirectives, doorDirectives];
    const keys = tables.flatMap((table) => Object.keys(table));
    expect(keys.filter((key) => !page.includes(`.It Ic ${key}\n`))).toEqual([]);
  });

  test('spad.conf(5) names every key of profiles.ini', () => {
    const page = read('packaging/man/spad.conf.5');
    expect(Object.keys(profileDirectives).filter((key) => !page.includes(`.It Ic ${key}\n`))).toEqual([]);
  });

  test('spad(8) names every long option of its command line', () => {
    const page = read('packaging/man/spad.8').replaceAll('\\-', '-');
    const options = new Set(
      longOptions(
        ['cli', 'import', 'asking', 'ask', 'init', 'operate', 'tail', 'watch', 'report/command', 'explain/command']
          .map((name) => read(`server/${name}.ts`))
          .join(''),
      ),
    );
    expect(options.size).toBeGreaterThan(2);
    expect([...options].filter((option) => !page.includes(`-${option}`))).toEqual([]);
  });
});
