/** What a packet may cost before it is known to be somebody's, and in which order it is looked at: counted, not timed. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { macKeyOf } from '../../src/crypto/hmac.ts';
import type * as SecretModule from '../../src/crypto/secret.ts';
import { equalBytes } from '../../src/crypto/secret.ts';
import { type CryptoSuite, NOBLE } from '../../src/crypto/suite.ts';
import { ReplayCache } from '../../src/replay/cache.ts';
import { FwknopGate } from '../../src/spa/fwknop/gate.ts';
import { RecentKeys } from '../../src/spa/fwknop/recent-keys.ts';
import { TrialTable } from '../../src/spa/fwknop/trials.ts';
import { unsealFwknop } from '../../src/spa/fwknop/unseal.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { deriveNativeKey } from '../../src/spa/native/keys.ts';
import { deriveUnsealKeys, unsealNative } from '../../src/spa/native/unseal.ts';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import { gateKeysOf } from '../support/gate-keys.ts';
import { Keyholder } from '../support/keyholder.ts';
import { repositoryRoot } from '../support/paths.ts';
import { cidr, ip } from '../unit/values.ts';

const now = unixMs(Date.now());
const junk = (count: number): Uint8Array[] => Array.from({ length: count }, () => randomBytes(176));

/** What is called in the place of the comparison while a test has a verdict of its own; else the comparison itself. */
const comparison = vi.hoisted(() => ({ verdict: undefined as boolean | undefined, calls: 0 }));
vi.mock('../../src/crypto/secret.ts', async (original) => {
  const real = await original<typeof SecretModule>();
  return {
    ...real,
    equalBytes: (a: Uint8Array, b: Uint8Array): boolean => {
      comparison.calls += 1;
      return comparison.verdict ?? real.equalBytes(a, b);
    },
  };
});
afterEach(() => {
  comparison.verdict = undefined;
});

/** A suite that counts how often it is asked to open something, and under which MACs it was asked first. */
const countingSuite = (): { readonly suite: CryptoSuite; readonly done: string[] } => {
  const done: string[] = [];
  const openBox: CryptoSuite['openBox'] = (...args) => {
    done.push('open');
    return NOBLE.openBox(...args);
  };
  const openBlocks: CryptoSuite['openBlocks'] = (...args) => {
    done.push('open');
    return NOBLE.openBlocks(...args);
  };
  const macKey: CryptoSuite['macKey'] = (digest, key) => {
    const { mac } = NOBLE.macKey(digest, key);
    return {
      mac: (message) => {
        done.push('mac');
        return mac(message);
      },
    };
  };
  return { suite: { ...NOBLE, openBox, openBlocks, macKey }, done };
};

const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

/** Another letter of base64 in the place of one, so that nothing but the HMAC can tell. */
const otherLetter = (text: Uint8Array, at: number): Uint8Array =>
  text.map((code, index) => (index === at ? (code === 65 ? 66 : 65) : code));

test('A9 native: junk costs one look-up and no HMAC, with ten thousand clients as with one', () => {
  for (const clients of [1, 10_000]) {
    const keys = Array.from({ length: clients }, () => ({ hint: randomBytes(32), mac: randomBytes(32) }));
    let macs = 0;
    const gate = new NativeGate(gateKeysOf(keys), 120_000, (digest, key) => {
      macs += 1;
      return macKeyOf(digest, key);
    });
    while (!gate.isReady(now)) gate.advance(now);
    for (const packet of junk(500)) expect(gate.check(packet, now)).toBe('unknown-hint');
    expect(macs).toBe(0);
  }
});

test('A9 native: a hint that was seen on the way costs one HMAC', () => {
  const [alice, others] = [new Keyholder(), Array.from({ length: 100 }, () => new Keyholder())];
  const keys = [alice, ...others].map(({ secret }) => ({
    hint: deriveNativeKey(secret, 'gw1', 'hint'),
    mac: deriveNativeKey(secret, 'gw1', 'mac'),
  }));
  let macs = 0;
  const gate = new NativeGate(gateKeysOf(keys), 120_000, (digest, key) => {
    macs += 1;
    return macKeyOf(digest, key);
  });
  while (!gate.isReady(now)) gate.advance(now);
  const packet = alice.seal({ time: now });
  expect(gate.check(packet, now)).toBe(0);
  expect(macs).toBe(1);
  for (let at = 8; at < packet.length; at += 1) expect(gate.check(flipped(packet, at), now)).toBe('bad-mac');
  expect(macs).toBe(packet.length - 8 + 1);
});

