/** Keys: where they come from, what refuses them, and how long new ones are. */
import { Trouble } from '../../keys/trouble.ts';
import { printable } from '../../src/base/printable.ts';
import { decodeBase64, encodeBase64, encodeUtf8 } from '../../src/bytes/encoding.ts';
import { equalBytes } from '../../src/crypto/secret.ts';
import type { FwknopDigest } from '../../src/spa/fwknop/key.ts';
import { MAX_HMAC_KEY, MAX_PASSPHRASE } from '../../src/spa/fwknop/layout.ts';
import type { GivenOptions } from './command-line.ts';
import type { FwknopSettings } from './settings.ts';

/** The bytes of a key, a file to look it up in, or `ask`: nobody has given it. */
export type KeySource = { readonly bytes: Uint8Array } | { readonly file: string } | 'ask';

const FORMS = {
  cipher: { text: 'key-rijndael', base64: 'key-base64-rijndael', file: 'get-key' },
  hmac: { text: 'key-hmac', base64: 'key-base64-hmac', file: 'get-hmac-key' },
} as const;

/** Where the key of one kind comes from. @throws Trouble where base64 is none. */
export const keySource = (options: GivenOptions, kind: keyof typeof FORMS): KeySource => {
  const form = FORMS[kind];
  const base64 = options.get(form.base64);
  if (base64 !== undefined) {
    const bare = base64.text.replace(/=*$/, '');
    const bytes = decodeBase64(bare.padEnd(Math.ceil(bare.length / 4) * 4, '='));
    if (bytes !== undefined) return { bytes };
    // Not the text itself: a mistyped key is still nearly the key.
    throw new Trouble(`${base64.where}: this is no base64`, 1);
  }
  const text = options.get(form.text);
  if (text !== undefined) return { bytes: encodeUtf8(text.text) };
  const file = options.get(form.file);
  return file === undefined ? 'ask' : { file: file.text };
};

/** The key of `host` in the text of a key file: lines `HOST: KEY`. */
export const keyInFile = (text: string, host: string, file: string): Uint8Array => {
  for (const line of text.split('\n')) {
    const [, name = '', key = ''] = /^\s*([^\s#:]+|\[[^\]]+\])\s*:?\s*(\S+)\s*$/.exec(line) ?? [];
    if (name === host) return encodeUtf8(key);
  }
  throw new Trouble(`${printable(file)} has no key for ${printable(host)}: add a line "${printable(host)}: KEY"`, 1);
};

/** @throws Trouble for keys that no server of fwknop's would accept. */
export const refuseBadKeys = (
  { mode }: Pick<FwknopSettings, 'mode'>,
  cipher: Uint8Array | undefined,
  hmac: Uint8Array | undefined,
): void => {
  if (mode === 'legacy' && hmac !== undefined) {
    throw new Trouble('the legacy mode is that of servers before HMACs: leave the HMAC key out, or -M legacy', 1);
  }
  if (cipher !== undefined && mode !== 'asymmetric') checkLength('encryption', cipher, MAX_PASSPHRASE);
  if (hmac !== undefined) checkLength('HMAC', hmac, MAX_HMAC_KEY);
  if (cipher !== undefined && hmac !== undefined && equalBytes(cipher, hmac)) {
    throw new Trouble(
      'the encryption key and the HMAC key are identical, which servers refuse: make two of them (-k)',
      1,
    );
  }
};

const checkLength = (kind: string, key: Uint8Array, most: number): void => {
  if (key.length >= 1 && key.length <= most) return;
  throw new Trouble(`the ${kind} key has ${String(key.length)} bytes, and can have 1 to ${String(most)}`, 1);
};

export interface NewKeyLengths {
  readonly cipher: number;
  readonly hmac: number;
}

/** As fwknop makes them: 64 bytes for SHA-256, not its 32. The SHA-3 types, for which fwknop fails, get their block. */
const HMAC_LENGTHS: Readonly<Record<FwknopDigest, number>> = {
  ...{ md5: 16, sha1: 20, sha256: 64, sha384: 128, sha512: 128 },
  ...{ sha3_256: 128, sha3_512: 72 },
};

/** How long new keys are to be. @throws Trouble for a length that cannot be used. */
export const newKeyLengths = (options: GivenOptions, digest: FwknopDigest): NewKeyLengths => {
  const read = (name: 'key-len' | 'hmac-key-len', most: number): number | undefined => {
    const given = options.get(name);
    if (given === undefined) return undefined;
    const length = /^[0-9]{1,3}$/.test(given.text) ? Number(given.text) : 0;
    if (length >= 1 && length <= most) return length;
    throw new Trouble(`${given.where} ${printable(given.text, 60)}: a key has 1 to ${String(most)} bytes`, 1);
  };
  return {
    cipher: read('key-len', MAX_PASSPHRASE) ?? MAX_PASSPHRASE,
    hmac: read('hmac-key-len', MAX_HMAC_KEY) ?? HMAC_LENGTHS[digest],
  };
};

export interface NewKeys {
  readonly cipher: string;
  readonly hmac: string;
}

/** Two keys in base64 from chance. */
export const makeKeys = (lengths: NewKeyLengths, random: (length: number) => Uint8Array): NewKeys => ({
  cipher: encodeBase64(random(lengths.cipher)),
  hmac: encodeBase64(random(lengths.hmac)),
});

/** The two lines that access.conf and .fwknoprc take as they are. */
export const formatNewKeys = ({ cipher, hmac }: NewKeys): string => `KEY_BASE64: ${cipher}\nHMAC_KEY_BASE64: ${hmac}\n`;
