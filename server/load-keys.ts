/** The keys of spad.conf's clients: read, told apart, and made what the gate and the policy need. */
import { readKeyFile } from '../keys/key-file.ts';
import { NODE_SUITE } from '../platform/node-suite.ts';
import type { UnixMs } from '../src/base/units.ts';
import { bytesKey } from '../src/bytes/encoding.ts';
import type { AccessEntry, KeyPlace } from '../src/config/access-section.ts';
import type { Secret } from '../src/crypto/secret.ts';
import type { KeyRotation, PolicyClient } from '../src/engine/policy.ts';
import { deriveGateKeys, type GateKeys } from '../src/spa/native/gate-keys.ts';
import { deriveUnsealKeys, type UnsealKeys } from '../src/spa/native/unseal.ts';
import { attempt } from './attempt.ts';

/** Notes an error; a line of 0 is the file as a whole. */
export type Complain = (line: number, problem: string, hint: string) => void;

/** A key that packets may be made with. */
export interface HeldKey {
  readonly entry: AccessEntry;
  readonly secret: Secret;
  /** Where the stanza has two keys. */
  readonly rotation: KeyRotation | undefined;
}

/** Those of all clients, and behind them the old ones of those that have two; what cannot be read is told. */
export const readKeys = (access: readonly AccessEntry[], complain: Complain): readonly HeldKey[] => {
  const old: HeldKey[] = [];
  const keys = access.flatMap((entry): HeldKey[] => {
    const secret = readSecret(entry.key, entry.line, complain);
    const oldSecret = entry.old && readSecret(entry.old.key, entry.line, complain);
    if (secret === undefined) return [];
    if (entry.old === undefined || oldSecret === undefined) return [{ entry, secret, rotation: undefined }];
    const pair = `${secret.fingerprint()} ${oldSecret.fingerprint()}`;
    const both = { until: entry.old.until, pair };
    old.push({ entry, secret: oldSecret, rotation: { key: 'old', ...both } });
    return [{ entry, secret, rotation: { key: 'new', ...both } }];
  });
  const all = [...keys, ...old];
  checkDistinct(all, complain);
  return all;
};

const readSecret = (key: KeyPlace, line: number, complain: Complain): Secret | undefined =>
  'secret' in key
    ? key.secret
    : attempt(
        () => readKeyFile(key.file),
        (message) => complain(line, message, 'make one with `spa-keys generate`'),
      );

/** Two clients with one secret could not be told apart: the first would get the second's packets. */
const checkDistinct = (keys: readonly HeldKey[], complain: Complain): void => {
  const owners = new Map<string, AccessEntry>();
  for (const { entry, secret } of keys) {
    const text = bytesKey(secret.reveal());
    const owner = owners.get(text);
    const { line, stanza } = entry;
    if (owner === undefined) owners.set(text, entry);
    else if (owner === entry)
      complain(line, `[access ${stanza.name}] has its key as its old key, too`, 'spa-keys rotate makes a new one');
    else
      complain(
        line,
        `[access ${stanza.name}] has the key of [access ${owner.stanza.name}]`,
        'give each client a key of its own',
      );
  }
};

/** What the policy is about, in the order of `keys`. */
export const clientsOf = (keys: readonly HeldKey[], server: string): readonly PolicyClient[] =>
  keys.map((key) => new SilentClient(key, server));

/** What a gate knows them by, in the same order. */
export const gateKeysOf = (keys: readonly HeldKey[], server: string): GateKeys => {
  const withCodes = keys.flatMap(({ entry }, place) => (entry.codes === undefined ? [] : [place]));
  const ends = keys.flatMap(({ rotation }, place): [number, UnixMs][] =>
    rotation?.key === 'old' ? [[place, rotation.until]] : [],
  );
  const secrets = keys.map(({ secret }) => secret);
  return deriveGateKeys(secrets, server, { withCodes, ends: new Map(ends) });
};

/**
 * Its keys are made at its first packet: most of a large server's clients are silent between two starts, and the keys of
 * ten thousand cost memory, and time before the daemon is ready.
 */
class SilentClient implements PolicyClient {
  readonly stanza: PolicyClient['stanza'];
  readonly codes: PolicyClient['codes'];
  readonly rotation: PolicyClient['rotation'];
  readonly #secret: Secret;
  readonly #server: string;
  #keys: UnsealKeys | undefined;

  constructor({ entry, secret, rotation }: HeldKey, server: string) {
    this.stanza = entry.stanza;
    this.codes = entry.codes;
    this.rotation = rotation;
    this.#secret = secret;
    this.#server = server;
  }

  get keys(): UnsealKeys {
    return (this.#keys ??= deriveUnsealKeys(this.#secret, this.#server, NODE_SUITE));
  }
}
