/** Every HMAC type with every inner digest, both kinds of keys, and every message type. */
import { createHash } from 'node:crypto';
import { FWKNOP_DIGESTS, type FwknopDigest } from '../../../../src/spa/fwknop/key.ts';
import { FWKNOP_TYPES, type FwknopType } from '../../../../src/spa/fwknop/message.ts';
import type { Variables } from '../harness/fwknopd.ts';
import { LOCAL_PORT } from '../harness/stage.ts';
import { type Case, OPEN_FOR } from '../harness/table.ts';

/** Seconds that the stanza gives where the client names its own time, which must be what counts. */
const LONG = 120;

const KINDS = ['passphrase', 'base64'] as const;

/** Bytes that belong to a name, the same in every run. */
export function bytesFor(name: string, length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(name).digest();
}

/** One key in the words of access.conf and of the client. */
interface Key {
  readonly line: readonly [string, string];
  readonly words: readonly [string, string];
}

/** @param length bytes of a base64 key, or letters of a passphrase */
export function cipherKey(name: string, kind: (typeof KINDS)[number], length = 32): Key {
  const text = kind === 'base64' ? bytesFor(name, length).toString('base64') : phrase(name, length);
  return kind === 'base64'
    ? { line: ['KEY_BASE64', text], words: ['--key-base64-rijndael', text] }
    : { line: ['KEY', text], words: ['--key-rijndael', text] };
}

/** As {@link cipherKey}, up to 128 bytes. */
export function hmacKey(name: string, kind: (typeof KINDS)[number], length = 64): Key {
  const text = kind === 'base64' ? bytesFor(`${name} hmac`, length).toString('base64') : phrase(`${name} hmac`, length);
  return kind === 'base64'
    ? { line: ['HMAC_KEY_BASE64', text], words: ['--key-base64-hmac', text] }
    : { line: ['HMAC_KEY', text], words: ['--key-hmac', text] };
}

function phrase(name: string, length: number): string {
  return bytesFor(name, length).toString('hex').slice(0, length);
}

/** What the client is asked for, beside the keys. */
const REQUESTS: Readonly<Record<FwknopType, { effect: Case['effect']; words: readonly string[]; stanza: Variables }>> =
  {
    command: {
      effect: 'command',
      words: ['-C', '/usr/bin/touch EFFECT_FILE'],
      stanza: [['ENABLE_CMD_EXEC', 'Y']],
    },
    access: { effect: 'access', words: ['-A', 'tcp/PORT'], stanza: [] },
    'nat-access': { effect: 'nat', words: ['-A', 'tcp/PORT', '-N', 'INNER_IP:INNER_PORT'], stanza: [] },
    'timeout-access': { effect: 'access', words: ['-A', 'tcp/PORT', '-f', String(OPEN_FOR)], stanza: [] },
    'timeout-nat-access': {
      effect: 'nat',
      words: ['-A', 'tcp/PORT', '-N', 'INNER_IP:INNER_PORT', '-f', String(OPEN_FOR)],
      stanza: [],
    },
    'local-nat-access': {
      effect: 'local-nat',
      words: ['-A', `tcp/${LOCAL_PORT}`, '--nat-local', '--nat-port', 'PORT'],
      stanza: [],
    },
    'timeout-local-nat-access': {
      effect: 'local-nat',
      words: ['-A', `tcp/${LOCAL_PORT}`, '--nat-local', '--nat-port', 'PORT', '-f', String(OPEN_FOR)],
      stanza: [],
    },
  };

function caseOf(type: FwknopType, hmac: FwknopDigest, digest: FwknopDigest, kind: (typeof KINDS)[number]): Case {
  const name = `${type}, HMAC ${hmac}, digest ${digest}, ${kind}`;
  const [cipher, mac] = [cipherKey(name, kind), hmacKey(name, kind)];
  const { effect, words, stanza } = REQUESTS[type];
  const timeout = type.startsWith('timeout') ? LONG : OPEN_FOR;
  return {
    name,
    effect,
    stanza: [cipher.line, mac.line, ['HMAC_DIGEST_TYPE', hmac], ['FW_ACCESS_TIMEOUT', String(timeout)], ...stanza],
    client: [
      ...words,
      ...['-a', 'CLIENT_IP', ...cipher.words, ...mac.words, '--use-hmac', '--hmac-digest-type', hmac, '-m', digest],
    ],
  };
}

/** 7 message types × 7 HMAC types × 2 kinds of keys; over them, every HMAC type meets every digest. */
export const matrix: readonly Case[] = FWKNOP_TYPES.flatMap((type, place) =>
  FWKNOP_DIGESTS.flatMap((hmac, index) =>
    KINDS.map((kind) => caseOf(type, hmac, FWKNOP_DIGESTS[(place + index) % 7] ?? hmac, kind)),
  ),
);

export const MATRIX_CONF: Variables = [
  ['ENABLE_IPT_FORWARDING', 'Y'],
  ['ENABLE_IPT_LOCAL_NAT', 'Y'],
];
