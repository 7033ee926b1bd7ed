/** What a client reads as the answer of a STUN server: bytes off the wire, of a transaction that fits. */
import { readBinding, STUN_FAULTS } from '../../src/stun/binding.ts';
import { hex } from '../unit/values.ts';

const TRANSACTION = hex('b7e7a701bc34d686fa87dfae');

const binding = (input: Uint8Array): string | undefined => {
  const read = readBinding(input, TRANSACTION);
  if (!read.ok) return STUN_FAULTS.includes(read.error) ? undefined : `"${read.error}" is not in the closed list`;
  const { address, port } = read.value;
  return address.bytes.length === (address.family === 4 ? 4 : 16) && port >= 1 ? undefined : 'no address';
};

const seeds = [
  '0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96',
  '010100182112a442b7e7a701bc34d686fa87dfae002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9',
  '011100082112a442b7e7a701bc34d686fa87dfae000900040000040e',
];

export const stunTargets = [{ name: 'stun', seeds: seeds.map(hex), run: binding }];
