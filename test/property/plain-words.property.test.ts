/** What is read without commander is what commander reads. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortWords } from '../../client/options.ts';
import { OPTION_NAMES, OPTION_TABLE, type OptionRow } from '../../client/option-table.ts';
import { sortPlainWords } from '../../client/plain-words.ts';

const WORDS = OPTION_NAMES.flatMap((name) => {
  const { short }: OptionRow = OPTION_TABLE[name];
  const letter = short === undefined ? [] : [`-${short}`, `-${short}x`, `-${short}=x`];
  return [`--${name}`, `--${name}=`, `--${name}=x`, `--${name}=5s`, `--${name.slice(0, 3)}`, ...letter];
});
const OTHERS = [
  '',
  '-',
  '--',
  '--help',
  '-h',
  '-V',
  '--no-close',
  '-46',
  '-sv',
  '--wait',
  '5s',
  'gw1',
  'tcp/22',
  'a=b',
];

const word = fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom(...OTHERS), fc.string({ maxLength: 4 }));

test('where something is read at all, it is the same', () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      const plain = sortPlainWords(words);
      if (plain === undefined) return;
      read += 1;
      const whole = sortWords(words);
      expect(whole).toEqual(plain);
      expect(typeof whole === 'object' && [...whole.values.keys()]).toEqual([...plain.values.keys()]);
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(100);
});

test('the usual command lines are read', () => {
  for (const line of ['--access tcp/22 gw1', '-A tcp/22 --wait gw1', '-n gw1 -v', '--close gw1', '--open-for=1h gw1'])
    expect(sortPlainWords(line.split(' ')), line).toBeDefined();
});
