/** The vectors of fwknop's packet as domain values. */
import { readFileSync } from 'node:fs';
import { formatAddress, parseAddress } from '../../../src/base/address.ts';
import { formatPortSpec, parsePortSpec } from '../../../src/base/port-spec.ts';
import { port, seconds, unixMs } from '../../../src/base/units.ts';
import type { FwknopCipherKey, FwknopDigest, FwknopHmacKey, FwknopMode } from '../../../src/spa/fwknop/key.ts';
import type { FwknopMessage, FwknopType } from '../../../src/spa/fwknop/message.ts';
import type { Rejection } from '../../../src/spa/rejection.ts';
import { hex, present } from '../../unit/values.ts';

export interface JsonFields {
  random: string;
  user: string;
  time: number;
  version: string;
  type: FwknopType;
  allow: string | null;
  ports: string[];
  command: string;
  nat: { host: string; port: number } | null;
  serverAuth: string | null;
  timeout: number | null;
}

interface JsonHmac {
  type: FwknopDigest;
  key: string;
}

export interface TextVector {
  name: string;
  hmac: JsonHmac | null;
  text: string;
}

export interface RijndaelVector extends TextVector {
  passphrase: string;
  mode: FwknopMode;
}

export interface GoodVector extends RijndaelVector {
  salt: string;
  digest: FwknopDigest;
  /** Whether a writer makes the same text of the fields. */
  canonical: boolean;
  fields: JsonFields;
  plain: string;
}

export interface GpgVector extends TextVector {
  /** Whether servers of fwknop's can read it. */
  old: boolean;
  openPgp: string;
}

export type Refused<V> = V & { rejection: Rejection };

interface File<R, G> {
  rijndael: R[];
  gpg: G[];
}

const load = (file: string): unknown => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));

export const goodVectors = load('good.json') as File<GoodVector, GpgVector>;
export const badVectors = load('bad.json') as File<Refused<RijndaelVector>, Refused<TextVector>>;
/** Packets of the real client; it sends one whose fields its own server refuses, too. */
export const realVectors = load('real.json') as File<
  GoodVector | Refused<RijndaelVector>,
  GpgVector & { plain: string }
>;

export const textOf = (vector: TextVector): Uint8Array => Uint8Array.from(Buffer.from(vector.text, 'latin1'));

export const cipherOf = (vector: RijndaelVector): FwknopCipherKey => ({
  passphrase: hex(vector.passphrase),
  mode: vector.mode,
});

export const hmacOf = ({ hmac }: TextVector): FwknopHmacKey | undefined =>
  hmac === null ? undefined : { type: hmac.type, key: hex(hmac.key) };

export const messageOf = (fields: JsonFields): FwknopMessage => ({
  random: fields.random,
  user: fields.user,
  time: unixMs(fields.time * 1000),
  version: fields.version,
  type: fields.type,
  allow: fields.allow === null ? undefined : present(parseAddress(fields.allow)),
  ports: fields.ports.map((text) => present(parsePortSpec(text))),
  command: fields.command,
  nat: fields.nat === null ? undefined : { host: fields.nat.host, port: present(port(fields.nat.port)) },
  serverAuth: fields.serverAuth ?? undefined,
  timeout: fields.timeout === null ? undefined : seconds(fields.timeout),
});

export const fieldsOf = (message: FwknopMessage): JsonFields => ({
  random: message.random,
  user: message.user,
  time: message.time / 1000,
  version: message.version,
  type: message.type,
  allow: message.allow === undefined ? null : formatAddress(message.allow),
  ports: message.ports.map(formatPortSpec),
  command: message.command,
  nat: message.nat ?? null,
  serverAuth: message.serverAuth ?? null,
  timeout: message.timeout ?? null,
});
