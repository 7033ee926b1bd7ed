import { BulkMac } from '../../crypto/bulk-mac.ts';
import type { UnixMs } from '../../base/units.ts';
import { clientsOf, type GateKeys, hintKeyAt } from './gate-keys.ts';
import { hintMessage } from './keys.ts';

/** Makes the hints of numbered clients. */
export interface HintSource {
  /** How many clients there are. */
  readonly clients: number;
  /** Of these, the ones that have emergency codes. */
  readonly withCodes: readonly number[];
  /** Until when (exclusive) the hints of some of them count; those of the others always do. */
  readonly ends: ReadonlyMap<number, UnixMs>;
  /** The hint of a client in a window; the next one may overwrite it. At least 8 bytes, of which the first 8 count. */
  readonly make: (client: number, window: number) => Uint8Array;
}

/** Whether the hints of this client count no more. */
export const hasEnded = ({ ends }: Pick<HintSource, 'ends'>, client: number, now: UnixMs): boolean => {
  const end = ends.get(client);
  return end !== undefined && now >= end;
};

/** Makes them of keys, without an object for any hint. */
export class HintMaker implements HintSource {
  readonly clients: number;
  readonly withCodes: readonly number[];
  readonly ends: ReadonlyMap<number, UnixMs>;
  readonly #keys: Uint8Array;
  readonly #macs = new BulkMac();
  #window = -1;
  #message: Uint8Array = new Uint8Array(0);

  constructor(keys: GateKeys) {
    this.clients = clientsOf(keys);
    this.withCodes = keys.withCodes;
    this.ends = keys.ends;
    this.#keys = keys.bytes;
  }

  make(client: number, window: number): Uint8Array {
    if (window !== this.#window) {
      this.#window = window;
      this.#message = hintMessage(window);
    }
    this.#macs.compute(this.#keys, hintKeyAt(client), this.#message);
    return this.#macs.mac;
  }
}
