/** The hint table against section 4 of the specification, worked out anew for every question. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { HmacKey } from '../../src/crypto/hmac.ts';
import { HintTable } from '../../src/spa/native/hint-table.ts';
import { secretOf } from '../unit/values.ts';

const MINUTE = 60_000;
/** The third client has the first one's key, so that two share a hint. */
const KEYS = [1, 2, 1, 3].map((seed) => new HmacKey(secretOf(seed).reveal()));

interface Model {
  now: number;
  readonly reach: number;
}

type Command = fc.Command<Model, HintTable>;

/** The first 8 bytes of HMAC(key, u64(window)), put together here. */
const hint = (client: number, window: number): Uint8Array => {
  const message = new Uint8Array(8);
  new DataView(message.buffer).setBigUint64(0, BigInt(window));
  return (KEYS[client]?.mac(message) ?? message).slice(0, 8);
};

const allowed = (model: Model, window: number): boolean =>
  window >= 0 &&
  window >= Math.floor((model.now - model.reach) / MINUTE) &&
  window <= Math.floor((model.now + model.reach) / MINUTE);

const move = (to: (now: number) => number, spare: number, name: string): Command => ({
  check: () => true,
  run: (model, table) => {
    model.now = Math.max(0, to(model.now));
    table.advance(unixMs(model.now), spare);
  },
  toString: () => name,
});

const ask = (client: number, offset: number, sharing: number): Command => ({
  check: () => true,
  run: (model, table) => {
    const window = Math.floor(model.now / MINUTE) + offset;
    if (window < 0) return;
    const bytes = new Uint8Array(20);
    bytes.set(hint(client, window), 5);
    // Of the two clients that share a hint, `sharing` is the one whose MAC it is.
    const owner = client === 0 || client === 2 ? sharing : client;
    const found = table.find(bytes, 5, unixMs(model.now), (one) => one === owner);
    expect(found).toBe(allowed(model, window) ? owner : 'unknown');
    expect(table.find(bytes, 5, unixMs(model.now), () => false)).toBe(allowed(model, window) ? 'refused' : 'unknown');
    bytes[12] = (bytes[12] ?? 0) ^ 1;
    expect(table.find(bytes, 5, unixMs(model.now), () => true)).toBe('unknown');
  },
  toString: () => `ask(${String(client)}, ${String(offset)})`,
});

const count = (): Command => ({
  check: () => true,
  run: (model, table) => {
    const first = Math.max(0, Math.floor((model.now - model.reach) / MINUTE));
    const windows = Math.floor((model.now + model.reach) / MINUTE) - first + 1;
    // Three different keys, and at most one window to come.
    expect(table.size).toBeGreaterThanOrEqual(3 * windows);
    expect(table.size).toBeLessThanOrEqual(3 * (windows + 1));
  },
  toString: () => 'count',
});

test('finds what the specification allows now, wherever the clock has been', () => {
  const spare = fc.nat(5);
  const commands = fc.commands(
    [
      fc
        .tuple(fc.integer({ min: 0, max: 90_000 }), spare)
        .map(([step, some]) => move((now) => now + step, some, `+${String(step)}`)),
      fc
        .tuple(fc.integer({ min: -400_000, max: 400_000 }), spare)
        .map(([step, some]) => move((now) => now + step, some, `jump ${String(step)}`)),
      fc
        .tuple(fc.integer({ min: 0, max: 2_000_000_000_000 }), spare)
        .map(([now, some]) => move(() => now, some, `set ${String(now)}`)),
      fc
        .tuple(fc.nat(3), fc.integer({ min: -4, max: 4 }), fc.constantFrom(0, 2))
        .map(([client, offset, sharing]) => ask(client, offset, sharing)),
      fc
        .tuple(fc.nat(3), fc.integer({ min: -4, max: 4 }), fc.constantFrom(0, 2))
        .map(([client, offset, sharing]) => ask(client, offset, sharing)),
      fc.constant(count()),
    ],
    { maxCommands: 40, size: 'max' },
  );
  fc.assert(
    fc.property(commands, fc.constantFrom(0, 5000, 60_000, 120_000, 150_000), (list, reach) => {
      fc.modelRun(() => {
        const real = new HintTable(KEYS, reach);
        const model: Model = { now: 1_767_225_600_000, reach };
        real.advance(unixMs(model.now), 0);
        return { model, real };
      }, list);
    }),
  );
});
