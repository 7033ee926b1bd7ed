import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../../src/base/units.ts';
import { HmacKey } from '../../../../src/crypto/hmac.ts';
import type { Secret } from '../../../../src/crypto/secret.ts';
import { DIAGNOSIS_REACH_MS, NativeGate, reachFor } from '../../../../src/spa/native/gate.ts';
import { HintTable, NOWHERE } from '../../../../src/spa/native/hint-table.ts';
import { deriveNativeKey, hintOf, windowOf } from '../../../../src/spa/native/keys.ts';
import { sealCode } from '../../../../src/spa/native/code.ts';
import { sealNative } from '../../../../src/spa/native/seal.ts';
import { present, requestOf, secretOf } from '../../values.ts';
import { GATE_KEYS_LENGTH } from '../../../../src/spa/native/gate-keys.ts';
import { gateKeysOf, hintsOf } from '../../../support/gate-keys.ts';

const SERVER = 'gw1';
const MINUTE = 60_000;
/** The middle of a window. */
const NOW = 29_453_760 * MINUTE + 30_000;
const MAX_AGE = 120_000;

const keysOf = (secret: Secret) => ({
  hint: deriveNativeKey(secret, SERVER, 'hint'),
  mac: deriveNativeKey(secret, SERVER, 'mac'),
});

const packetOf = (secret: Secret, time = NOW): Uint8Array =>
  sealNative(requestOf({ time: unixMs(time) }), secret, SERVER, new Uint8Array(24).fill(5));

const gateAt = (now: number, secrets: readonly Secret[], reach = MAX_AGE): NativeGate => {
  const gate = new NativeGate(gateKeysOf(secrets.map(keysOf)), reach);
  gate.advance(unixMs(now));
  return gate;
};

