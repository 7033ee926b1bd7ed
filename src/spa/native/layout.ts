/** The native packet `spa1` (docs/native-packet.md): offsets, lengths in bytes, and the numbers of its fields. */
import { NONCE_LENGTH, TAG_LENGTH } from '../../crypto/aead.ts';
import { MAC_LENGTH } from '../../crypto/hmac.ts';

export const HINT_LENGTH = 8;
export const BOX_OFFSET = HINT_LENGTH + NONCE_LENGTH;

/** All that surrounds the body: hint, nonce, authentication tag, MAC. */
export const OVERHEAD = BOX_OFFSET + TAG_LENGTH + MAC_LENGTH;

/** The three sizes of a body, smallest first; a request takes the first that holds it. */
export const BODY_SIZES = [96, 352, 1120] as const;

/** The three sizes of a datagram: 176, 432, 1200. */
export const DATAGRAM_SIZES: readonly number[] = BODY_SIZES.map((size) => size + OVERHEAD);

/** Where the MAC begins in a datagram of `length` bytes. */
export const macStart = (length: number): number => length - MAC_LENGTH;

export const REPLAY_KEY_LENGTH = 16;

/** A hint is good for one window of this many milliseconds of Unix time. */
export const WINDOW_MS = 60_000;

/** The window that every emergency code is of; no fresh packet is, unless our own clock stands in 1970. */
export const CODE_WINDOW = 0;
/** Numbers of codes run from 1 to this, the last millisecond of that window. */
export const MAX_CODE = WINDOW_MS - 1;

export const AAD_LABEL = 'spa1';

export const BODY_VERSION = 1;
export const TYPE_NUMBERS = { open: 1, close: 2, command: 3 } as const;
export const FLAG_REPLY = 1;
export const FORWARD_NUMBERS = { none: 0, address: 1, local: 2 } as const;
export const MAX_ADDRESSES = 2;
export const MAX_PORTS = 16;
/** Protocol, first port, last port. */
export const PORT_LENGTH = 5;

/** The reply, section 10. */
export const REPLY_AAD_LABEL = 'spa1 reply';
export const REPLY_BODY_SIZE = 136;
export const REPLY_VERSION = 1;
export const STATUS_NUMBERS = { opened: 1, closed: 2, accepted: 3, refused: 4, failed: 5 } as const;
