/** What emergency codes are read from: the file of used ones, and what people type. */
import { decodeUsedCodes, encodeUsedCodes } from '../../src/replay/used-codes.ts';
import { formatCode, isWholeCode, parseCode } from '../../src/spa/native/code-text.ts';
import { ascii } from '../unit/values.ts';
import { nativeSeeds } from './seeds.ts';

const usedCodes = (input: Uint8Array): string | undefined => {
  const { records, damage } = decodeUsedCodes(input);
  if (records.length > input.length / 32) return 'more records than bytes';
  if (records.some(({ first, last }) => first > last)) return 'a range that ends before it begins';
  return damage === undefined && input.length % 32 !== 0 ? 'a torn file that is called whole' : undefined;
};

const codeText = (input: Uint8Array): string | undefined => {
  const text = Buffer.from(input).toString('utf8');
  const parsed = parseCode(text);
  if (!parsed.ok) return /[\u0000-\u001f]/.test(parsed.error) ? 'a control character in a sentence' : undefined;
  if (parsed.value.length !== 176) return 'a code of another length';
  const again = parseCode(formatCode(parsed.value));
  return again.ok && isWholeCode(formatCode(parsed.value)) ? undefined : 'what it writes is not read';
};

const records = [3, 59_999].map((last) => ({ owner: new Uint8Array(16).fill(last & 0xff), first: 3, last }));
const files = [encodeUsedCodes(8, records), encodeUsedCodes(2, records), encodeUsedCodes(0, [])];
const letters = nativeSeeds
  .filter(({ length }) => length === 176)
  .slice(0, 3)
  .map(formatCode);

export const codeTargets = [
  { name: 'used-codes', seeds: files, run: usedCodes },
  {
    name: 'code-text',
    seeds: letters.flatMap((text) => [text, text.replace(/(.{48})/g, '$1\r\n'), text.slice(0, -1)]).map(ascii),
    run: codeText,
  },
];
