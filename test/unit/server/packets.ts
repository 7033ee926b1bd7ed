import { parseAddress } from '../../../src/base/address.ts';
import { unixMs } from '../../../src/base/units.ts';
import type { Input } from '../../../src/engine/input.ts';

const source = parseAddress('192.0.2.1');
if (source === undefined) throw new Error('a constant of this test is wrong');

/** A packet of the client of this number. */
export const packet = (client: number): Input => ({
  kind: 'candidate',
  candidate: { client, source, captured: unixMs(0), datagram: new Uint8Array(0) },
});
