import { NODE_SUITE } from '../platform/node-suite.ts';
import type { IpAddress } from '../src/base/address.ts';
import type { UnixMs } from '../src/base/units.ts';
import { NONCE_LENGTH } from '../src/crypto/aead.ts';
import type { Secret } from '../src/crypto/secret.ts';
import { sealNative } from '../src/spa/native/seal.ts';
import type { ClientIo, HostAddress } from './io.ts';
import { type BuiltRequest, buildRequest, type Target } from './request.ts';

/** What all packets of one run have in common. */
export interface Course {
  readonly target: Target;
  readonly secret: Secret;
  readonly to: HostAddress;
  /** This host's address on the way there. */
  readonly local: IpAddress;
}

/** A datagram, and what it says. */
export interface Packet {
  readonly built: BuiltRequest;
  readonly datagram: Uint8Array;
}

/** A packet of that time, with a nonce of its own. */
export const makePacket = ({ target, secret, local }: Course, time: UnixMs, io: Pick<ClientIo, 'random'>): Packet => {
  const built = buildRequest(target, time, local);
  return { built, datagram: sealNative(built.request, secret, target.server, io.random(NONCE_LENGTH), NODE_SUITE) };
};
