import { describe, expect, test } from 'vitest';
import { steadyMs } from '../../../src/base/units.ts';
import {
  createScript,
  destroyScript,
  elementScript,
  fillScript,
  LONGEST_TIMEOUT_S,
  showsElements,
} from '../../../src/firewall/ipset-script.ts';
import type { Opening } from '../../../src/firewall/opening.ts';
import { forwardingTo, openingOf } from './openings.ts';

const NOW = steadyMs(1000);
const FOREVER = steadyMs(1e12);

const one = openingOf('192.0.2.1', 'tcp/22', 31_000);
const six = openingOf('2001:db8::1', 'udp/53', 11_001);
const range = openingOf('192.0.2.1', 'tcp/80-81', 31_000);
const until = (opening: Opening, ends: number): Opening => ({ ...opening, ends: steadyMs(ends) });

describe('the sets', () => {
  test('are made where they are missing', () => {
    expect(createScript([4, 6], ['spad-grants6', 'mine'])).toBe(
      'create spad-grants4 hash:ip,port family inet maxelem 1048576 timeout 0\n',
    );
    expect(createScript([4], ['spad-grants4'])).toBe('');
  });

  test('change to all of their elements in one step; ranges are not in them', () => {
    expect(fillScript([4, 6], [one, six, range], ['spad-grants4', 'spad-grants6', 'spad-fresh6'], NOW)).toBe(
      `create spad-fresh4 hash:ip,port family inet maxelem 1048576 timeout 0
add spad-fresh4 192.0.2.1,tcp:22 timeout 30
swap spad-fresh4 spad-grants4
destroy spad-fresh4
destroy spad-fresh6
create spad-fresh6 hash:ip,port family inet6 maxelem 1048576 timeout 0
add spad-fresh6 2001:db8::1,udp:53 timeout 11
swap spad-fresh6 spad-grants6
destroy spad-fresh6
`,
    );
  });

  test('are taken away where they are there', () => {
    expect(destroyScript(['mine', 'spad-fresh6', 'spad-grants4', ''])).toBe(
      'destroy spad-grants4\ndestroy spad-fresh6\n',
    );
    expect(destroyScript(['mine'])).toBe('');
  });
});

describe('elements', () => {
  test('come and go', () => {
    expect(elementScript([six, range], [one], NOW)).toBe(
      'add spad-grants4 192.0.2.1,tcp:22 timeout 30\ndel spad-grants6 2001:db8::1,udp:53\n',
    );
  });

  test('that last longer, or lead elsewhere, are not taken out', () => {
    expect(elementScript([one], [until(one, 61_000)], NOW)).toBe('add spad-grants4 192.0.2.1,tcp:22 timeout 60\n');
    const onward = { ...one, forwarding: forwardingTo('10.0.0.5', 22) };
    expect(elementScript([onward], [one], NOW)).toBe('add spad-grants4 192.0.2.1,tcp:22 timeout 30\n');
  });

  test.each([
    [1000, 1],
    [1001, 1],
    [2001, 2],
    [1e12, LONGEST_TIMEOUT_S],
  ])('that end at %d ms have a timeout of %d s: not early, and never 0, which is for ever', (ends, seconds) => {
    expect(elementScript([], [until(one, ends)], NOW)).toContain(` timeout ${String(seconds)}\n`);
  });
});

describe('a listing', () => {
  const HEAD = 'create spad-grants4 hash:ip,port family inet hashsize 1024 maxelem 1048576 timeout 0 bucketsize 12\n';
  const shows = (lines: string, openings: readonly Opening[], now = NOW): boolean =>
    showsElements(HEAD + lines, 4, openings, now);

  test('of what is wanted is right, a little late or not', () => {
    for (const timeout of [27, 29, 30, 33]) {
      expect(shows(`add spad-grants4 192.0.2.1,tcp:22 timeout ${String(timeout)}\n`, [one, six, range])).toBe(true);
    }
  });

  test.each([
    ['lacks an element', '', [one]],
    ['ends one too early', 'add spad-grants4 192.0.2.1,tcp:22 timeout 26\n', [one]],
    ['ends one too late', 'add spad-grants4 192.0.2.1,tcp:22 timeout 34\n', [one]],
    ['has one for ever', 'add spad-grants4 192.0.2.1,tcp:22 timeout 0\n', [one]],
    ['has a foreign one', 'add spad-grants4 192.0.2.9,tcp:22 timeout 30\n', []],
    ['has a foreign one for ever', 'add spad-grants4 192.0.2.9,tcp:22 timeout 0\n', []],
    ['has another port', 'add spad-grants4 192.0.2.1,tcp:23 timeout 30\n', [one]],
  ])('that %s is wrong', (_, lines, openings) => {
    expect(shows(lines, openings)).toBe(false);
  });

  test('may lack what is about to end, and still have what has ended', () => {
    expect(shows('', [until(one, 3500)])).toBe(true);
    expect(shows('add spad-grants4 192.0.2.1,tcp:22 timeout 2\n', [])).toBe(true);
  });

  test('of what lasts longer than a timeout can is right until half of that is over', () => {
    const line = (timeout: number): string => `add spad-grants4 192.0.2.1,tcp:22 timeout ${String(timeout)}\n`;
    expect(shows(line(LONGEST_TIMEOUT_S - 10), [until(one, FOREVER)])).toBe(true);
    expect(shows(line(LONGEST_TIMEOUT_S / 2 - 1), [until(one, FOREVER)])).toBe(false);
  });
});
