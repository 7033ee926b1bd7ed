/** One client's keys in fwknop's format, and packets made with them in this process. */
import { randomBytes, randomInt } from 'node:crypto';
import { parseAddress } from '../../src/base/address.ts';
import { parsePortSpec } from '../../src/base/port-spec.ts';
import { port, seconds, unixMs } from '../../src/base/units.ts';
import { encodeFields } from '../../src/spa/fwknop/fields.ts';
import type { FwknopDigest, FwknopMode } from '../../src/spa/fwknop/key.ts';
import type { FwknopMessage, FwknopType } from '../../src/spa/fwknop/message.ts';
import { sealFwknop } from '../../src/spa/fwknop/seal.ts';

/** What a packet asks for, as people write it. */
export interface FwknopWish {
  readonly type?: FwknopType;
  /** An address; none leaves it to the packet's source. */
  readonly allow?: string;
  /** `tcp/22 udp/53`; tcp/22 unless told. */
  readonly ports?: string;
  readonly command?: string;
  /** `10.0.0.5,443`. */
  readonly nat?: string;
  /** Seconds. */
  readonly timeout?: number;
  /** The client's clock, Unix time in ms; right unless told. */
  readonly time?: number;
  readonly user?: string;
  /** 16 digits; new ones unless told. */
  readonly random?: string;
  readonly digest?: FwknopDigest;
}

export interface FwknopHolderKeys {
  /** 32 random bytes unless told. */
  readonly passphrase?: Uint8Array;
  readonly mode?: FwknopMode;
  /** `none` leaves the HMAC out; SHA-256 unless told. */
  readonly hmac?: FwknopDigest | 'none';
  /** 64 random bytes unless told. */
  readonly hmacKey?: Uint8Array;
}

function read<T>(text: string, parse: (text: string) => T | undefined): T {
  const value = parse(text);
  if (value === undefined) throw new Error(`the test writes "${text}", which cannot be read`);
  return value;
}

const natOf = (text: string): FwknopMessage['nat'] => {
  const [host = '', portText = ''] = text.split(',');
  return { host, port: read(portText, (digits) => port(Number(digits))) };
};

export class FwknopHolder {
  readonly passphrase: Uint8Array;
  readonly mode: FwknopMode;
  readonly hmac: FwknopDigest | 'none';
  readonly hmacKey: Uint8Array;

  constructor(keys: FwknopHolderKeys = {}) {
    this.passphrase = keys.passphrase ?? randomBytes(32);
    this.mode = keys.mode ?? 'cbc';
    this.hmac = keys.hmac ?? 'sha256';
    this.hmacKey = keys.hmacKey ?? randomBytes(64);
  }

  /** For `KEY_BASE64`. */
  get keyBase64(): string {
    return Buffer.from(this.passphrase).toString('base64');
  }

  /** For `HMAC_KEY_BASE64`. */
  get hmacKeyBase64(): string {
    return Buffer.from(this.hmacKey).toString('base64');
  }

  /** The lines of a stanza of access.conf, and of a section of .fwknoprc, that say which keys these are. */
  get keyLines(): string[] {
    const hmac = [`HMAC_KEY_BASE64 ${this.hmacKeyBase64}`, `HMAC_DIGEST_TYPE ${this.hmac}`];
    return [...[`KEY_BASE64 ${this.keyBase64}`, `ENCRYPTION_MODE ${this.mode}`], ...(this.hmac === 'none' ? [] : hmac)];
  }

  /** The text of one datagram; each call makes another packet. */
  sealText(wish: FwknopWish = {}): string {
    const type = wish.type ?? 'access';
    const ports = type === 'command' ? [] : (wish.ports ?? 'tcp/22').split(' ');
    const message: FwknopMessage = {
      random: wish.random ?? Array.from({ length: 16 }, () => randomInt(10)).join(''),
      user: wish.user ?? 'tester',
      time: unixMs(wish.time ?? Date.now()),
      version: '3.0.0',
      type,
      allow: wish.allow === undefined ? undefined : read(wish.allow, parseAddress),
      ports: ports.map((text) => read(text, parsePortSpec)),
      command: wish.command ?? '',
      nat: wish.nat === undefined ? undefined : natOf(wish.nat),
      serverAuth: undefined,
      timeout: wish.timeout === undefined ? undefined : seconds(wish.timeout),
    };
    const hmac = this.hmac === 'none' ? undefined : { type: this.hmac, key: this.hmacKey };
    const plain = encodeFields(message, wish.digest ?? 'sha256');
    return sealFwknop(plain, { passphrase: this.passphrase, mode: this.mode }, hmac, randomBytes(8));
  }

  /** {@link sealText} as bytes. */
  seal(wish: FwknopWish = {}): Uint8Array {
    return Uint8Array.from(Buffer.from(this.sealText(wish), 'latin1'));
  }
}