describe('the gate', () => {
  const clients = [secretOf(1), secretOf(2), secretOf(3)];

  test('knows whose packet it is', () => {
    const gate = gateAt(NOW, clients);
    expect(clients.map((client) => gate.check(packetOf(client), unixMs(NOW)))).toEqual([0, 1, 2]);
  });

  test('other lengths are refused unread', () => {
    const gate = gateAt(NOW, clients);
    for (const length of [0, 8, 175, 177, 431, 433, 1199, 1201, 65_507])
      expect(gate.check(new Uint8Array(length), unixMs(NOW))).toBe('wrong-size');
  });

  test('a stranger, and a client of another server', () => {
    const gate = gateAt(NOW, clients);
    expect(gate.check(packetOf(secretOf(9)), unixMs(NOW))).toBe('unknown-hint');
    const elsewhere = sealNative(requestOf({ time: unixMs(NOW) }), secretOf(1), 'gw2', new Uint8Array(24));
    expect(gate.check(elsewhere, unixMs(NOW))).toBe('unknown-hint');
    expect(new NativeGate(gateKeysOf([]), MAX_AGE).check(packetOf(secretOf(1)), unixMs(NOW))).toBe('unknown-hint');
  });

  // Section 4: all 8 bytes of a hint must match.
  test('a hint with any of its 64 bits wrong is unknown, any other wrong bit a bad MAC', () => {
    const gate = gateAt(NOW, clients);
    const packet = packetOf(present(clients[0]));
    for (let bit = 0; bit < 8 * packet.length; bit += 1) {
      const wrong = packet.map((byte, index) => (index === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
      expect(gate.check(wrong, unixMs(NOW)), `bit ${String(bit)}`).toBe(bit < 64 ? 'unknown-hint' : 'bad-mac');
    }
  });

  test('another packet’s MAC, and one client’s hint before another’s MAC', () => {
    const [a, b] = [packetOf(secretOf(1)), packetOf(secretOf(2))];
    const mixed = b.slice();
    mixed.set(a.subarray(0, 8));
    expect(gateAt(NOW, clients).check(mixed, unixMs(NOW))).toBe('bad-mac');
  });

  // Section 4: windows floor((now - reach) / 60 000) up to floor((now + reach) / 60 000), both included.
  test.each([
    [-3, 'unknown-hint'],
    [-2, 0],
    [-1, 0],
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 'unknown-hint'],
  ])('a packet %d windows from now, at a reach of two: %s', (windows, verdict) => {
    const gate = gateAt(NOW, clients);
    expect(gate.check(packetOf(secretOf(1), NOW + windows * MINUTE), unixMs(NOW))).toBe(verdict);
  });

  test('every packet that is fresh is found, wherever in a window now is', () => {
    for (const shift of [0, 1, 29_999, 30_000, 59_999]) {
      const now = 29_453_760 * MINUTE + shift;
      for (const age of [-MAX_AGE, -MINUTE, 0, MINUTE, MAX_AGE])
        expect(gateAt(now, clients).check(packetOf(secretOf(2), now - age), unixMs(now))).toBe(1);
    }
  });

  test('the datagram may lie anywhere in what was captured', () => {
    const gate = gateAt(NOW, clients);
    const packet = packetOf(secretOf(2));
    const frame = new Uint8Array(300).fill(0xa5);
    frame.set(packet, 42);
    const check = (start: number, end: number) => gate.check(frame, unixMs(NOW), start, end);
    expect(check(42, 42 + packet.length)).toBe(1);
    expect(check(42, 42 + packet.length - 1)).toBe('wrong-size');
    expect(check(41, 41 + packet.length)).toBe('unknown-hint');
    frame[42 + packet.length - 1] = (frame[42 + packet.length - 1] ?? 0) ^ 1;
    expect(check(42, 42 + packet.length)).toBe('bad-mac');
  });

  test('two clients with one secret: the first is taken', () => {
    const gate = gateAt(NOW, [secretOf(5), secretOf(6), secretOf(5)]);
    expect(gate.check(packetOf(secretOf(5)), unixMs(NOW))).toBe(0);
  });

  test('follows the clock for hours, forward and back', () => {
    const gate = gateAt(NOW, clients);
    for (const hours of [0, 1, 5, 5, -3, 48, -48, 0]) {
      const now = NOW + hours * 60 * MINUTE;
      gate.advance(unixMs(now));
      expect(gate.check(packetOf(secretOf(3), now), unixMs(now))).toBe(2);
      expect(gate.check(packetOf(secretOf(3), now + 10 * MINUTE), unixMs(now))).toBe('unknown-hint');
    }
  });

  test('a server that starts in 1970', () => {
    const gate = gateAt(0, clients);
    expect(gate.check(packetOf(secretOf(1), 0), unixMs(0))).toBe(0);
  });
});

test('few clients get a reach that tells a wrong clock from junk, many do not', () => {
  expect(reachFor(1, MAX_AGE)).toBe(DIAGNOSIS_REACH_MS);
  expect(reachFor(1, 3_600_000)).toBe(3_600_000);
  expect(reachFor(100_000, MAX_AGE)).toBe(MAX_AGE);
  expect(reachFor(256, MAX_AGE)).toBe(DIAGNOSIS_REACH_MS);
  expect(reachFor(257, MAX_AGE)).toBe(MAX_AGE);
});

/** Five windows are needed at a reach of two minutes, and one is to come. */
test.each([
  [20, 120],
  [10_000, 500],
  [30_000, 600],
])('while a packet could be missed, a gate of %d clients makes %d hints a call', (clients, made) => {
  const bytes = new Uint8Array(clients * GATE_KEYS_LENGTH);
  const gate = new NativeGate({ bytes, withCodes: [], ends: new Map() }, MAX_AGE);
  expect(gate.isReady(unixMs(NOW))).toBe(false);
  expect(gate.advance(unixMs(NOW))).toBe(made);
  expect(gate.isReady(unixMs(NOW))).toBe(made === 6 * clients);
});

describe('the hint table', () => {
  test('is bounded: clients times windows, and one window to come', () => {
    const keys = Array.from({ length: 20 }, (_, seed) => new HmacKey(secretOf(seed).reveal()));
    const table = new HintTable(hintsOf(keys), MAX_AGE);
    for (let minute = 0; minute < 200; minute += 1) {
      table.advance(unixMs(NOW + minute * MINUTE), 1000);
      expect(table.size).toBe(20 * 6);
    }
    for (const day of [1, -1, 3, 0]) {
      table.advance(unixMs(NOW + day * 1440 * MINUTE), 1000);
      expect(table.size).toBe(20 * 6);
    }
  });

  test('prepares the next window a slice at a time', () => {
    const keys = Array.from({ length: 10 }, (_, seed) => new HmacKey(secretOf(seed).reveal()));
    const table = new HintTable(hintsOf(keys), 0);
    const slices = (now: number) => Array.from({ length: 4 }, () => table.advance(unixMs(now), 4));
    // What is needed now, then what comes next.
    expect(slices(NOW)).toEqual([4, 4, 4, 4]);
    expect(table.isReady(unixMs(NOW))).toBe(true);
    expect(slices(NOW + MINUTE)).toEqual([4, 4, 4, 2]);
    expect(table.isReady(unixMs(NOW + MINUTE))).toBe(true);
    expect(slices(NOW + 2 * MINUTE)).toEqual([4, 4, 2, 0]);
    // Nobody had called it: the rest of what is needed now, and of what comes next.
    expect(table.advance(unixMs(NOW + 3 * MINUTE), 4)).toBe(4);
    expect(table.isReady(unixMs(NOW + 4 * MINUTE))).toBe(false);
    expect(slices(NOW + 4 * MINUTE)).toEqual([4, 4, 4, 4]);
  });

  // 50 calls prepare a window, and there are 60 in a minute at least.
  test.each([1, 49, 50, 10_000])('the gate of %d clients never prepares much at a time, once it runs', (clients) => {
    const bytes = Uint8Array.from({ length: clients * GATE_KEYS_LENGTH }, (_, at) => (at * 7919) >> 6);
    const gate = new NativeGate({ bytes, withCodes: [], ends: new Map() }, MAX_AGE);
    let first = 0;
    while (!gate.isReady(unixMs(NOW))) first += gate.advance(unixMs(NOW));
    while (first < 6 * clients) first += gate.advance(unixMs(NOW));
    // The five windows that are needed, and the one that comes next.
    expect(first).toBe(6 * clients);
    const slice = Math.ceil(clients / 50);
    const prepared: number[] = [];
    for (let now = NOW + 1000; now < NOW + 5.4 * MINUTE; now += 1000) prepared.push(gate.advance(unixMs(now)));
    expect(Math.max(...prepared)).toBe(slice);
    expect(prepared.reduce((sum, count) => sum + count, 0)).toBe(5 * clients);
  });

  test('after a step of the clock no more is made than is needed', () => {
    const keys = Array.from({ length: 100 }, (_, seed) => new HmacKey(secretOf(seed).reveal()));
    const table = new HintTable(hintsOf(keys), MAX_AGE);
    expect(table.advance(unixMs(NOW), 1000)).toBe(600);
    // Of the windows of two minutes later four are there, and neither the fifth nor the one that comes next.
    expect(table.advance(unixMs(NOW + 2 * MINUTE), 1000)).toBe(200);
    // And back: what has been overwritten is made anew.
    expect(table.advance(unixMs(NOW), 1000)).toBe(200);
    expect(table.advance(unixMs(NOW - 1_000_000 * MINUTE), 1000)).toBe(600);
    expect(table.advance(unixMs(NOW - 1_000_000 * MINUTE), 1000)).toBe(0);
  });

  test('a question that comes before all is there is answered right', () => {
    const keys = Array.from({ length: 100 }, (_, seed) => new HmacKey(secretOf(seed).reveal()));
    const hint = (client: number, now: number) => hintOf(present(keys[client]), windowOf(unixMs(now)));
    for (const made of [0, 1, 99, 100, 250, 499]) {
      const table = new HintTable(hintsOf(keys), MAX_AGE);
      table.advance(unixMs(NOW), made);
      expect(table.isReady(unixMs(NOW))).toBe(false);
      for (const age of [-MAX_AGE, 0, MAX_AGE]) {
        const place = table.find(hint(99, NOW - age), 0, unixMs(NOW));
        expect(place === NOWHERE ? place : table.clientAt(place), `${String(made)} ${String(age)}`).toBe(99);
      }
      expect(table.isReady(unixMs(NOW))).toBe(true);
      expect(table.advance(unixMs(NOW), 1000)).toBe(0);
    }
  });

  test('is ready up to the moment at which a window is lacking, on both sides', () => {
    const table = new HintTable(hintsOf([new HmacKey(secretOf(1).reveal())]), MAX_AGE);
    table.advance(unixMs(NOW), 6);
    const begin = NOW - 30_000;
    const isReady = [begin - 1, begin, begin + 2 * MINUTE - 1, begin + 2 * MINUTE].map((now) =>
      table.isReady(unixMs(now)),
    );
    expect(isReady).toEqual([false, true, true, false]);
  });
});

describe('emergency codes', () => {
  const secrets = [1, 2, 3].map(secretOf);
  const codeOf = (secret: Secret): Uint8Array => sealCode(5, requestOf({}), secret, SERVER);
  const gateWithCodes = (...holders: readonly number[]): NativeGate => {
    const gate = new NativeGate(
      gateKeysOf(secrets.map((secret, index) => ({ ...keysOf(secret), codes: holders.includes(index) }))),
      MAX_AGE,
    );
    gate.advance(unixMs(NOW));
    return gate;
  };

  test('pass for the clients that have some, at any time', () => {
    const gate = gateWithCodes(1);
    for (const now of [NOW, 0, 30_000, 10 * MINUTE, 2 * NOW, NOW]) {
      gate.advance(unixMs(now));
      expect(gate.check(codeOf(secretOf(2)), unixMs(now)), String(now)).toBe(1);
    }
    expect(gate.check(codeOf(secretOf(1)), unixMs(NOW))).toBe('unknown-hint');
    expect(gate.check(codeOf(secretOf(3)), unixMs(NOW))).toBe('unknown-hint');
  });

  test('with any wrong bit do not', () => {
    const gate = gateWithCodes(0, 1, 2);
    const code = codeOf(secretOf(2));
    for (let bit = 0; bit < 8 * code.length; bit += 1) {
      const wrong = code.map((byte, index) => (index === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
      expect(gate.check(wrong, unixMs(NOW)), `bit ${String(bit)}`).toBe(bit < 64 ? 'unknown-hint' : 'bad-mac');
    }
  });

  test('cost one entry a client that has some', () => {
    const keys = secrets.map((secret) => new HmacKey(keysOf(secret).hint));
    const [without, withTwo] = [new HintTable(hintsOf(keys), MAX_AGE), new HintTable(hintsOf(keys, [0, 2]), MAX_AGE)];
    for (const table of [without, withTwo])
      for (let now = NOW; now < NOW + 10 * MINUTE; now += 200) table.advance(unixMs(now), 3);
    expect(withTwo.size).toBe(without.size + 2);
  });
});