test('A9 fwknop: the HMACs of a flood are within the budget, and one that is known costs one', () => {
  const ANY = ['0.0.0.0/0', '::/0'].map(cidr);
  const good = new FwknopHolder();
  const kinds = { rijndael: true, gpg: false, sources: ANY };
  const keys = [...Array.from({ length: 199 }, () => new FwknopHolder()), good].map(({ hmacKey }) => ({
    ...kinds,
    hmac: { type: 'sha256' as const, key: hmacKey },
  }));
  let macs = 0;
  const makeMac: CryptoSuite['macKey'] = (digest, key) => {
    const { mac } = macKeyOf(digest, key);
    return { mac: (message) => ((macs += 1), mac(message)) };
  };
  const table = new TrialTable(keys, { salt: 7, makeMac, unitsPerSecond: 10_000 });
  expect(table.find(good.seal(), ip('192.0.2.1'), now)).toBe(199);
  const foreign = new FwknopHolder().seal();
  macs = 0;
  const verdicts = Array.from({ length: 3000 }, (_, index) =>
    table.find(foreign, ip(`198.${index >> 8}.${index & 255}.1`), now),
  );
  expect(verdicts).toContain('over-budget');
  // All at one instant: the burst, and not a trial for every key and packet.
  expect(macs).toBeLessThanOrEqual(5000);
  expect(macs).toBeGreaterThan(0);
  macs = 0;
  expect(table.find(good.seal(), ip('192.0.2.1'), now)).toBe(199);
  expect(macs).toBe(1);
});

const sourceOf = (file: string): string => readFileSync(join(repositoryRoot(), file), 'utf8');

