import type { Environment } from '../../keys/places.ts';
import type { UnixMs } from '../../src/base/units.ts';

/** Why a host or a port was not found, in the words of glibc's `gai_strerror`. */
export interface LookupFailure {
  readonly failure: string;
}

/** One address as `getnameinfo` writes it; a link-local one bears its zone. */
export interface KnockAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** One knock to send: its port as it is told to the user. */
export interface PlannedHit {
  readonly portText: string;
  readonly isUdp: boolean;
}

/** What `knock` needs of the world; tests pass their own. */
export interface KnockIo {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  readonly env: Environment;
  /** Whether POSIXLY_CORRECT is set: the first operand ends the options. */
  readonly posixly: boolean;
  now(): UnixMs;
  /** The first address of `host`. Asked anew for each knock, as knock does. */
  lookup(host: string, family: 4 | 6 | undefined): Promise<KnockAddress | LookupFailure>;
  /** The text of /etc/services; empty where there is none. */
  services(): string;
  /** Sends one knock and forgets it: whatever becomes of it is nobody's business. */
  hitTcp(to: KnockAddress, port: number): Promise<void>;
  hitUdp(to: KnockAddress, port: number): Promise<void>;
  sleep(milliseconds: number): Promise<void>;
}
