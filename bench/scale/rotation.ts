/**
 * How long the change of hints keeps an event loop from anything else: `node rotation.js CLIENTS MAX_AGE`. Lets some minutes
 * go by for the gate of a receiver with so many clients, as the receiver calls it, and prints the milliseconds of the
 * calls as JSON ({@link RotationResult}).
 */
import { randomBytes } from 'node:crypto';
import { unixMs } from '../../src/base/units.ts';
import { NativeGate, reachFor } from '../../src/spa/native/gate.ts';
import { GATE_KEYS_LENGTH, type GateKeys } from '../../src/spa/native/gate-keys.ts';
import { DATAGRAM_SIZES } from '../../src/spa/native/layout.ts';

export interface RotationResult {
  /** A packet that comes before any hint has been made, and has to wait for all. */
  readonly first: number;
  /** The longest of all later calls, and their 99th percentile. */
  readonly longest: number;
  readonly p99: number;
}

const MINUTES = 4;
/** The receiver calls five times a second. */
const EVERY_MS = 200;

const [clients = '1', maxAge = '120000'] = process.argv.slice(2);
const keys: GateKeys = { bytes: randomBytes(Number(clients) * GATE_KEYS_LENGTH), withCodes: [], ends: new Map() };
const gate = new NativeGate(keys, reachFor(Number(clients), Number(maxAge)));
const start = Date.now();
const timed = (ms: number): number => {
  const begin = performance.now();
  gate.advance(unixMs(start + ms));
  return performance.now() - begin;
};
const junk = new Uint8Array(Math.min(...DATAGRAM_SIZES));
const begin = performance.now();
gate.check(junk, unixMs(start));
const first = performance.now() - begin;
const calls = (MINUTES * 60_000) / EVERY_MS;
const times = Array.from({ length: calls }, (_, index) => timed((index + 1) * EVERY_MS)).sort((a, b) => a - b);
const result: RotationResult = { first, longest: times.at(-1) ?? 0, p99: times[Math.floor(calls * 0.99)] ?? 0 };
process.stdout.write(`${JSON.stringify(result)}\n`);
