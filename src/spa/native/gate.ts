/**
 * The first room that hostile bytes enter: size, hint, MAC. It holds keys that recognise packets and none that reads or
 * makes them.
 */
import type { UnixMs } from '../../base/units.ts';
import { HmacKey } from '../../crypto/hmac.ts';
import type { GateRejection } from '../rejection.ts';
import { HintTable } from './hint-table.ts';
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

/** The next window is prepared in this many calls of {@link NativeGate.advance}: 30 s of calls five times a second. */
const CALLS_A_WINDOW = 150;

export class NativeGate {
  readonly #hints: HintTable;
  readonly #macKeys: readonly HmacKey[];

  /** `reach` in milliseconds, see {@link reachFor}. */
  constructor(clients: readonly GateKeys[], reach: number) {
    this.#hints = new HintTable(
      clients.map((client) => new HmacKey(client.hint)),
      reach,
      clients.flatMap(({ codes }, client) => (codes === true ? [client] : [])),
    );
    this.#macKeys = clients.map((client) => new HmacKey(client.mac));
  }

  /** Keeps the hints right for `now`; call it before the first packet, then some five times a second. */
  advance(now: UnixMs): void {
    this.#hints.advance(now, Math.ceil(this.#macKeys.length / CALLS_A_WINDOW));
  }

  /** The number of the client that `datagram` is from, or why it is nobody's. Allocates nothing for junk. */
  check(datagram: Uint8Array, now: UnixMs): number | GateRejection {
    if (!DATAGRAM_SIZES.includes(datagram.length)) return 'wrong-size';
    const found = this.#hints.find(datagram, 0, now, (client) => {
      const macKey = this.#macKeys[client];
      return macKey !== undefined && macMatches(macKey, datagram);
    });
    if (typeof found === 'number') return found;
    return found === 'unknown' ? 'unknown-hint' : 'bad-mac';
  }
}
