import { GCProfiler } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../src/base/address.ts';
import { unixMs } from '../../../src/base/units.ts';
import type { Handoff, ReceiverCount } from '../../../src/engine/handoff.ts';
import { NativeGate } from '../../../src/spa/native/gate.ts';
import { deriveNativeKey } from '../../../src/spa/native/keys.ts';
import { sealNative } from '../../../src/spa/native/seal.ts';
import { GateLoop, type Sink } from '../../../server/receiver/gate-loop.ts';
import { Tally } from '../../../server/receiver/tally.ts';
import { ethernet, extension, udp, v4, v6 } from '../frame/frames.ts';
import { ip, portOf, requestOf, secretOf } from '../values.ts';
import { gateKeysOf } from '../../support/gate-keys.ts';

const NOW = unixMs(1_767_225_600_000);
const PORT = portOf(62_201);
/** How often chores are done at the most, under a flood. */
const CHORES_EVERY_MS = 200;

/** A loop with one client, and what came out of it. */
const loopOf = () => {
  const tally = new Tally();
  const sent: Handoff[] = [];
  const sink: Sink = {
    count: (name, count) => tally.count(name, count),
    flushCounts: () => undefined,
    send: (message) => void sent.push(message),
  };
  const [hint, mac] = (['hint', 'mac'] as const).map((label) => deriveNativeKey(secretOf(1), 'gw1', label));
  const gate = new NativeGate(gateKeysOf(hint === undefined || mac === undefined ? [] : [{ hint, mac }]), 120_000);
  const loop = new GateLoop({ gate, texts: undefined }, sink, PORT);
  return { loop, sent, counts: () => tally.counts() };
};

const packet = (): Uint8Array => sealNative(requestOf({ time: NOW }), secretOf(1), 'gw1', new Uint8Array(24).fill(7));
const frameOf = (datagram: Uint8Array): Uint8Array => ethernet(v4(udp(datagram)));

describe('a frame', () => {
  test('of a client is handed over, a copy of its datagram and its source', () => {
    const { loop, sent } = loopOf();
    const frame = frameOf(packet());
    // As the addon has it: one buffer for all frames, in which earlier ones have left something behind this one.
    const buffer = new Uint8Array(frame.length + 100).fill(0x5a);
    buffer.set(frame);
    loop.frame('ethernet', buffer, frame.length, NOW);
    const [message] = sent;
    if (message?.kind !== 'candidate') throw new Error('nothing was handed over');
    expect(message.candidate.datagram).toEqual(packet());
    expect(formatAddress(message.candidate.source)).toBe('192.0.2.1');
    expect([message.candidate.client, message.candidate.captured]).toEqual([0, NOW]);
  });

  test.each<[ReceiverCount, Uint8Array]>([
    ['unknown-hint', frameOf(new Uint8Array(176).fill(9))],
    ['wrong-size', frameOf(new Uint8Array(175))],
    ['wrong-size', frameOf(new Uint8Array(0))],
    ['bad-mac', frameOf(packet().map((byte, index) => (index === 175 ? byte ^ 1 : byte)))],
    ['other-port', ethernet(v4(udp(packet(), 40_000, 62_202)))],
    ['not-transport', ethernet(v4(new Uint8Array(40), { protocol: 47 }))],
    ['truncated', frameOf(packet()).subarray(0, 100)],
    ['unknown-hint', ethernet(v6(udp(new Uint8Array(432))))],
  ])('that is junk is counted: %s', (name, frame) => {
    const { loop, sent, counts } = loopOf();
    loop.frame('ethernet', frame, frame.length, NOW);
    expect(counts()).toEqual({ [name]: 1 });
    expect(sent).toEqual([]);
  });
});

