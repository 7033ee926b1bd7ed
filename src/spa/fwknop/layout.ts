/** The numbers of docs/fwknop-packet.md, which reading and writing have in common. */

/** A datagram's text, in bytes: what is shorter or longer is no packet. */
export const MIN_TEXT = 140;
export const MAX_TEXT = 1500;

/** The least that is left of a text without its HMAC. */
export const MIN_SEALED = 36;

/** The base64 of the first 60 bits of `Salted__`, which no sender writes and every receiver puts back. */
export const SALT_PREFIX = 'U2FsdGVkX1';
export const SALT_MARK = 'Salted__';
export const SALT_LENGTH = 8;

/** What a sender takes off an OpenPGP message for an RSA key; two letters, for any message. */
export const GPG_PREFIX = 'hQ';

export const MAX_PASSPHRASE = 32;
export const MAX_HMAC_KEY = 128;

/** Texts from here on are GPG's to a server of fwknop's before 3.0, whatever they are. */
export const OLD_GPG_LENGTH = 400;
/** The longest text that such a server's packet capture holds with its default MAX_SNIFF_BYTES. */
export const OLD_MAX_CAPTURED = 1458;

export const RANDOM_LENGTH = 16;
export const MIN_PLAIN = 36;
export const MAX_PLAIN = 1499;
/** In bytes before base64. */
export const MAX_USER = 48;
export const MAX_MESSAGE = 192;
export const MAX_VERSION = 8;
export const MAX_NAT_HOST = 70;
/** Seconds. */
export const MAX_TIMEOUT = 65_536;
/** Fields up to the type and the message, the digest left out. */
export const MIN_FIELDS = 6;

/** `text`, which lacks its first letters, with `prefix` in their place. */
export const withPrefix = (prefix: Uint8Array, text: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(prefix.length + text.length);
  whole.set(prefix);
  whole.set(text, prefix.length);
  return whole;
};
