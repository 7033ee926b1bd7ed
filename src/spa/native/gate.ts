/**
 * The first room that hostile bytes enter: size, hint, MAC. It holds keys that recognise packets and none that reads or
 * makes them.
 */
import type { UnixMs } from '../../base/units.ts';
import { type MacFactory, type MacKey, macKeyOf } from '../../crypto/hmac.ts';
import type { GateRejection } from '../rejection.ts';
import { HintTable, NOWHERE } from './hint-table.ts';
import { DATAGRAM_SIZES } from './layout.ts';
import { macMatches } from './unseal.ts';

/** One client as the gate knows it; its place in the list is its number. */
export interface GateKeys {
  /** 32 bytes each. */
  readonly hint: Uint8Array;
  readonly mac: Uint8Array;
  /** Whether it has emergency codes, so that window 0 is looked out for at any time. */
  readonly codes?: boolean;
}

/** Up to this many clients, the table also reaches {@link DIAGNOSIS_REACH_MS} each way, to tell a wrong clock from junk. */
export const DIAGNOSIS_CLIENTS = 256;
export const DIAGNOSIS_REACH_MS = 15 * 60_000;

/** How far from now (milliseconds) the hints of `clients` clients are kept, where packets are fresh for `maxAge`. */
export const reachFor = (clients: number, maxAge: number): number =>
  clients <= DIAGNOSIS_CLIENTS ? Math.max(maxAge, DIAGNOSIS_REACH_MS) : maxAge;

/** The next window is prepared in this many calls of {@link NativeGate.advance}: 50 s of calls once a second, as where nothing comes. */
const CALLS_A_WINDOW = 50;

export class NativeGate {
  readonly #hints: HintTable;
  readonly #macKeys: readonly MacKey[];

  /** `reach` in milliseconds, see {@link reachFor}. `makeMac`: what computes the MACs; the same bytes whichever it is. */
  constructor(clients: readonly GateKeys[], reach: number, makeMac: MacFactory = macKeyOf) {
    this.#hints = new HintTable(
      clients.map((client) => makeMac('sha256', client.hint)),
      reach,
      clients.flatMap(({ codes }, client) => (codes === true ? [client] : [])),
    );
    this.#macKeys = clients.map((client) => makeMac('sha256', client.mac));
  }

  /**
   * Keeps the hints right for `now`; call it before the first packet, then once a second or oftener. Says how many hints
   * it has made: once running, one client in {@link CALLS_A_WINDOW} at most, except after a step of the clock.
   */
  advance(now: UnixMs): number {
    return this.#hints.advance(now, Math.ceil(this.#macKeys.length / CALLS_A_WINDOW));
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
      const macKey = this.#macKeys[client];
      if (macKey !== undefined && macMatches(macKey, datagram)) return client;
    }
    return 'bad-mac';
  }
}
