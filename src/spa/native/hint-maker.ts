import { BulkMac } from '../../crypto/bulk-mac.ts';
import { clientsOf, type GateKeys, hintKeyAt } from './gate-keys.ts';
import { hintMessage } from './keys.ts';

/** Makes the hints of numbered clients. */
export interface HintSource {
  /** How many clients there are. */
  readonly clients: number;
  /** Of these, the ones that have emergency codes. */
  readonly withCodes: readonly number[];
  /** The hint of a client in a window; the next one may overwrite it. At least 8 bytes, of which the first 8 count. */
  readonly make: (client: number, window: number) => Uint8Array;
}

/** Makes them of keys, without an object for any hint. */
export class HintMaker implements HintSource {
  readonly clients: number;
  readonly withCodes: readonly number[];
  readonly #keys: Uint8Array;
  readonly #macs = new BulkMac();
  #window = -1;
  #message: Uint8Array = new Uint8Array(0);

  constructor(keys: GateKeys) {
    this.clients = clientsOf(keys);
    this.withCodes = keys.withCodes;
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
