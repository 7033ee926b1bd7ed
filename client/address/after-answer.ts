/** What the address that the server has seen, by its answer, leads to. */
import { hostCidr } from '../../src/base/address.ts';
import type { Reply } from '../../src/spa/native/reply.ts';
import type { Course } from '../packet.ts';

/**
 * With --resolve reply, where the server wants a packet that names its address: the course that names the one it has seen.
 * Undefined where there is nothing to ask again. Whoever is on the way may have sent the packet on from an address of
 * their own, and is let in then; who asks for this way accepts that (docs/addresses.md).
 */
export const namingSeen = ({ outcome, source }: Reply, course: Course): Course | undefined => {
  const { target } = course;
  const isWanted = outcome.status === 'refused' && outcome.reason === 'address-required';
  if (!isWanted || target.finding.way?.by !== 'reply' || target.allow !== 'source') return undefined;
  return { ...course, target: { ...target, allow: [hostCidr(source)] } };
};