const ASYMMETRIC =
  /generateKeyPair|createSign|createVerify|privateDecrypt|publicDecrypt|privateEncrypt|publicEncrypt|iffieHellman|createECDH|@noble\/curves|ed25519\(|x25519\(/;

test('A10 native: there is no asymmetric work in our own format, in the core or the daemon', () => {
  const files = ['src', 'server', 'platform'].flatMap((folder) =>
    readdirSync(join(repositoryRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => ASYMMETRIC.test(sourceOf(file)))).toEqual([]);
  expect(ASYMMETRIC.test("crypto.createVerify('sha256')")).toBe(true);
});

/** How often a Map is asked something while `run` runs. */
function mapLookups(run: () => void): number {
  const spies = [vi.spyOn(Map.prototype, 'get'), vi.spyOn(Map.prototype, 'has'), vi.spyOn(Map.prototype, 'keys')];
  try {
    run();
    return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test('A11 both: the replay cache is bounded, what it lets go stays refused, and a packet costs the same few look-ups', () => {
  const CAPACITY = 5000;
  const record = (index: number) => ({ digest: randomBytes(16), time: unixMs(now + index * 10) });
  const cache = new ReplayCache(CAPACITY, unixMs(0));
  const records = Array.from({ length: 3 * CAPACITY }, (_, index) => record(index));
  const lookups: number[] = [];
  for (const [index, one] of records.entries()) {
    cache.remember(one);
    expect(cache.size).toBeLessThanOrEqual(CAPACITY);
    if (index % 5000 === 10) lookups.push(mapLookups(() => cache.judge(one.digest, one.time)));
  }
  expect(new Set(lookups).size).toBe(1);
  expect(lookups[0]).toBeLessThanOrEqual(3);
  for (const { digest, time } of records) expect(['replayed', 'below-floor']).toContain(cache.judge(digest, time));
  expect(cache.judge(randomBytes(16), unixMs(now + 1_000_000))).toBeUndefined();
});

test('A12 fwknop: what is remembered of sources is bounded, and nobody pushes out another key’s', () => {
  const recent = new RecentKeys(4);
  recent.remember('victim', 0);
  for (let index = 0; index < 100_000; index += 1) recent.remember(`forged ${String(index)}`, 1);
  expect(recent.size).toBeLessThanOrEqual(8192);
  expect(recent.find('victim')).toBe(0);
});

test('A15 both: the comparison gives the right answer, and looks at every byte whichever differ', () => {
  const reads = (a: Uint8Array, b: Uint8Array): number => {
    let count = 0;
    const watched = (bytes: Uint8Array): Uint8Array =>
      new Proxy(bytes, {
        get: (target, key): unknown => {
          if (typeof key === 'string' && /^\d+$/.test(key)) count += 1;
          return Reflect.get(target, key, target);
        },
      });
    expect(equalBytes(watched(a), watched(b))).toBe(Buffer.compare(a, b) === 0);
    return count;
  };
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.nat(31),
      fc.integer({ min: 1, max: 255 }),
      (mac, at, by) => {
        const wrong = mac.map((byte, index) => (index === at ? byte ^ by : byte));
        expect(reads(mac, mac.slice())).toBe(64);
        expect(reads(mac, wrong)).toBe(64);
      },
    ),
  );
  // No way out of the loop, and no operator that stops at the first difference.
  const source = /export const equalBytes = [\s\S]*?\n};/.exec(sourceOf('src/crypto/secret.ts'))?.[0] ?? '';
  const loop = source.slice(source.indexOf('for ('));
  expect(loop).toContain('difference |=');
  expect(loop).not.toMatch(/break|continue|&&|\|\||return (?!difference === 0)/);
});

/** Whether a packet with a wrong MAC is taken for a right one, wherever a MAC is looked at. */
function takenAnyway(): Readonly<Record<string, boolean>> {
  const [alice, carol] = [new Keyholder(), new FwknopHolder()];
  const native = alice.seal({ time: now });
  const text = carol.seal();
  const hmac = { type: 'sha256' as const, key: carol.hmacKey };
  const key = { hmac, rijndael: true, gpg: false, sources: [cidr('0.0.0.0/0')] };
  const at = text.length - 5;
  const cipher = { passphrase: carol.passphrase, mode: carol.mode };
  const gate = new FwknopGate({ keys: [key], unkeyed: undefined }, { salt: 1 });
  return {
    native: unsealNative(flipped(native, native.length - 1), deriveUnsealKeys(alice.secret, 'gw1')).ok,
    trial: typeof gate.check(otherLetter(text, at), ip('192.0.2.1'), now) === 'object',
    fwknop: unsealFwknop(otherLetter(text, at), cipher, hmac).ok,
  };
}

test('A15 both: every MAC is judged by that comparison and by nothing else', () => {
  expect(takenAnyway()).toEqual({ native: false, trial: false, fwknop: false });
  comparison.calls = 0;
  comparison.verdict = true;
  expect(takenAnyway()).toEqual({ native: true, trial: true, fwknop: true });
  expect(comparison.calls).toBeGreaterThanOrEqual(3);
});

test('A16 native: nothing is opened before the MAC is right, whichever bit was changed', () => {
  const alice = new Keyholder();
  const packet = alice.seal({ time: now });
  const { suite, done } = countingSuite();
  const keys = deriveUnsealKeys(alice.secret, 'gw1', suite);
  for (let at = 0; at < packet.length; at += 1) {
    expect(unsealNative(flipped(packet, at), keys)).toEqual({ ok: false, error: 'bad-mac' });
  }
  expect(done).not.toContain('open');
  done.length = 0;
  expect(unsealNative(packet, keys).ok).toBe(true);
  expect(done.slice(0, 2)).toEqual(['mac', 'open']);
});

test('A16 fwknop: nothing is opened before the HMAC is right, whichever letter was changed: no oracle of the padding', () => {
  for (const mode of ['cbc', 'ecb', 'cfb', 'ofb', 'ctr'] as const) {
    const carol = new FwknopHolder({ mode });
    const text = carol.seal();
    const { suite, done } = countingSuite();
    const hmac = { type: 'sha256' as const, key: carol.hmacKey };
    const open = (one: Uint8Array) => unsealFwknop(one, { passphrase: carol.passphrase, mode }, hmac, suite);
    for (let at = 0; at < text.length; at += 1) {
      const result = open(otherLetter(text, at));
      expect(result).toMatchObject({ ok: false });
      expect(['bad-mac', 'refused-prefix']).toContain(result.ok ? '' : result.error);
    }
    expect(done).not.toContain('open');
    done.length = 0;
    expect(open(text).ok).toBe(true);
    expect(done.slice(0, 2)).toEqual(['mac', 'open']);
  }
});
