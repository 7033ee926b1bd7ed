/** What spa-client says of the server's answer, or of its silence. Sentences alone. */
import { formatAddress, formatCidr, type IpAddress, isCarrierGrade } from '../src/base/address.ts';
import { printable } from '../src/base/printable.ts';
import { formatDuration, seconds, type UnixMs } from '../src/base/units.ts';
import type { Reply } from '../src/spa/native/reply.ts';
import type { PolicyRejection } from '../src/spa/rejection.ts';
import type { SpaRequest } from '../src/spa/request.ts';
import { sayOtherSeen, sayTranslated } from './address/words.ts';
import type { Answer } from './answer.ts';
import { AGREED_MS } from './clock-memory.ts';
import type { Course } from './packet.ts';
import { type BuiltRequest, describePorts } from './request.ts';
import { formatEndpoint, likeliestCauses } from './ui.ts';

type Answered = Answer & { readonly kind: 'answered' };

/** `open: tcp/22 for 203.0.113.9 until 14:03:10 (30s)`; the time is that of this host's clock. */
export const sayAnswer = ({ reply, aheadMs }: Answered, request: SpaRequest, now: UnixMs): string => {
  const { outcome, time } = reply;
  const what = `${describePorts(request)} for ${openedFor(reply, request)}`;
  switch (outcome.status) {
    case 'opened': {
      const ends = outcome.ends - (Math.abs(aheadMs) > AGREED_MS ? aheadMs : 0);
      const left = formatDuration(seconds(Math.max(0, Math.round((outcome.ends - time) / 1000))));
      return `open: ${what} until ${formatLocal(ends, now)} (${left})`;
    }
    case 'refused':
      return `closed: nothing is open any more for ${openedFor(reply, request)}`;
    case 'accepted':
      return 'accepted: the server has taken the command';
    case 'closed':
    case 'failed':
      return `${outcome.status}: ${what}`;
  }
};

const openedFor = ({ source }: Reply, { addresses }: SpaRequest): string =>
  addresses.length === 0 ? formatAddress(source) : addresses.map(formatCidr).join(' and ');

/** `14:03:10` by the time zone of this host, with the day before it where that is not today. */
const formatLocal = (when: number, now: UnixMs): string => {
  const [day, time] = localParts(when);
  return day === localParts(now)[0] ? time : `${day} ${time}`;
};

const localParts = (when: number): readonly [day: string, time: string] => {
  const date = new Date(when);
  const two = (part: number): string => String(part).padStart(2, '0');
  return [
    `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':'),
  ];
};

/**
 * Where the server saw another address than those that the packet names, whoever asked may not be the one who is let in;
 * where it saw another one than `local`, this host's own, others may be let in as well.
 */
export const saySource = (
  { source }: Reply,
  { request, origin }: BuiltRequest,
  local: IpAddress,
): string | undefined => {
  const { addresses, type } = request;
  if (type === 'open' && addresses.length === 0) {
    // Behind a router of one's own that is the usual thing, and not worth a word each time.
    return origin === 'source-asked' || isCarrierGrade(local) ? sayTranslated(local, source) : undefined;
  }
  const named = addresses.filter(({ address }) => address.family === source.family).map(formatCidr);
  const seen = formatAddress(source);
  if (type !== 'open' || named.length === 0 || named.includes(seen)) return undefined;
  if (origin === 'found') return sayOtherSeen(named.join(' and '), source);
  return `the server saw the packet come from ${seen}, which is not let in, as the packet names ${named.join(' and ')}; --source opens for the address that it sees`;
};

/** Where the server wants a packet that names its address, and is sent one. */
export const sayNaming = (server: string, seen: IpAddress): string => {
  const address = formatAddress(seen);
  return `${printable(server)} wants the address named, and has seen ${address}: asking again for ${address}`;
};

/** Why it was not done and what to do; undefined where it was done. */
export const explainRefusal = (
  { reply, packets }: Answered,
  request: SpaRequest,
  server: string,
): string | undefined => {
  const { outcome } = reply;
  const name = printable(server);
  if (outcome.status === 'failed') {
    return `${name} could not do it, though this key may ask for it; the server's log says why: tell its operator, or try again`;
  }
  if (outcome.status !== 'refused') return undefined;
  // An earlier packet has closed it, and only its answer was lost.
  if (outcome.reason === 'nothing-to-close' && packets > 1) return undefined;
  return `${name} has refused (${outcome.reason}): ${REFUSALS[outcome.reason](reply, request)}`;
};

const OR_ASK = 'or ask the operator of the server';

/** By reason: what is wrong, and the next step. */
const REFUSALS: Readonly<Record<PolicyRejection, (reply: Reply, request: SpaRequest) => string>> = {
  'stanza-expired': () => `the last day of this key is over; ask the operator of the server for more`,
  'source-not-allowed': ({ source }) =>
    `with this key nobody may ask from ${formatAddress(source)}; ask from another network, ${OR_ASK}`,
  'address-required': () => 'the packet must name the address to open for; name it with --allow',
  'address-not-allowed': (reply, request) =>
    `this key does not open for ${openedFor(reply, request)}; name another address with --allow, ${OR_ASK}`,
  'port-not-allowed': (_, request) =>
    `this key does not open ${describePorts(request)}; name other ports with --access, ${OR_ASK}`,
  'no-port-named': () => 'the packet names no port, and there is no default for this key; name one with --access',
  'forward-not-allowed': () =>
    `this key may not have ports forwarded there; name another host or port with --forward, ${OR_ASK}`,
  'forward-of-range': () => 'a range of ports cannot be forwarded to one port; ask for each with a packet of its own',
  'forward-family': () =>
    'the address to open for and the inner host are not both IPv4 or both IPv6; name an address of its family with --allow',
  'command-not-allowed': () => `this key may not run that command; ${OR_ASK.slice(3)}`,
  'too-many-grants': () => 'as many grants stand as the server keeps; try again when some have ended, ' + OR_ASK,
  'nothing-to-close': (reply, request) =>
    `nothing that this key has opened is open for ${openedFor(reply, request)}; name the address that it was opened for with --allow`,
};

/** Why nothing may have come back. */
export const explainSilence = (packets: number, limit: number, { target, to }: Course, now: UnixMs): string => {
  const asked = packets === 1 ? 'one packet' : `${String(packets)} packets`;
  return (
    `${printable(target.server)} at ${formatEndpoint(to, target.port)} has not answered ${asked} within ${String(limit)} s; ` +
    `likeliest: ${likeliestCauses(target, now)}, or the server answers nobody, which --no-reply is for; the server's audit log tells which`
  );
};
