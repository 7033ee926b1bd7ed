/** The receiver's loop as the daemon has it, with clients of its own and nobody behind it; and the junk that it is given. */
import { createHmac } from 'node:crypto';
import { NODE_SUITE } from '../../platform/node-suite.ts';
import { GateLoop, type Sink } from '../../server/receiver/gate-loop.ts';
import { Tally } from '../../server/receiver/tally.ts';
import { port, type UnixMs } from '../../src/base/units.ts';
import { NativeGate, reachFor } from '../../src/spa/native/gate.ts';
import { hintOf, windowOf } from '../../src/spa/native/keys.ts';
import { type ClientKeys, gateKeysOf } from '../../test/support/gate-keys.ts';

const MAX_AGE_MS = 120_000;
const SPA_PORT = 62_201;

/** What is refused, and whether its hint is new each time. */
export const KINDS = ['unknown hint', 'wrong size', 'other port', 'right hint, wrong MAC'] as const;

export type Kind = (typeof KINDS)[number];

export interface Subject {
  readonly gate: NativeGate;
  readonly loop: GateLoop;
  /** What the loop has counted since the last call. */
  readonly counts: () => Readonly<Record<string, number>>;
  readonly frameOf: (kind: Kind, now: UnixMs) => Uint8Array;
}

/** A stand-in for HKDF, which is not what is measured. */
const keyOf = (label: string, client: number): Uint8Array =>
  Uint8Array.from(createHmac('sha256', label).update(String(client)).digest());

export function makeSubject(clients: number): Subject {
  const spa = port(SPA_PORT);
  if (spa === undefined) throw new Error('no port');
  const keys = Array.from({ length: clients }, (_, client): ClientKeys => ({
    hint: keyOf('hint', client),
    mac: keyOf('mac', client),
  }));
  const gate = new NativeGate(gateKeysOf(keys), reachFor(clients, MAX_AGE_MS), NODE_SUITE.macKey);
  const tally = new Tally();
  const sink: Sink = {
    count: (name, count) => tally.count(name, count),
    flushCounts: () => undefined,
    send: () => true,
  };
  return {
    gate,
    loop: new GateLoop({ gate, texts: undefined }, sink, spa),
    counts: () => {
      const counts = tally.counts();
      tally.clear();
      return counts;
    },
    frameOf: (kind, now) => frameOf(kind, keys, now),
  };
}

/** Ethernet, IPv4 without options, UDP. */
export const PAYLOAD_OFFSET = 42;

function frameOf(kind: Kind, keys: readonly ClientKeys[], now: UnixMs): Uint8Array {
  const length = kind === 'wrong size' ? 175 : 176;
  const frame = new Uint8Array(PAYLOAD_OFFSET + length);
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45);
  view.setUint16(16, 28 + length);
  view.setUint8(23, 17);
  view.setUint16(36, kind === 'other port' ? SPA_PORT + 1 : SPA_PORT);
  view.setUint16(38, 8 + length);
  const own = keys[Math.floor(keys.length / 2)];
  if (kind === 'right hint, wrong MAC' && own !== undefined)
    frame.set(hintOf(NODE_SUITE.macKey('sha256', own.hint), windowOf(now)), PAYLOAD_OFFSET);
  return frame;
}
