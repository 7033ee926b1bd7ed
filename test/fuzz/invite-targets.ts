/** Invites: what people paste. */
import { readFileSync } from 'node:fs';
import { decodeHex, encodeHex } from '../../src/bytes/encoding.ts';
import { decodeInvite, encodeInvite } from '../../src/invite/body.ts';
import { describeInviteFault } from '../../src/invite/fault.ts';
import { formatInvite, parseInvite } from '../../src/invite/invite.ts';

const load = (file: string): { text: string; payload?: string }[] => {
  const text = readFileSync(new URL(`../vectors/invite/${file}`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { vectors: { text: string; payload?: string }[] }).vectors;
};

const inviteText = (input: Uint8Array): string | undefined => {
  const text = Buffer.from(input).toString('utf8');
  const read = parseInvite(text);
  if (!read.ok) {
    const sentence = describeInviteFault(read.error);
    return /[\p{Cc}\p{Cf}]/u.test(sentence) ? 'a control character in a sentence' : undefined;
  }
  if (read.value.kind === 'sealed') return undefined;
  const letters = text
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1');
  return formatInvite(read.value.invite).replace('-', '') === letters ? undefined : 'two texts for one invite';
};

/** What the check letters would keep away. */
const inviteBody = (input: Uint8Array): string | undefined => {
  const read = decodeInvite(input, 1);
  if (!read.ok) return undefined;
  return encodeHex(encodeInvite(read.value, 1)) === encodeHex(input) ? undefined : 'two bodies for one invite';
};

const good = load('good.json');

export const inviteTargets = [
  { name: 'invite', seeds: [...good, ...load('bad.json')].map(({ text }) => Buffer.from(text)), run: inviteText },
  {
    name: 'invite-body',
    seeds: good.flatMap(({ payload = '' }) => decodeHex(payload)?.subarray(1) ?? []),
    run: inviteBody,
  },
];
