/** What the receiver keeps while the authorizer does not read, and what of it is dropped. The pipe is made up. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addressKey } from '../../../src/base/address-key.ts';
import { unixMs } from '../../../src/base/units.ts';
import { type Handoff, HandoffReader } from '../../../src/engine/handoff.ts';
import { Outbox } from '../../../server/receiver/outbox.ts';
import { ip } from '../values.ts';

const candidate = (number: number): Handoff => {
  const datagram = new Uint8Array(1000);
  new DataView(datagram.buffer).setUint32(0, number);
  return { kind: 'candidate', candidate: { client: 0, captured: unixMs(0), source: ip('192.0.2.1'), datagram } };
};
const numberOf = (message: Handoff): number | undefined =>
  message.kind === 'candidate'
    ? new DataView(message.candidate.datagram.buffer, message.candidate.datagram.byteOffset).getUint32(0)
    : undefined;
const numbersOf = (messages: readonly Handoff[]): readonly number[] =>
  messages.flatMap((message) => numberOf(message) ?? []);

/** A pipe that takes at most so many bytes at a time until it is told otherwise. */
const pipeOf = (room: number) => {
  const reader = new HandoffReader();
  const pipe = {
    room,
    messages: [] as Handoff[],
    write: (bytes: Uint8Array): number => {
      const length = Math.min(bytes.length, pipe.room);
      pipe.messages.push(...reader.push(bytes.slice(0, length)));
      return length;
    },
  };
  return pipe;
};

const PACKETS = 3000;
const numbers = (first: number, end: number): readonly number[] =>
  Array.from({ length: end - first }, (_, index) => first + index);

describe('the outbox', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('a pipe that takes a few bytes at a time gets every message whole and in order', () => {
    const pipe = pipeOf(7);
    const outbox = new Outbox(pipe.write);
    for (const number of numbers(0, 5)) outbox.send(candidate(number));
    outbox.send({ kind: 'done' });
    vi.advanceTimersByTime(10_000);
    expect(numbersOf(pipe.messages)).toEqual(numbers(0, 5));
    expect(pipe.messages.at(-1)?.kind).toBe('done');
  });

  test('of packets that nobody reads the oldest are dropped and counted, and the rest comes in order', () => {
    const pipe = pipeOf(0);
    const outbox = new Outbox(pipe.write);
    for (const number of numbers(0, PACKETS)) outbox.send(candidate(number));
    pipe.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(10);
    outbox.flushCounts();
    const got = numbersOf(pipe.messages);
    // 1 MiB of some 1050 bytes each, less what room was made.
    expect(got.length).toBeGreaterThan(850);
    expect(got.length).toBeLessThan(1000);
    expect(got).toEqual(numbers(PACKETS - got.length, PACKETS));
    const dropped = pipe.messages.flatMap((message) =>
      message.kind === 'counts' ? [message.counts['pipe-full'] ?? 0] : [],
    );
    expect(dropped.reduce((sum, one) => sum + one, 0)).toBe(PACKETS - got.length);
  });

  test('a message that has begun is ended, and what the receiver says of itself is kept', () => {
    const pipe = pipeOf(100);
    const outbox = new Outbox(pipe.write);
    outbox.send(candidate(0));
    pipe.room = 0;
    outbox.send({ kind: 'ready', text: 'eth0' });
    for (const number of numbers(1, PACKETS)) outbox.send(candidate(number));
    outbox.send({ kind: 'trouble', text: 'gone' });
    pipe.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(10);
    expect(numbersOf(pipe.messages).slice(0, 1)).toEqual([0]);
    expect(pipe.messages.map(({ kind }) => kind).filter((kind) => kind !== 'candidate' && kind !== 'counts')).toEqual([
      'ready',
      'trouble',
    ]);
  });

  test('counts wait while nobody reads: they take no room from packets, and none is lost', () => {
    const pipe = pipeOf(0);
    const outbox = new Outbox(pipe.write);
    for (const number of numbers(0, 40_000)) {
      outbox.count('unknown-hint');
      outbox.send(candidate(number));
    }
    pipe.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(10);
    outbox.flushCounts();
    const got = numbersOf(pipe.messages);
    expect(got.length).toBeGreaterThan(850);
    expect(got).toEqual(numbers(40_000 - got.length, 40_000));
    let junk = 0;
    for (const message of pipe.messages) if (message.kind === 'counts') junk += message.counts['unknown-hint'] ?? 0;
    expect(junk).toBe(40_000);
  });

  test('of knocks, each is counted', () => {
    const pipe = pipeOf(0);
    const outbox = new Outbox(pipe.write);
    const time = unixMs(0);
    const [source, destination] = [addressKey(ip('192.0.2.1')), addressKey(ip('192.0.2.2'))];
    const knock = {
      time,
      source,
      destination,
      protocol: 'udp' as const,
      sourcePort: 1,
      port: 2,
      tcpFlags: 0,
      length: 60,
    };
    for (let sent = 0; sent < 1000; sent += 1)
      outbox.send({ kind: 'knocks', knocks: Array.from({ length: 100 }, () => knock) });
    pipe.room = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(10);
    outbox.flushCounts();
    let [got, dropped] = [0, 0];
    for (const message of pipe.messages) {
      if (message.kind === 'knocks') got += message.knocks.length;
      if (message.kind === 'counts') dropped += message.counts['pipe-full'] ?? 0;
    }
    expect(got).toBeGreaterThan(1000);
    expect(dropped).toBeGreaterThan(1000);
    expect(got + dropped).toBe(100_000);
  });
});
