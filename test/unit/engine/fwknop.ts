/** Clients and texts of fwknop's, for tests of the authorizer. */
import type { FwknopStanza } from '../../../src/access/fwknop-stanza.ts';
import { PLAIN_TERMS } from '../../../src/access/terms.ts';
import { type Moment, seconds } from '../../../src/base/units.ts';
import type { Input } from '../../../src/engine/input.ts';
import type { FwknopCandidate } from '../../../src/engine/input.ts';
import type { GpgKeys } from '../../../src/access/fwknop-keys.ts';
import type { FwknopClient, FwknopPolicy } from '../../../src/engine/policy.ts';
import { encodeFields } from '../../../src/spa/fwknop/fields.ts';
import type { FwknopCipherKey, FwknopHmacKey } from '../../../src/spa/fwknop/key.ts';
import type { FwknopMessage } from '../../../src/spa/fwknop/message.ts';
import { sealFwknop } from '../../../src/spa/fwknop/seal.ts';
import { ascii, cidr, ip, specs } from '../values.ts';

export const fwknopStanza = (name: string, fields: Partial<FwknopStanza> = {}): FwknopStanza => ({
  name,
  sources: [cidr('0.0.0.0/0'), cidr('::/0')],
  destinations: undefined,
  openPorts: undefined,
  restrictPorts: [],
  openFor: seconds(30),
  maxOpenFor: seconds(300),
  username: undefined,
  requireAddress: false,
  ...PLAIN_TERMS,
  expires: undefined,
  nat: NO_NAT,
  commands: undefined,
  cycle: undefined,
  ...fields,
});

export const NO_NAT: FwknopStanza['nat'] = {
  forward: false,
  local: false,
  targets: undefined,
  forced: undefined,
  source: 'client',
  names: true,
  disableDnat: false,
  forwardAll: false,
};

export const ROOT = { user: undefined, group: undefined, sudo: undefined };

export const cipherOf = (text: string): FwknopCipherKey => ({ passphrase: ascii(text), mode: 'cbc' });
export const hmacOf = (text: string): FwknopHmacKey => ({ type: 'sha256', key: ascii(text) });

export const GPG_KEYS: GpgKeys = {
  homeDir: '/ring',
  program: 'gpg',
  recipient: undefined,
  password: undefined,
  requireSignature: true,
  ignoreBadSignature: false,
  signerIds: [],
  signerFingerprints: [],
};

export interface ClientWords {
  readonly cipher?: string;
  readonly hmac?: string;
  readonly gpg?: GpgKeys;
}

export const fwknopClient = (stanza: FwknopStanza, { cipher, hmac, gpg }: ClientWords): FwknopClient => ({
  stanza,
  cipher: cipher === undefined ? undefined : cipherOf(cipher),
  hmac: hmac === undefined ? undefined : hmacOf(hmac),
  gpg,
});

export const fwknopPolicy = (clients: readonly FwknopClient[], fields: Partial<FwknopPolicy> = {}): FwknopPolicy => ({
  clients,
  maxAge: 120_000,
  trustForwardedFor: false,
  ...fields,
});

let randoms = 1_000_000_000_000_000;

export const messageOf = (now: Moment, fields: Partial<FwknopMessage> = {}): FwknopMessage => {
  randoms += 1;
  return {
    random: String(randoms),
    user: 'alice',
    time: now.wall,
    version: '3.0.0',
    type: 'access',
    allow: undefined,
    ports: specs('tcp/22'),
    command: '',
    nat: undefined,
    serverAuth: undefined,
    timeout: undefined,
    ...fields,
  };
};

let salts = 0;

/** A text with another salt than any before. */
export const textOf = (message: FwknopMessage, cipher: string, hmac: string | undefined): Uint8Array => {
  salts += 1;
  const salt = new Uint8Array(8);
  new DataView(salt.buffer).setUint32(0, salts);
  const plain = encodeFields(message, 'sha256');
  return ascii(sealFwknop(plain, cipherOf(cipher), hmac === undefined ? undefined : hmacOf(hmac), salt));
};

export const fwknopInput = (
  text: Uint8Array,
  now: Moment,
  fields: Partial<FwknopCandidate> = {},
): Extract<Input, { kind: 'fwknop-candidate' }> => ({
  kind: 'fwknop-candidate',
  candidate: {
    key: 0,
    source: ip('192.0.2.1'),
    destination: ip('198.51.100.1'),
    transport: 'udp',
    forwardedFor: undefined,
    captured: now.wall,
    text,
    ...fields,
  },
});
