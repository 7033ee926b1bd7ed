import { NODE_SUITE } from '../platform/node-suite.ts';
import type { IpAddress } from '../src/base/address.ts';
import { unixMs } from '../src/base/units.ts';
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
  /** By how many ms the server's clock is ahead of this host's, as is remembered; 0 where nothing is. */
  readonly clockMs: number;
}

/** A datagram, and what it says. */
export interface Packet {
  readonly built: BuiltRequest;
  readonly datagram: Uint8Array;
}

/**
 * The packet for each try, 0 the first, with a time and a nonce of its own. What is remembered of the clocks may be outdated, so
 * that every other try goes by the clock of this host alone.
 */
export const makePacket = (
  { target, secret, local, clockMs }: Course,
  attempt: number,
  io: Pick<ClientIo, 'now' | 'random'>,
): Packet => {
  const time = unixMs(io.now() + (attempt % 2 === 0 ? clockMs : 0));
  const built = buildRequest(target, time, local);
  return { built, datagram: sealNative(built.request, secret, target.server, io.random(NONCE_LENGTH), NODE_SUITE) };
};
