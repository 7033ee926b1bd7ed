/**
 * What the authorizer tells a new receiver, as one line of JSON on its standard input: never in its arguments or its
 * environment, where others could read the keys.
 */
import type { Family } from '../base/address.ts';
import type { Port } from '../base/units.ts';
import { decodeHex, encodeHex } from '../bytes/encoding.ts';
import type { Watch } from '../knock/watch.ts';
import type { GateKeys } from '../spa/native/gate.ts';
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
  readonly clients: readonly GateKeys[];
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

/** One line without its newline. */
export const encodeSettings = (settings: ReceiverSettings | KnockSettings): string => {
  if (settings.capture === 'knock') return JSON.stringify(settings);
  return JSON.stringify({
    ...settings,
    clients: settings.clients.map(({ hint, mac, codes }) => ({ hint: encodeHex(hint), mac: encodeHex(mac), codes })),
    fwknop: settings.fwknop === undefined ? undefined : encodeFwknopSettings(settings.fwknop),
  });
};

/** Undefined where the text is not what {@link encodeSettings} writes. The sender is trusted, a mix-up of versions is not. */
export const decodeSettings = (text: string): ReceiverSettings | KnockSettings | undefined => {
  const value: unknown = JSON.parse(text);
  if (isKnockSettings(value)) return value;
  if (!isSettings(value)) return undefined;
  const known = value.clients.map(decodeKeys).filter((keys) => keys !== undefined);
  const fwknop = value.fwknop === undefined ? undefined : decodeFwknopSettings(value.fwknop);
  if (known.length !== value.clients.length || (value.fwknop !== undefined && fwknop === undefined)) return undefined;
  return { ...value, clients: known, fwknop };
};

type EncodedSettings = Omit<ReceiverSettings, 'clients' | 'fwknop'> & {
  readonly fwknop?: EncodedFwknopSettings | undefined;
  readonly clients: readonly EncodedKeys[];
};

interface EncodedKeys {
  readonly hint: string;
  readonly mac: string;
  readonly codes?: boolean;
}

const decodeKeys = (keys: EncodedKeys): GateKeys | undefined => {
  const [hint, mac] = [decodeHex(keys.hint), decodeHex(keys.mac)];
  if (hint?.length !== 32 || mac?.length !== 32) return undefined;
  return keys.codes === true ? { hint, mac, codes: true } : { hint, mac };
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
  'clients' in value &&
  Array.isArray(value.clients) &&
  value.clients.every(isEncodedKeys);

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

const isEncodedKeys = (keys: unknown): boolean =>
  typeof keys === 'object' &&
  keys !== null &&
  'hint' in keys &&
  typeof keys.hint === 'string' &&
  'mac' in keys &&
  typeof keys.mac === 'string' &&
  (!('codes' in keys) || typeof keys.codes === 'boolean');
