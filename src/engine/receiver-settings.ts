/**
 * What the authorizer tells a new receiver on its standard input: never in its arguments or its environment, where others
 * could read the keys. The clients' keys are bytes behind the JSON of everything else: as text, ten thousand would leave
 * megabytes of rubbish in both processes. All of it: length of the JSON and of the keys (32 bits each, big-endian), JSON, keys.
 */
import type { Family } from '../base/address.ts';
import { type Port, type UnixMs, unixMs } from '../base/units.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/encoding.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { Watch } from '../knock/watch.ts';
import { GATE_KEYS_LENGTH, type GateKeys } from '../spa/native/gate-keys.ts';
import {
  decodeFwknopSettings,
  type EncodedFwknopSettings,
  encodeFwknopSettings,
  type FwknopSettings,
} from './fwknop-settings.ts';

export interface ReceiverSettings {
  /** `nflog`: what the kernel's sieve hands over. */
  readonly capture: 'pcap' | 'nflog' | 'udp' | 'file';
  /** `any` or a name. */
  readonly interface: string;
  /** The NFLOG group to listen to, where `capture` is `nflog`. */
  readonly group?: number;
  /** The capture file, where `capture` is `file`. */
  readonly file: string | undefined;
  readonly port: Port;
  /** Whom to become once the capture is open; undefined: stay. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  /** How far from now hints are kept, in milliseconds. */
  readonly reach: number;
  readonly clients: GateKeys;
  /** Undefined where no client is fwknop's. */
  readonly fwknop: FwknopSettings | undefined;
}

/** What is wished for: `auto` becomes what this host can do, and `group` is the first of two. */
export interface ReceiverWish extends Omit<ReceiverSettings, 'capture' | 'group'> {
  readonly capture: ReceiverSettings['capture'] | 'auto';
  readonly group: number;
}

/** A receiver that looks out for knocks instead. */
export interface KnockSettings {
  readonly capture: 'knock';
  /** `any` or a name. */
  readonly interface: string;
  readonly user: ReceiverSettings['user'];
  readonly watches: readonly Watch[];
  /** The host's own addresses, as text. */
  readonly local: readonly string[];
  readonly families: readonly Family[];
}

/** The two lengths. */
export const SETTINGS_HEAD = 8;

export const encodeSettings = (settings: ReceiverSettings | KnockSettings): Uint8Array => {
  if (settings.capture === 'knock') return join(settings, new Uint8Array(0));
  const { clients, fwknop, ...rest } = settings;
  const others: EncodedSettings = {
    ...rest,
    ...{ withCodes: clients.withCodes, ends: [...clients.ends] },
    fwknop: fwknop === undefined ? undefined : encodeFwknopSettings(fwknop),
  };
  return join(others, clients.bytes);
};

const join = (value: EncodedSettings | KnockSettings, keys: Uint8Array): Uint8Array => {
  const text = encodeUtf8(JSON.stringify(value));
  const writer = new ByteWriter(SETTINGS_HEAD + text.length + keys.length);
  writer.u32(text.length);
  writer.u32(keys.length);
  writer.put(text);
  writer.put(keys);
  return writer.bytes;
};

/** How long settings are that begin with these {@link SETTINGS_HEAD} bytes, those included. */
export const settingsLength = (head: Uint8Array): number => {
  const reader = new ByteReader(head);
  return SETTINGS_HEAD + reader.u32() + reader.u32();
};

/**
 * Undefined where the bytes are not what {@link encodeSettings} writes; throws where they hold no JSON. The sender is
 * trusted, a mix-up of versions is not.
 */
export const decodeSettings = (bytes: Uint8Array): ReceiverSettings | KnockSettings | undefined => {
  if (bytes.length < SETTINGS_HEAD || bytes.length !== settingsLength(bytes)) return undefined;
  const reader = new ByteReader(bytes);
  const [textLength, keysLength] = [reader.u32(), reader.u32()];
  const text = decodeUtf8(reader.take(textLength));
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isKnockSettings(value)) return value;
  if (!isSettings(value) || keysLength % GATE_KEYS_LENGTH !== 0) return undefined;
  const { withCodes, ends, fwknop: encoded, ...rest } = value;
  const fwknop = encoded === undefined ? undefined : decodeFwknopSettings(encoded);
  if (encoded !== undefined && fwknop === undefined) return undefined;
  const named = [...withCodes, ...ends.map(([client]) => client)];
  if (!named.every((client) => client >= 0 && client < keysLength / GATE_KEYS_LENGTH)) return undefined;
  const terms = { withCodes, ends: new Map(ends.map(([client, end]) => [client, unixMs(end)])) };
  return { ...rest, clients: { bytes: reader.take(keysLength), ...terms }, fwknop };
};

type EncodedSettings = Omit<ReceiverSettings, 'clients' | 'fwknop'> & {
  readonly fwknop?: EncodedFwknopSettings | undefined;
  readonly withCodes: readonly number[];
  readonly ends: readonly (readonly [client: number, end: UnixMs])[];
};

const isSettings = (value: unknown): value is EncodedSettings =>
  typeof value === 'object' &&
  value !== null &&
  'capture' in value &&
  typeof value.capture === 'string' &&
  ['pcap', 'nflog', 'udp', 'file'].includes(value.capture) &&
  (value.capture === 'nflog') === ('group' in value && typeof value.group === 'number') &&
  'interface' in value &&
  typeof value.interface === 'string' &&
  'port' in value &&
  typeof value.port === 'number' &&
  'reach' in value &&
  typeof value.reach === 'number' &&
  'withCodes' in value &&
  Array.isArray(value.withCodes) &&
  value.withCodes.every(Number.isInteger) &&
  'ends' in value &&
  Array.isArray(value.ends) &&
  value.ends.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isInteger));

const isKnockSettings = (value: unknown): value is KnockSettings =>
  typeof value === 'object' &&
  value !== null &&
  'capture' in value &&
  value.capture === 'knock' &&
  'interface' in value &&
  typeof value.interface === 'string' &&
  'watches' in value &&
  Array.isArray(value.watches) &&
  'local' in value &&
  Array.isArray(value.local) &&
  'families' in value &&
  Array.isArray(value.families);
