/**
 * How long the change of hints keeps an event loop from anything else: `node rotation.js CLIENTS MAX_AGE`. Lets some minutes
 * go by for the gate of a receiver with so many clients, as the receiver calls it, and prints the milliseconds of the
 * calls as JSON ({@link RotationResult}).
 */
import { randomBytes } from 'node:crypto';
import { unixMs } from '../../src/base/units.ts';
import { NativeGate, reachFor } from '../../src/spa/native/gate.ts';

export interface RotationResult {
  /** The call before the first packet, which makes all hints at once; part of the start. */
  readonly first: number;
  /** The longest of all later calls, and their 99th percentile. */
  readonly longest: number;
  readonly p99: number;
}

const MINUTES = 4;
/** The receiver calls five times a second. */
const EVERY_MS = 200;

const [clients = '1', maxAge = '120000'] = process.argv.slice(2);
const keys = Array.from({ length: Number(clients) }, () => ({ hint: randomBytes(32), mac: randomBytes(32) }));
const gate = new NativeGate(keys, reachFor(keys.length, Number(maxAge)));
const start = Date.now();
const timed = (ms: number): number => {
  const begin = performance.now();
  gate.advance(unixMs(start + ms));
  return performance.now() - begin;
};
const first = timed(0);
const calls = (MINUTES * 60_000) / EVERY_MS;
const times = Array.from({ length: calls }, (_, index) => timed((index + 1) * EVERY_MS)).sort((a, b) => a - b);
const result: RotationResult = { first, longest: times.at(-1) ?? 0, p99: times[Math.floor(calls * 0.99)] ?? 0 };
process.stdout.write(`${JSON.stringify(result)}\n`);
