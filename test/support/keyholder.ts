/** One client's secret, and packets made with it in this process: honest ones, and ones that no client would make. */
import { randomBytes } from 'node:crypto';
import { hostCidr, parseAddress } from '../../src/base/address.ts';
import { normalizePorts, parsePortSpec } from '../../src/base/port-spec.ts';
import { seconds, unixMs } from '../../src/base/units.ts';
import { forwardTarget } from '../../src/config/values.ts';
import { Secret } from '../../src/crypto/secret.ts';
import { sealNative } from '../../src/spa/native/seal.ts';
import type { Forward, RequestType } from '../../src/spa/request.ts';

/** What a packet asks for, as people write it. */
export interface Wish {
  readonly type?: RequestType;
  /** `tcp/22 tcp/8000-8010`; none asks for the stanza's default. */
  readonly ports?: string;
  /** Sealed addresses, separated by blanks; none leaves it to the packet's source. */
  readonly allow?: string;
  /** Seconds; the stanza's default unless told. */
  readonly openFor?: number;
  /** The client's clock, Unix time in ms; right unless told. */
  readonly time?: number;
  /** `10.0.0.5:22`, `[fd00::5]:22` or `local:8022`. */
  readonly forward?: string;
  readonly command?: string;
  /** Whether an answer is asked for; not, unless told. */
  readonly reply?: boolean;
}

function words<T>(text: string | undefined, parse: (word: string) => T | undefined): T[] {
  return (text ?? '')
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const value = parse(word);
      if (value === undefined) throw new Error(`the test writes "${word}", which cannot be read`);
      return value;
    });
}

function readForward(text: string): Forward | undefined {
  const read = forwardTarget(text);
  return read.ok ? read.value : undefined;
}

export class Keyholder {
  readonly secret: Secret;
  /** The name of the server that its packets are for. */
  readonly server: string;

  constructor(server = 'gw1', secret = Secret.fromBytes(randomBytes(32))) {
    if (secret === undefined) throw new Error('a secret of equal bytes');
    this.secret = secret;
    this.server = server;
  }

  /** For `key = …`. */
  get base64(): string {
    return this.secret.revealBase64();
  }

  /** The same secret, used for another server. */
  at(server: string): Keyholder {
    return new Keyholder(server, this.secret);
  }

  /** One datagram; each call makes another packet. */
  seal(wish: Wish = {}): Uint8Array {
    const request = {
      type: wish.type ?? 'open',
      time: unixMs(wish.time ?? Date.now()),
      openFor: seconds(wish.openFor ?? 0),
      reply: wish.reply ?? false,
      addresses: words(wish.allow, parseAddress).map(hostCidr),
      ports: normalizePorts(words(wish.ports, parsePortSpec)),
      forward: words(wish.forward, readForward)[0],
      command: wish.command ?? '',
    } as const;
    return sealNative(request, this.secret, this.server, randomBytes(24));
  }
}
