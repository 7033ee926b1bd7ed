/** Encryption modes, lengths of keys, digests without HMAC, and stanzas that have to be told apart by their keys. */
import { FWKNOP_DIGESTS, FWKNOP_MODES } from '../../../../src/spa/fwknop/key.ts';
import type { Variables } from '../harness/fwknopd.ts';
import type { Case } from '../harness/table.ts';
import { cipherKey, hmacKey } from './matrix.ts';

const ACCESS = ['-A', 'tcp/PORT', '-a', 'CLIENT_IP'];

/** One that opens its port by these keys. */
function opening(name: string, stanza: Variables, words: readonly string[], more: Partial<Case> = {}): Case {
  return { name, stanza, client: [...ACCESS, ...words], effect: 'access', ...more };
}

const modes: readonly Case[] = FWKNOP_MODES.flatMap((mode) =>
  (['passphrase', 'base64'] as const).flatMap((kind) => {
    const name = `mode ${mode}, ${kind}`;
    const [cipher, mac] = [cipherKey(name, kind), hmacKey(name, kind)];
    const line = ['ENCRYPTION_MODE', mode] as const;
    const words = [...cipher.words, '-M', mode];
    const plain = opening(`${name}, no HMAC`, [cipher.line, line], words, { looseInFwknopd: true });
    // The client itself refuses the two together.
    if (mode === 'legacy') return [plain];
    return [plain, opening(`${name}, HMAC`, [cipher.line, mac.line, line], [...words, ...mac.words])];
  }),
);

/** Legacy keys are filled up to 16 letters, or cut to 16. */
const legacyLengths: readonly Case[] = [1, 15, 16, 17, 32].map((length) => {
  const name = `legacy key of ${length} letters`;
  const cipher = cipherKey(name, 'passphrase', length);
  const words = [...cipher.words, '-M', 'legacy'];
  return opening(name, [cipher.line, ['ENCRYPTION_MODE', 'legacy']], words, { looseInFwknopd: true });
});

const digests: readonly Case[] = FWKNOP_DIGESTS.map((digest) => {
  const name = `digest ${digest}, no HMAC`;
  const cipher = cipherKey(name, 'base64');
  return opening(name, [cipher.line], [...cipher.words, '-m', digest], { looseInFwknopd: true });
});

const lengths: readonly Case[] = ([1, 16, 31, 32] as const).flatMap((length) =>
  (['passphrase', 'base64'] as const).map((kind) => {
    const name = `key of ${length} bytes, ${kind}`;
    const [cipher, mac] = [cipherKey(name, kind, length), hmacKey(name, kind)];
    return opening(name, [cipher.line, mac.line], [...cipher.words, ...mac.words]);
  }),
);

/** Up to one byte, a block of the digest, and more than a block. */
const hmacLengths: readonly Case[] = ([1, 64, 65, 100, 128] as const).flatMap((length) =>
  (['sha256', 'sha512', 'sha3_512'] as const).map((hmac) => {
    const name = `HMAC ${hmac} key of ${length} bytes`;
    const [cipher, mac] = [cipherKey(name, 'passphrase', 20), hmacKey(name, 'base64', length)];
    const words = [...cipher.words, ...mac.words, '--use-hmac', '--hmac-digest-type', hmac];
    return opening(name, [cipher.line, mac.line, ['HMAC_DIGEST_TYPE', hmac]], words);
  }),
);

const [cipher, mac, other] = [cipherKey('told', 'base64'), hmacKey('told', 'base64'), hmacKey('other', 'base64')];

const refused: readonly Case[] = [
  {
    name: 'another HMAC key',
    stanza: [cipherKey('wrong mac', 'base64').line, hmacKey('wrong mac', 'base64').line],
    client: [...ACCESS, ...cipherKey('wrong mac', 'base64').words, ...other.words],
    effect: 'nothing',
  },
  {
    name: 'another HMAC type',
    stanza: [cipher.line, mac.line, ['HMAC_DIGEST_TYPE', 'sha512']],
    client: [...ACCESS, ...cipher.words, ...mac.words, '--use-hmac', '--hmac-digest-type', 'sha256'],
    effect: 'nothing',
  },
  {
    name: 'no HMAC where the stanza has a key for it',
    stanza: [cipherKey('no mac', 'base64').line, hmacKey('no mac', 'base64').line],
    client: [...ACCESS, ...cipherKey('no mac', 'base64').words],
    effect: 'nothing',
  },
  {
    name: 'an HMAC where the stanza has no key for it',
    stanza: [cipherKey('one mac', 'base64').line],
    client: [...ACCESS, ...cipherKey('one mac', 'base64').words, ...hmacKey('one mac', 'base64').words],
    effect: 'nothing',
  },
  {
    name: 'another key for the text, the right one for the HMAC',
    stanza: [cipherKey('wrong key', 'base64').line, hmacKey('wrong key', 'base64').line],
    client: [...ACCESS, ...cipherKey('right key', 'base64').words, ...hmacKey('wrong key', 'base64').words],
    effect: 'nothing',
  },
  {
    name: 'another mode',
    stanza: [cipherKey('mode', 'base64').line, hmacKey('mode', 'base64').line, ['ENCRYPTION_MODE', 'ctr']],
    client: [...ACCESS, ...cipherKey('mode', 'base64').words, ...hmacKey('mode', 'base64').words, '-M', 'ofb'],
    effect: 'nothing',
  },
  {
    name: 'a key that no stanza has',
    stanza: [cipherKey('absent', 'base64').line, hmacKey('absent', 'base64').line],
    client: [...ACCESS, ...cipherKey('nobody', 'base64').words, ...hmacKey('nobody', 'base64').words],
    effect: 'nothing',
  },
];

export const keys: readonly Case[] = [...modes, ...legacyLengths, ...digests, ...lengths, ...hmacLengths, ...refused];
