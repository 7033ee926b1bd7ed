/**
 * Goes the road of a packet through this process before the first one comes, as the authorizer does (../rehearsal.ts): V8 runs a
 * function uncompiled until it has been called some hundreds of times. The client, its keys and its packets are made up here, and
 * none of them could be read by anybody: where a genuine packet has something sealed, these have chance.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { NODE_SUITE } from '../../platform/node-suite.ts';
import type { Port, UnixMs } from '../../src/base/units.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { GATE_KEYS_LENGTH, type GateKeys, macKeyAt } from '../../src/spa/native/gate-keys.ts';
import { hintOf, windowOf } from '../../src/spa/native/keys.ts';
import { DATAGRAM_SIZES, macStart } from '../../src/spa/native/layout.ts';
import { GateLoop } from './gate-loop.ts';
import { Outbox } from './outbox.ts';

/** Beyond this a packet gets no quicker. */
const PACKETS = 320;
/** Some 2 ms, while which no frame is taken from the kernel; and so long, in milliseconds, until the next. */
const SLICE = 8;
const PAUSE_MS = 8;
const REACH_MS = 120_000;

/** Ethernet, IPv4 and UDP (IEEE 802.3, RFC 791, RFC 768) before a payload: addresses, ports and lengths are put in. */
const HEADERS_LENGTH = 42;
const [TYPE_AT, IP_AT, IP_LENGTH_AT, TIME_TO_LIVE_AT, SOURCE_AT, UDP_AT, UDP_LENGTH_AT] = [12, 14, 16, 22, 26, 34, 38];

/**
 * Settles when all packets have gone through. `write`: what takes the place of the pipe to the authorizer, and tells the length
 * of what it has taken.
 */
export const rehearse = async (
  now: UnixMs,
  port: Port,
  write = (bytes: Uint8Array): number => bytes.length,
): Promise<void> => {
  setFlagsFromString('--no-flush-bytecode');
  const keys = { bytes: new Uint8Array(randomBytes(GATE_KEYS_LENGTH)), withCodes: [], ends: new Map() };
  const gate = new NativeGate(keys, REACH_MS, NODE_SUITE.macKey);
  const loop = new GateLoop({ gate, texts: undefined }, new Outbox(write), port);
  for (let played = 0; played < PACKETS; played += 1) {
    if (played % SLICE === 0) await sleep(PAUSE_MS, undefined, { ref: false });
    const frame = frameOf(packetOf(keys, now), port);
    loop.frame('ethernet', frame, frame.length, now);
  }
};

/** As a gate sees it: the hint and the MAC are right. */
const packetOf = (keys: GateKeys, now: UnixMs): Uint8Array => {
  const macKey = macKeyAt(keys, 0);
  const hintKey = keys.bytes.subarray(0, macKey.byteOffset - keys.bytes.byteOffset);
  const datagram = new Uint8Array(randomBytes(DATAGRAM_SIZES[0] ?? 0));
  const end = macStart(datagram.length);
  datagram.set(hintOf(NODE_SUITE.macKey('sha256', hintKey), windowOf(now)));
  datagram.set(NODE_SUITE.macKey('sha256', macKey).mac(datagram.subarray(0, end)), end);
  return datagram;
};

const frameOf = (datagram: Uint8Array, port: Port): Uint8Array => {
  const frame = new Uint8Array(HEADERS_LENGTH + datagram.length);
  const view = new DataView(frame.buffer);
  view.setUint16(TYPE_AT, 0x0800);
  view.setUint8(IP_AT, 0x45);
  view.setUint16(IP_LENGTH_AT, frame.length - IP_AT);
  // Time to live, and UDP.
  view.setUint16(TIME_TO_LIVE_AT, 0x4011);
  frame.set([192, 0, 2, 1, 192, 0, 2, 2], SOURCE_AT);
  view.setUint16(UDP_AT, 1);
  view.setUint16(UDP_AT + 2, port);
  view.setUint16(UDP_LENGTH_AT, frame.length - UDP_AT);
  frame.set(datagram, HEADERS_LENGTH);
  return frame;
};
