import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sealCode } from '../../../../src/spa/native/code.ts';
import { codeChecks, codeLines, formatCode, isWholeCode, parseCode } from '../../../../src/spa/native/code-text.ts';
import { requestOf, secretOf } from '../../values.ts';

const datagram = sealCode(1, requestOf({}), secretOf(1), 'gw1');
const code = formatCode(datagram);

describe('a code as text', () => {
  test('is what any other program writes as base64', () => {
    expect(code).toBe(Buffer.from(datagram).toString('base64'));
    expect(code).toMatch(/^[A-Za-z0-9+/]{235}=$/);
  });

  test('is set in lines of 48 letters, each with its check', () => {
    expect(codeLines(code).map((line) => line.length)).toEqual([48, 48, 48, 48, 44]);
    expect(codeLines(code).join('')).toBe(code);
    expect(codeLines('')).toEqual([]);
    const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const expected = codeLines(code).map((line) => {
      const bits = createHash('sha256').update(line).digest().readUInt16BE(0) >> 6;
      return `${alphabet[bits >> 5] ?? ''}${alphabet[bits & 31] ?? ''}`;
    });
    expect(codeChecks(code)).toEqual(expected);
  });

  test('a mistyped letter shows in the check of its line, but for one in a thousand', () => {
    let missed = 0;
    for (let place = 0; place < 235; place += 1) {
      const typed = `${code.slice(0, place)}${code[place] === 'x' ? 'y' : 'x'}${code.slice(place + 1)}`;
      const wrong = codeChecks(typed).flatMap((check, line) => (check === codeChecks(code)[line] ? [] : [line]));
      if (wrong.length === 0) missed += 1;
      else expect(wrong).toEqual([Math.floor(place / 48)]);
    }
    expect(missed).toBeLessThanOrEqual(2);
  });
});

describe('is read', () => {
  test.each([
    ['as it was printed', code],
    ['without the "="', code.slice(0, -1)],
    ['in groups and lines', code.replace(/(.{8})/g, '$1 ').replace(/(.{54})/g, '$1\n')],
    ['with Windows’ line ends and tabs', code.replace(/(.{40})/g, '$1\r\n\t')],
    ['with what a messenger puts in', `\ufeff${code.slice(0, 60)}\u200b${code.slice(60)}\u00a0`],
  ])('%s', (_, text) => {
    expect(parseCode(text)).toEqual({ ok: true, value: datagram });
    expect(isWholeCode(text) || !text.includes('=')).toBe(true);
  });

  test('letter by letter until it is whole', () => {
    expect(isWholeCode(code.slice(0, 100))).toBe(false);
    expect(isWholeCode(`${code}\n`)).toBe(true);
  });
});

describe('is refused', () => {
  test.each([
    ['nothing', ' \n', 'it is empty'],
    ['a letter too few', code.slice(1), 'it has 234 letters where a code has 235 and a "=": is a part of it missing?'],
    [
      'a line twice',
      code.slice(0, 48) + code,
      'it has 283 letters where a code has 235 and a "=": is something in it twice?',
    ],
    [
      'a letter of another alphabet',
      code.replace(/^.{16}/, '$&é'),
      '"é" at place 17 is no letter of a code: these are A-Z, a-z, 0-9, + and /',
    ],
    [
      'a sign outside the plane',
      `${code.slice(0, 3)}🔑`,
      '"🔑" at place 4 is no letter of a code: these are A-Z, a-z, 0-9, + and /',
    ],
    ['an escape', '\u001b[2J', '"\\u{1b}" at place 1 is no letter of a code: these are A-Z, a-z, 0-9, + and /'],
    [
      'an end within',
      code.replace(/^.{16}/, '$&='),
      '"=" at place 17 is no letter of a code: these are A-Z, a-z, 0-9, + and /',
    ],
    ['a last letter with bits too many', code.replace(/.=$/, '/='), 'its last letter is not that of a code'],
  ])('%s', (_, text, error) => {
    expect(parseCode(text)).toEqual({ ok: false, error });
  });
});

describe('how much of it is there', () => {
  test('all letters, or a "=" at the end, are a whole code; less is not', () => {
    expect([code, code.slice(0, 100) + '=', `${code.slice(0, -1)}A`].map(isWholeCode)).toEqual([true, true, true]);
    expect([code.slice(0, -1), '', `=${code.slice(0, 100)}`].map(isWholeCode)).toEqual([false, false, false]);
  });

  test.each([
    [234, 'is a part of it missing'],
    [236, 'is something in it twice'],
  ])('%d letters: %s?', (count, question) => {
    const letters = (code.slice(0, -1) + code).slice(0, count);
    expect(parseCode(letters)).toEqual({
      ok: false,
      error: `it has ${String(count)} letters where a code has 235 and a "=": ${question}?`,
    });
  });
});
