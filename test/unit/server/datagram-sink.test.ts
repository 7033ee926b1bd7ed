/** Audit lines to a receiver that is slow, away or dead: bounded, counted, told once, and it comes back by itself. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DatagramSink, MAX_WAITING } from '../../../server/log/datagram-sink.ts';
import { unixMs } from '../../../src/base/units.ts';
import { auditEntry } from '../../../src/engine/audit.ts';

/** errno(3), as Linux has them on every machine that spad runs on. */
const [ENOENT, EAGAIN, EMSGSIZE, ECONNREFUSED] = [2, 11, 90, 111];

let taken: string[];
let told: string[];
let errno: number;
let asked: number;
let sink: DatagramSink;

beforeEach(() => {
  vi.useFakeTimers();
  [taken, told, errno, asked] = [[], [], 0, 0];
  sink = new DatagramSink({
    ...{ name: 'syslog', to: '/dev/log', encode: ({ line }) => Buffer.from(line.stanza ?? '') },
    send: (data) => {
      asked += 1;
      if (errno === 0) taken.push(Buffer.from(data).toString());
      return errno;
    },
    logger: { info: (text) => told.push(text), warn: (text) => told.push(text), error: (text) => told.push(text) },
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const append = (...stanzas: readonly string[]): void =>
  sink.append(stanzas.map((stanza) => auditEntry({ event: 'granted', stanza }, unixMs(0))));

const many = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => String(from + index));

test('what is taken at once does not wait', () => {
  append('a', 'b');
  expect(taken).toEqual(['a', 'b']);
  expect([told, sink.facts]).toEqual([[], { sink: 'syslog', lost: 0, waiting: 0 }]);
});

test.each([
  [ENOENT, 'ENOENT'],
  [ECONNREFUSED, 'ECONNREFUSED'],
])('nobody listens (%i): told once, and all comes in its order once somebody does', (code, word) => {
  errno = code;
  append('a');
  append('b');
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([
    `the audit log does not reach syslog at /dev/log: ${word}; up to 1000 lines wait until it does`,
  ]);
  expect(sink.facts).toEqual({ sink: 'syslog', lost: 0, waiting: 2, trouble: word });
  errno = 0;
  vi.advanceTimersByTime(2000);
  append('c');
  expect(taken).toEqual(['a', 'b', 'c']);
  expect(told.slice(1)).toEqual(['the audit log reaches syslog again; 0 lines of it were lost']);
  expect(sink.facts).toEqual({ sink: 'syslog', lost: 0, waiting: 0 });
});

test('a receiver that has no room for a moment is no trouble', () => {
  errno = EAGAIN;
  append('a', 'b');
  errno = 0;
  vi.advanceTimersByTime(100);
  expect([taken, told]).toEqual([['a', 'b'], []]);
});

test('one that is away costs a question a second, however many lines there are', () => {
  errno = ENOENT;
  for (const stanza of many(0, 500)) append(stanza);
  expect(asked).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(asked).toBeLessThanOrEqual(11);
});

describe('beyond what can wait', () => {
  test.each([
    [ENOENT, 'ENOENT'],
    [EAGAIN, 'it is too slow'],
  ])('the oldest are lost, counted and told (%i)', (code, word) => {
    errno = code;
    for (let from = 0; from < 1500; from += 100) append(...many(from, 100));
    expect(sink.facts).toEqual({ sink: 'syslog', lost: 500, waiting: MAX_WAITING, trouble: word });
    expect(told).toHaveLength(1);
    errno = 0;
    vi.advanceTimersByTime(2000);
    expect(taken).toEqual(many(500, 1000));
    expect(told[1]).toBe('the audit log reaches syslog again; 500 lines of it were lost');
    expect(sink.facts).toEqual({ sink: 'syslog', lost: 500, waiting: 0 });
  });
});

test('a line that no datagram can hold is lost, and holds nothing up', () => {
  errno = EMSGSIZE;
  append('too long');
  errno = 0;
  append('b');
  expect(taken).toEqual(['b']);
  expect(sink.facts).toEqual({ sink: 'syslog', lost: 1, waiting: 0 });
});

test('at the end, what waits is tried once more, and told where it is lost', () => {
  errno = ENOENT;
  append('a', 'b');
  sink.close();
  expect(told.at(-1)).toBe('2 lines of the audit log never reached syslog');
  errno = 0;
  sink.close();
  expect(taken).toEqual(['a', 'b']);
});