test('a datagram from a socket is judged alike', () => {
  const { loop, sent, counts } = loopOf();
  loop.datagram(packet(), ip('2001:db8::9'), NOW);
  loop.datagram(new Uint8Array(176), ip('192.0.2.9'), NOW);
  loop.datagram(new Uint8Array(5), ip('192.0.2.9'), NOW);
  expect(sent.map((message) => (message.kind === 'candidate' ? formatAddress(message.candidate.source) : ''))).toEqual([
    '2001:db8::9',
  ]);
  expect(counts()).toEqual({ 'unknown-hint': 1, 'wrong-size': 1 });
});

test('hints follow the clock of the packets, forwards and back, where nobody else does the chores', () => {
  const { loop, sent } = loopOf();
  for (const minutes of [0, 1, 2, 60, 61, -60, 0, 10_000]) {
    const time = unixMs(NOW + minutes * 60_000);
    const datagram = sealNative(requestOf({ time }), secretOf(1), 'gw1', new Uint8Array(24));
    loop.frame('ethernet', frameOf(datagram), frameOf(datagram).length, time);
  }
  expect(sent.length).toBe(8);
});

test('counts are handed over now and then, not for each packet', () => {
  const times: number[] = [];
  let now = 0;
  const sink: Sink = { count: () => undefined, send: () => true, flushCounts: () => times.push(now) };
  const loop = new GateLoop({ gate: undefined, texts: undefined }, sink, PORT);
  const junk = frameOf(new Uint8Array(176));
  for (now = NOW; now < NOW + 1000; now += 1) loop.frame('ethernet', junk, junk.length, unixMs(now));
  expect(times).toEqual([0, 1, 2, 3, 4].map((turn) => NOW + turn * CHORES_EVERY_MS));
});

describe('a tally', () => {
  test('says what was counted, and is empty again', () => {
    const tally = new Tally();
    expect([tally.isEmpty, tally.counts()]).toEqual([true, {}]);
    tally.count('bad-mac');
    tally.count('kernel-dropped', 5_000_000_000);
    tally.count('bad-mac', 2);
    expect([tally.isEmpty, tally.counts()]).toEqual([false, { 'bad-mac': 3, 'kernel-dropped': 5_000_000_000 }]);
    tally.clear();
    expect([tally.isEmpty, tally.counts()]).toEqual([true, {}]);
  });
});

const TIMES = 500_000;

/** Bytes of the heap that each call takes, whether or not they are given back. The smallest object has 16. */
const allocatedByEach = (work: () => void): number => {
  for (let turn = 0; turn < TIMES / 5; turn += 1) work();
  const profiler = new GCProfiler();
  profiler.start();
  let last = process.memoryUsage().heapUsed;
  for (let turn = 0; turn < TIMES; turn += 1) work();
  const end = process.memoryUsage().heapUsed;
  let sum = 0;
  for (const { beforeGC, afterGC } of profiler.stop().statistics) {
    sum += beforeGC.heapStatistics.usedHeapSize - last;
    last = afterGC.heapStatistics.usedHeapSize;
  }
  return (sum + end - last) / TIMES;
};

describe('the memory that junk takes', () => {
  const { loop } = loopOf();
  const kinds: readonly (readonly [string, Uint8Array])[] = [
    ['an unknown hint', frameOf(new Uint8Array(176).fill(9))],
    ['a wrong size', frameOf(new Uint8Array(177))],
    ['another port', ethernet(v4(udp(packet(), 40_000, 62_202)))],
    ['IPv6 with an extension header', ethernet(v6(extension(17, 0, udp(new Uint8Array(176))), 0))],
    ['no IP at all', new Uint8Array(60)],
  ];

  test.each(kinds)('%s: less than half of an object a packet', (_, frame) => {
    expect(allocatedByEach(() => loop.frame('ethernet', frame, frame.length, NOW))).toBeLessThan(8);
  });

  test('is seen by this measure: a view of each packet would take far more', () => {
    const views: Uint8Array[] = [];
    const [, frame] = kinds[0] ?? ['', new Uint8Array(0)];
    expect(allocatedByEach(() => (views[0] = frame.subarray(42)))).toBeGreaterThan(30);
  });
});
