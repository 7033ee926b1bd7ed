/**
 * The first room that hostile bytes enter: size, hint, MAC. It holds keys that recognise packets and none that reads or
 * makes them.
 */
import type { UnixMs } from '../../base/units.ts';
import { type MacFactory, macKeyOf } from '../../crypto/hmac.ts';
import type { GateRejection } from '../rejection.ts';
import { clientsOf, type GateKeys, macKeyAt } from './gate-keys.ts';
import { HintMaker } from './hint-maker.ts';
import { HintTable, NOWHERE } from './hint-table.ts';
import { DATAGRAM_SIZES } from './layout.ts';
import { macMatches } from './unseal.ts';

/** Up to this many clients, the table also reaches {@link DIAGNOSIS_REACH_MS} each way, to tell a wrong clock from junk. */
export const DIAGNOSIS_CLIENTS = 256;
export const DIAGNOSIS_REACH_MS = 15 * 60_000;

/** How far from now (milliseconds) the hints of `clients` clients are kept, where packets are fresh for `maxAge`. */
export const reachFor = (clients: number, maxAge: number): number =>
  clients <= DIAGNOSIS_CLIENTS ? Math.max(maxAge, DIAGNOSIS_REACH_MS) : maxAge;

/** The next window is prepared in this many calls of {@link NativeGate.advance}: 50 s of calls once a second, as where nothing comes. */
const CALLS_A_WINDOW = 50;
/** Hints made in one call where a packet could be of a window that is not there: some 2 ms. */
const SLICE = 500;

export class NativeGate {
  readonly #keys: GateKeys;
  readonly #hints: HintTable;
  readonly #makeMac: MacFactory;
  readonly #spare: number;

  /**
   * `reach` in milliseconds, see {@link reachFor}. `makeMac`: what computes the MACs of packets; the same bytes whichever it
   * is. No MAC key is prepared: one is used seldom, and ten thousand would be most of a receiver's memory.
   */
  constructor(keys: GateKeys, reach: number, makeMac: MacFactory = macKeyOf) {
    this.#keys = keys;
    this.#hints = new HintTable(new HintMaker(keys), reach);
    this.#makeMac = makeMac;
    this.#spare = Math.ceil(clientsOf(keys) / CALLS_A_WINDOW);
  }

  /**
   * Keeps the hints right for `now`, a little at a time; call it once a second or oftener, and again soon where
   * {@link NativeGate.isReady} says no. Says how many hints it has made: once running, one client in {@link CALLS_A_WINDOW}
   * at most.
   */
  advance(now: UnixMs): number {
    return this.#hints.advance(now, this.#hints.isReady(now) ? this.#spare : Math.max(SLICE, this.#spare));
  }

  /** Whether all hints are there that a packet may begin with at `now`; where they are not, the next packet has to wait for them. */
  isReady(now: UnixMs): boolean {
    return this.#hints.isReady(now);
  }

  /**
   * The number of the client that the datagram is from, or why it is nobody's. The datagram is `bytes` from `start` up to
   * `end`. Allocates nothing unless a hint is some client's.
   */
  check(bytes: Uint8Array, now: UnixMs, start = 0, end: number = bytes.length): number | GateRejection {
    if (!DATAGRAM_SIZES.includes(end - start)) return 'wrong-size';
    const place = this.#hints.find(bytes, start, now);
    return place === NOWHERE ? 'unknown-hint' : this.#checkMac(bytes.subarray(start, end), now, place);
  }

  /** Tries the client at `place`, and then every other one whose hint is the same by chance. */
  #checkMac(datagram: Uint8Array, now: UnixMs, place: number): number | GateRejection {
    for (let at = place; at !== NOWHERE; at = this.#hints.find(datagram, 0, now, at)) {
      const client = this.#hints.clientAt(at);
      if (macMatches(this.#makeMac('sha256', macKeyAt(this.#keys, client)), datagram)) return client;
    }
    return 'bad-mac';
  }
}
