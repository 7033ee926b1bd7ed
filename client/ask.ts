/** The one thing spa-client does, from profile to packet and answer, step after step. */
import { Trouble } from '../keys/trouble.ts';
import { formatUtc } from '../src/base/instant.ts';
import type { Secret } from '../src/crypto/secret.ts';
import type { Profile } from '../src/config/profile.ts';
import type { ClientOptions } from './cli.ts';
import { layCourse } from './course.ts';
import type { ClientIo, HostAddress, UdpRoute } from './io.ts';
import { lookUpProfile, type NoProfile, type ProfileChoice } from './profile-file.ts';
import { waitForOpening } from './await-opening.ts';
import type { WaitResult } from './wait.ts';
import { type Course, makePacket, type Packet } from './packet.ts';
import { chooseTarget, describeRequest } from './request.ts';
import {
  explainNetworkError,
  explainUnserved,
  explainWait,
  formatEndpoint,
  sayClock,
  sayProfile,
  sayRefused,
} from './ui.ts';

/**
 * Sends what `options` ask for, and waits for it where they say so.
 * Rejects with a Trouble (exit code 3 where time ran out, 4 where the server would not), or an error of the operating system.
 */
export const ask = async (options: ClientOptions, io: ClientIo): Promise<void> => {
  const choice = lookUpProfile(options, io.env);
  if (options.format === 'fwknop' || (choice !== undefined && !isNative(choice))) {
    const { askFwknop } = await import('./ask-fwknop.ts');
    if (await askFwknop(options, choice, io)) return;
  }
  if (choice !== undefined && 'problem' in choice) throw new Trouble(choice.problem);
  if (choice !== undefined && options.verbose) sayProfile(choice, io);
  const target = chooseTarget(options, nativeProfile(choice));
  const { course, addresses, route } = await layCourse(target, options, io);
  const { to } = course;
  try {
    if (options.verbose) sayRoute(addresses, route, course.secret, io);
    const packet = makePacket(course, 0, io);
    sayRequest(options, course, packet, io);
    const isDone = await sendRequest(options, course, packet, route, io);
    if (target.wait !== undefined) {
      const explain = (result: WaitResult & { open: false }): string =>
        isDone ? explainUnserved(result, target, to) : explainWait(result, target, to, io.now());
      await waitForOpening(target.wait, to, explain, io);
    }
  } finally {
    if (route.wasRefused()) io.err(`note: ${sayRefused(target.port)}\n`);
    route.close();
  }
};

/** Without a profile of this name, it may be a stanza of fwknop's. */
const isNative = (choice: ProfileChoice | NoProfile): boolean => 'profile' in choice && 'key' in choice.profile;

const nativeProfile = (choice: ProfileChoice | undefined): Profile | undefined =>
  choice !== undefined && 'key' in choice.profile ? choice.profile : undefined;

const sayRoute = (addresses: readonly HostAddress[], route: UdpRoute, secret: Secret, io: ClientIo): void => {
  io.out(`addresses: ${addresses.map(({ address }) => address).join(', ')}\n`);
  io.out(`this host's address on the way: ${route.localAddress}\n`);
  io.out(`fingerprint of the key: ${secret.fingerprint()}\n`);
};

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

const sayRequest = (options: ClientOptions, { target, to, local }: Course, { built }: Packet, io: ClientIo): void => {
  io.out(`${options.dryRun ? 'would ask' : 'asking'} ${describeRequest(built, target.server, local)}\n`);
  if (options.verbose) io.out(`time in the packet: ${formatUtc(built.request.time)}\n`);
  if (built.request.addresses.length === 0 && isLoopback(to.address)) {
    io.err(`note: ${to.address} is this host itself; a server opens nothing for a loopback address, so name one with --allow
`);
  }
};

/** Whether the server has answered that it is done. */
const sendRequest = async (
  options: ClientOptions,
  course: Course,
  packet: Packet,
  route: UdpRoute,
  io: ClientIo,
): Promise<boolean> => {
  const { target, to } = course;
  const { datagram } = packet;
  const size = `${String(datagram.length)} bytes`;
  const endpoint = formatEndpoint(to, target.port);
  if (options.savePacket !== undefined) {
    const { savePacket } = await import('./packet-file.ts');
    savePacket(options.savePacket, datagram);
    io.out(`saved the packet to ${options.savePacket}\n`);
  }
  if (options.dryRun) {
    io.out(`would send ${size} to ${endpoint}; nothing was sent\n`);
    return false;
  }
  if (target.answerWithin !== undefined) {
    const { hearAnswer } = await import('./hear-answer.ts');
    return hearAnswer(course, packet, target.answerWithin, route, io);
  }
  if (course.clockMs !== 0) io.err(`note: ${sayClock(course.clockMs, target.server)}; allowed for\n`);
  try {
    await route.send(datagram);
  } catch (error) {
    throw explainNetworkError(error, to, target.port);
  }
  io.out(`sent ${size} to ${endpoint}; no answer was asked for\n`);
  return false;
};
