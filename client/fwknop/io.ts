import type { Environment } from '../../keys/places.ts';
import type { IpAddress } from '../../src/base/address.ts';
import type { Port, UnixMs } from '../../src/base/units.ts';
import type { Transport } from './settings.ts';

export interface FwknopEnvironment extends Environment {
  readonly SPOOF_USER?: string | undefined;
  readonly LOGNAME?: string | undefined;
  readonly USER?: string | undefined;
}

/** How one packet is to go. */
export interface SendPlan {
  readonly transport: Transport;
  /** The server's name or address. */
  readonly host: string;
  readonly port: Port;
  /** Undefined: the system's choice, or a random one in raw packets. */
  readonly sourcePort: Port | undefined;
  /** IPv4; raw packets alone. */
  readonly spoofSource: IpAddress | undefined;
  readonly icmp: { readonly type: number; readonly code: number };
  readonly proxy: { readonly host: string; readonly port: Port } | undefined;
  readonly userAgent: string;
  readonly text: string;
  /** Only IPv4 addresses of the host. */
  readonly onlyIpv4: boolean;
  /** Whether an IPv6 address is as good as one of IPv4: fwknopd looks at IPv4 alone. */
  readonly preferIpv4: boolean;
}

export interface GpgPlan {
  readonly program: string;
  readonly home: string | undefined;
  readonly recipient: string;
  readonly signer: string | undefined;
  /** `agent`: gpg-agent asks for the passphrase · `none`: the key has none · else the passphrase. */
  readonly passphrase: 'agent' | 'none' | Uint8Array;
}

/** A file's text and whether others than its owner may read or write it. */
export interface ReadText {
  readonly text: string;
  readonly isOpen: boolean;
}

/** What fwknop's client needs of the world; tests pass their own. */
export interface FwknopIo {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  readonly env: FwknopEnvironment;
  /** Whether POSIXLY_CORRECT is set: the first operand ends the options. */
  readonly posixly: boolean;
  /** The name that this user logged in with; undefined where the system knows none. */
  loginName(): string | undefined;
  now(): UnixMs;
  random(length: number): Uint8Array;
  /** Undefined where there is no such file. */
  readText(path: string): ReadText | undefined;
  /** Writes a file of mode 0600, in place of one that is there or at its end. */
  writeText(path: string, text: string, append?: boolean): void;
  /** One line of the terminal, typed without echo. Rejects with a Trouble where there is no terminal. */
  askSecret(prompt: string): Promise<string>;
  /** The next line of a descriptor, without its end; undefined at its end. */
  readLine(descriptor: number): string | undefined;
  /** Sends the packet; gives the bytes that went, headers that we made included. Rejects with a Trouble. */
  send(plan: SendPlan): Promise<number>;
  /** The body that a web service answers with. Rejects with a Trouble. */
  fetchText(url: URL, userAgent: string): Promise<string>;
  /** Seals and signs by GnuPG; gives the binary OpenPGP message. Rejects with a Trouble in gpg's own words. */
  sealGpg(plain: string, plan: GpgPlan): Promise<Uint8Array>;
}
