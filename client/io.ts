import type { Environment } from '../keys/places.ts';
import type { UnixMs } from '../src/base/units.ts';
import type { Attempt } from './wait.ts';

/** An address as the operating system writes it; a link-local one may bear a zone (`fe80::1%eth0`). */
export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** A UDP socket with a destination: its route is known, nothing has been sent. */
export interface UdpRoute {
  /** This host's address on the route. */
  readonly localAddress: string;
  /** Sends one datagram. Rejects with the error of the operating system. */
  send(datagram: Uint8Array): Promise<void>;
  /** Has `hear` called with each datagram that comes from the destination. */
  listen(hear: (datagram: Uint8Array) => void): void;
  /** Whether an ICMP "port unreachable" has come back so far. */
  wasRefused(): boolean;
  close(): void;
}

export interface Network {
  /** The addresses of `host`, best first, at least one. Rejects with a Trouble. */
  lookup(host: string, family: 4 | 6 | undefined): Promise<readonly HostAddress[]>;
  /** Rejects with the error of the operating system where there is no route. */
  route(to: HostAddress, port: number): Promise<UdpRoute>;
  /** Begins one TCP connection, given up after `timeoutMs`. */
  connect(to: HostAddress, port: number, timeoutMs: number): Attempt;
}

/** What spa-client needs of the world beside files; tests pass their own. */
export interface ClientIo {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  /** Whether standard error is a terminal, on which a line can be written over. */
  readonly onTerminal: boolean;
  readonly env: Environment;
  /** Standard input, as it comes. */
  input(): AsyncIterable<string>;
  now(): UnixMs;
  /** `length` bytes, never the same twice. */
  random(length: number): Uint8Array;
  readonly network: Network;
}
