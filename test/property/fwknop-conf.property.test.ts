/** Whatever stands in fwknop's files: a value or issues with their lines, never a throw; what is written reads back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFwknopdConf } from '../../src/config/fwknop/fwknopd-conf.ts';
import { hasRcStanza, parseRcFile, rcVariables, writeRcStanza } from '../../src/config/fwknop/rc-file.ts';
import { RC_VARIABLES } from '../../src/config/fwknop/rc-variables.ts';
import { ACCESS_FATES } from '../../src/config/fwknop/access-variables.ts';
import { DAEMON_FATES } from '../../src/config/fwknop/daemon-variables.ts';
import type { Issue } from '../../src/config/issue.ts';
import { HEAD, readAccess } from '../unit/config/fwknop/files.ts';

const word = fc.constantFrom(
  ...[
    '',
    ' ',
    '\t',
    ':',
    ';',
    '#',
    '=',
    ',',
    '$',
    '%',
    '"',
    '/',
    'Y',
    'N',
    'ANY',
    '10.0.0.1',
    '0.0.0.0/0',
    'tcp/22',
    'x',
  ],
  ...['30', '99999999999', 'AAAA', '__CHANGEME__', '[a]', '\r', '\0', '\u202e', 'é', 'udp port 5', 'a'.repeat(200)],
);
const lineOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...names, 'zzz', ''), fc.array(word, { maxLength: 4 }))
    .map(([name, words]) => [name, ...words].join(' '));
const textOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.array(lineOf(names), { maxLength: 12 }).map((lines) => lines.join('\n'));

const areInside = (text: string, issues: readonly Issue[]): boolean =>
  issues.every(({ line, hint }) => line >= 0 && line <= text.split('\n').length && hint !== '');

test('any access.conf', () => {
  fc.assert(
    fc.property(textOf(Object.keys(ACCESS_FATES)), (text) => {
      const { entries, issues } = readAccess(text);
      expect(issues.some(({ severity }) => severity === 'error')).toBe(entries.length === 0);
      expect(areInside(text, issues)).toBe(true);
    }),
  );
});

test('any fwknopd.conf', () => {
  fc.assert(
    fc.property(textOf(Object.keys(DAEMON_FATES)), (text) => {
      const { conf, issues } = parseFwknopdConf([{ path: 'f', text }]);
      expect(issues.some(({ severity }) => severity === 'error')).toBe(conf === undefined);
      expect(areInside(text, issues)).toBe(true);
    }),
  );
});

test('a mistake is told with its line, wherever it stands', () => {
  const remarks = fc.array(fc.constantFrom('', '# c', '; c', '  ', 'REQUIRE_SOURCE Y', 'UNKNOWN 1'), { maxLength: 9 });
  const mistakes = fc.constantFrom('FW_ACCESS_TIMEOUT x', 'OPEN_PORTS', 'KEY __CHANGEME__', 'FORCE_NAT 10.0.0.1 22');
  fc.assert(
    fc.property(remarks, mistakes, remarks, (before, mistake, after) => {
      const { issues } = readAccess([HEAD.trimEnd(), ...before, mistake, ...after].join('\n'));
      const errors = issues.filter(({ severity }) => severity === 'error');
      expect(errors.map(({ line }) => line)).toEqual([before.length + 4]);
    }),
  );
});

const entry = fc.tuple(
  fc.constantFrom(...RC_VARIABLES),
  fc.stringMatching(/^[!-~]{1,20}$/).map((text) => text.replace(/[;#]/g, '_') || '_'),
);
const isSigned = (value: string): boolean => value !== '=' && value !== ':';

test('a stanza written into any .fwknoprc reads back, and no other changes', () => {
  fc.assert(
    fc.property(
      textOf([...RC_VARIABLES, '[srv]', '[default]', '[other]', '# c']),
      fc.array(entry, { maxLength: 5 }),
      (text, list) => {
        const entries = list.filter(([, value]) => isSigned(value));
        const after = parseRcFile(writeRcStanza(text, 'new one', entries), 'f');
        const own = after.stanzas.find(({ name }) => name === 'new one');
        expect(own?.entries.map(({ variable, value }) => [variable, value])).toEqual(entries);
        const before = parseRcFile(text, 'f');
        for (const name of ['srv', 'default', 'other']) {
          expect(hasRcStanza(after, name)).toBe(hasRcStanza(before, name));
          expect(rcVariables(after, name)).toEqual(rcVariables(before, name));
        }
      },
    ),
  );
});
