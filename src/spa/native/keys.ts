import type { UnixMs } from '../../base/units.ts';
import { encodeUtf8 } from '../../bytes/encoding.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { MacKey } from '../../crypto/hmac.ts';
import type { Secret } from '../../crypto/secret.ts';
import { SECRET_LENGTH } from '../../crypto/secret.ts';
import { type CryptoSuite, NOBLE } from '../../crypto/suite.ts';
import { HINT_LENGTH, WINDOW_MS } from './layout.ts';

/** Which key: the receiver process holds `hint` and `mac` and nothing else; `seal`, `code` and `reply` never leave the authorizer. */
export type KeyLabel = 'hint' | 'mac' | 'seal' | 'code' | 'reply';

/** Whether `name` can be a server's name: 1 to 64 bytes of UTF-8, no control characters. */
export const isServerName = (name: string): boolean => {
  const length = encodeUtf8(name).length;
  return length >= 1 && length <= 64 && !/\p{Cc}/u.test(name) && name.isWellFormed();
};

/** The 32 bytes of docs/native-packet.md, "Keys": bound to the client's secret, the server's name and the use. */
export const deriveNativeKey = (
  secret: Secret,
  server: string,
  label: KeyLabel,
  suite: CryptoSuite = NOBLE,
): Uint8Array => suite.deriveKey(secret.reveal(), encodeUtf8(keyInfo(server, label)), SECRET_LENGTH);

/** The `info` of HKDF that tells one of a client's keys from the others. */
export const keyInfo = (server: string, label: KeyLabel): string => `spa1 ${label}\0${server}`;

/** The number of the minute that `now` is in. */
export const windowOf = (now: UnixMs): number => Math.floor(now / WINDOW_MS);

/** What the HMAC of every hint of one window is made over. */
export const hintMessage = (window: number): Uint8Array => {
  const message = new ByteWriter(8);
  message.u64(window);
  return message.bytes;
};

/** The 8 bytes that a client's packets begin with during one window. */
export const hintOf = (hintKey: MacKey, window: number): Uint8Array =>
  hintKey.mac(hintMessage(window)).subarray(0, HINT_LENGTH);
