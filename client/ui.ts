/** What spa-client says. Sentences alone: nothing is decided here. */
import { systemCode, Trouble } from '../keys/trouble.ts';
import { formatHostPort } from '../src/base/address.ts';
import { formatUtc } from '../src/base/instant.ts';
import { printable } from '../src/base/printable.ts';
import type { UnixMs } from '../src/base/units.ts';
import { formatIssue } from '../src/config/issue.ts';
import type { ClientIo, HostAddress } from './io.ts';
import type { ProfileChoice } from './profile-file.ts';
import type { Target } from './request.ts';
import type { WaitResult } from './wait.ts';

/** `10.0.0.1:62201`, `[2001:db8::1]:62201` */
export const formatEndpoint = (to: HostAddress, port: number): string => formatHostPort(to.address, port);

/** Why no packet left, for an error of the operating system; any other error is given back. */
export const explainNetworkError = (error: unknown, to: HostAddress, port: number): unknown => {
  const endpoint = formatEndpoint(to, port);
  const fail = (sentence: string): Trouble => new Trouble(`${sentence}; nothing was sent`, 1, { cause: error });
  switch (systemCode(error) ?? '') {
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return fail(`there is no route to ${endpoint}: check this host's network${to.family === 6 ? ', or try -4' : ''}`);
    case 'EHOSTUNREACH':
      return fail(`${endpoint} cannot be reached: check that the host is up`);
    case 'ENETDOWN':
      return fail(`this host's network is down, so ${endpoint} cannot be reached`);
    case 'EPERM':
      return fail(`this host's own firewall does not let the packet out to ${endpoint}: allow UDP to this port`);
    case 'EACCES':
      return fail(`${endpoint} is a broadcast address: give the address of one host`);
    case 'EINVAL':
      return fail(`${endpoint} cannot be sent to: a link-local address needs its interface, as in fe80::1%eth0`);
    default:
      return error;
  }
};

/** Why `--wait` ran out, likeliest causes first. */
export const explainWait = (
  result: WaitResult & { open: false },
  target: Target,
  to: HostAddress,
  now: UnixMs,
): string => {
  const port = target.wait?.port ?? 0;
  const limit = String(target.wait?.limit ?? 0);
  const answer = result.refused
    ? 'the last try was refused, so the packet may have worked and no service listens there'
    : 'nothing answered';
  return (
    `tcp/${String(port)} of ${to.address} did not open within ${limit} s (${answer}); likeliest: ` +
    `${likeliestCauses(target, now)}, or its stanza does not allow this port or address; the server's audit log tells which`
  );
};

/** The same where the server has said that it is open. */
export const explainUnserved = ({ refused }: WaitResult & { open: false }, target: Target, to: HostAddress): string => {
  const { port = 0, limit = 0 } = target.wait ?? {};
  const why = refused
    ? 'the last try was refused, so no service listens there; start it, or name the port that it has with --access'
    : 'nothing answered, so another firewall drops it ("spad check" on the server tells which), or this host connects from another address than that it was opened for (name it with --allow)';
  return `${printable(target.server)} has opened tcp/${String(port)}, and ${to.address} has accepted no connection there within ${String(limit)} s: ${why}`;
};

/** Why a packet may come to nothing: a list, to which an "or" can be added. */
export const likeliestCauses = ({ port, server }: Target, now: UnixMs): string =>
  `UDP to port ${String(port)} is dropped on the way, the clocks differ (this host's says ${formatUtc(now)}), ` +
  `the key or the server name "${printable(server)}" is not the server's`;

/** By how many ms the server's clock is ahead of this host's. */
export const sayClock = (aheadMs: number, server: string): string => {
  const side = aheadMs > 0 ? 'behind' : 'ahead of';
  return `this host's clock is ${String(Math.round(Math.abs(aheadMs) / 1000))} s ${side} that of ${printable(server)}`;
};

/** An ICMP "port unreachable" came back. */
export const sayRefused = (port: number): string =>
  `the host answered that no program listens on udp/${String(port)}; where spad captures (capture = pcap) that is as it should be`;

/** With -v: where the answers come from. */
export const sayProfile = (choice: ProfileChoice, io: ClientIo): void => {
  io.out(`profile "${printable(choice.profile.name)}" of ${printable(choice.file)}\n`);
  for (const issue of choice.issues) io.err(`${formatIssue(issue)}\n`);
};

/** A line on the terminal that is written over; nothing where standard error is no terminal. */
export interface Progress {
  update(text: string): void;
  clear(): void;
}

export const startProgress = (io: ClientIo): Progress => {
  const write = (text: string): void => {
    if (io.onTerminal) io.err(`\r\u001b[K${text}`);
  };
  return { update: write, clear: () => write('') };
};
