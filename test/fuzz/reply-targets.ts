/** What a client reads as a reply: bytes off the wire, and, as the worst case, bodies that are properly sealed. */
import { readFileSync } from 'node:fs';
import { sealBox } from '../../src/crypto/aead.ts';
import { openReply, REPLY_FAULTS, sealReply } from '../../src/spa/native/reply.ts';
import { hex } from '../unit/values.ts';

const KEY = new Uint8Array(32).fill(7);
const MAC = new Uint8Array(32).fill(9);
const NONCE = new Uint8Array(24);
const AAD = Uint8Array.of(...Buffer.from('spa1 reply'), ...MAC);

const datagram = (input: Uint8Array): string | undefined => {
  const read = openReply(input, KEY, MAC);
  if (read.ok) return 'a reply that nobody has sealed';
  return REPLY_FAULTS.includes(read.error) ? undefined : `"${read.error}" is not in the closed list`;
};

const body = (input: Uint8Array): string | undefined => {
  const plain = new Uint8Array(136);
  plain.set(input.subarray(0, 136));
  const sealed = Uint8Array.of(...NONCE, ...sealBox(KEY, NONCE, AAD, plain));
  const read = openReply(sealed, KEY, MAC);
  if (!read.ok) return REPLY_FAULTS.includes(read.error) ? undefined : `"${read.error}" is not in the closed list`;
  const again = sealReply(read.value, KEY, MAC, NONCE);
  return Buffer.from(again).equals(sealed) ? undefined : 'a reply that has a second encoding';
};

const { vectors } = JSON.parse(readFileSync(new URL('../vectors/native/replies.json', import.meta.url), 'utf8')) as {
  vectors: { datagram: string }[];
};
/** The fields of a reply: opened, with an end; refused; from IPv6. */
const bodies = [
  '0101000000019b76db185e0000019b76db8d8e04c63364079c40',
  '0104050000019b76db185e000000000000000004c63364079c40',
  `010200${'00'.repeat(16)}0620010db8${'00'.repeat(11)}070001`,
];

export const replyTargets = [
  { name: 'reply', seeds: vectors.slice(0, 30).map((vector) => hex(vector.datagram)), run: datagram },
  { name: 'reply-body', seeds: bodies.map(hex), run: body },
];
