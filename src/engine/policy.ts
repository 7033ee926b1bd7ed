import type { FwknopKeys } from '../access/fwknop-keys.ts';
import type { FwknopStanza } from '../access/fwknop-stanza.ts';
import type { Stanza } from '../access/stanza.ts';
import type { Family } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { type UnixMs, unixMs } from '../base/units.ts';
import { encodeHex } from '../bytes/encoding.ts';
import type { DoorRule } from '../knock/door-rule.ts';
import type { FwknopHmacKey } from '../spa/fwknop/key.ts';
import type { CodeRange } from '../spa/native/code.ts';
import type { UnsealKeys } from '../spa/native/unseal.ts';

/** One client: who it is, what it may, and the keys that its packets are read with. */
export interface PolicyClient {
  readonly stanza: Stanza;
  /** May be made when they are first asked for. */
  readonly keys: UnsealKeys;
  /** The emergency codes that hold; undefined: none. */
  readonly codes?: CodeRange | undefined;
  /** Which of the stanza's two keys this is, where it has two: the old one holds beside the new one for a time. */
  readonly rotation?: KeyRotation | undefined;
}

export interface KeyRotation {
  readonly key: 'old' | 'new';
  /** The first instant at which the old key no longer holds. */
  readonly until: UnixMs;
  /** Names the two keys, and discloses neither. */
  readonly pair: string;
}

/** One stanza of fwknop's and its keys. */
export interface FwknopClient extends FwknopKeys {
  readonly stanza: FwknopStanza;
}

export interface FwknopPolicy {
  /** In the order of their files: the first that grants a packet ends the search. */
  readonly clients: readonly FwknopClient[];
  /** Milliseconds; infinite where packets do not age. */
  readonly maxAge: number;
  /** Whether X-Forwarded-For names the source of a packet that came as an HTTP request. */
  readonly trustForwardedFor: boolean;
}

/** All that the configuration decides. A reload replaces it whole. */
export interface Policy {
  /** The place in the list is the number by which the receiver names a client; one with two keys has two places. */
  readonly clients: readonly PolicyClient[];
  readonly fwknop: FwknopPolicy;
  /** Those of spad.conf, then those of knockd.conf; in this order they are tried. */
  readonly doors: readonly DoorRule[];
  readonly guard: readonly PortSpec[];
  /** Milliseconds. */
  readonly maxAge: number;
}

/** Where grants can forward to: hosts of a family, or other ports of this host. None: no grant can. */
export const forwardsTo = ({ clients, fwknop }: Policy): readonly (Family | 'local')[] => {
  const native = clients.flatMap(({ stanza }) => stanza.forward.map(({ to }) => to?.address.family ?? 'local'));
  const others = fwknop.clients.flatMap(({ stanza: { nat } }): (Family | 'local')[] => [
    ...(nat.forward ? ([4] as const) : []),
    ...(nat.local ? (['local'] as const) : []),
    ...(nat.forced === undefined ? [] : [nat.forced.to.family]),
  ]);
  return [...new Set([...native, ...others])];
};

/** For how long a packet may be fresh, whichever its format: as long the replay cache must know it, in milliseconds. */
export const replayAgeOf = ({ maxAge, fwknop }: Policy): number =>
  fwknop.clients.length === 0 ? maxAge : Math.max(maxAge, fwknop.maxAge);

/**
 * The same where packets do not age: it says how far ahead of ours a clock may have been whose packet was let in just
 * before the replay journal was lost. One that was further ahead could be sent again then.
 */
export const lossAgeOf = ({ maxAge, fwknop }: Policy): number =>
  Number.isFinite(fwknop.maxAge) ? Math.max(maxAge, fwknop.maxAge) : maxAge;

/**
 * The replay floor of a first start. Clients of fwknop's tell the second alone: what they make in the second of the start is
 * not from before it.
 */
export const firstFloorOf = ({ fwknop }: Policy, now: UnixMs): UnixMs =>
  fwknop.clients.length === 0 ? now : unixMs(now - (now % 1000) - 1);

/** How many there are, one of both formats counted once. */
export const clientCount = ({ clients, fwknop }: Policy): number =>
  new Set([...clients, ...fwknop.clients].map(({ stanza }) => stanza.name)).size;

/** No client of fwknop's. */
export const NO_FWKNOP: FwknopPolicy = { clients: [], maxAge: 0, trustForwardedFor: false };

/** The HMAC keys of fwknop's clients, each once, in the order of the clients: their places are what a receiver names. */
export const hmacKeysOf = ({ clients }: FwknopPolicy): readonly FwknopHmacKey[] => {
  const keys = new Map(clients.flatMap(({ hmac }) => (hmac === undefined ? [] : [[hmacName(hmac), hmac] as const])));
  return [...keys.values()];
};

/** Equal for equal HMAC keys. Not to be shown. */
export const hmacName = ({ type, key }: FwknopHmacKey): string => `${type} ${encodeHex(key)}`;

/** The clients whose key is the old one of two. */
export const oldKeys = ({
  clients,
}: Policy): readonly (Pick<PolicyClient, 'stanza'> & { readonly rotation: KeyRotation })[] =>
  clients.flatMap(({ stanza, rotation }) => (rotation?.key === 'old' ? [{ stanza, rotation }] : []));
