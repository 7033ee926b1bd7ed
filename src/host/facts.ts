/** What `spad check` has found out: about this host, and of the configuration what the host matters for. */
import type { Cidr, IpAddress } from '../base/address.ts';
import type { PortSpec, Protocol } from '../base/port-spec.ts';
import type { Port } from '../base/units.ts';
import type { Connection } from '../control/connection.ts';
import type { BackendName } from '../firewall/backends.ts';
import type { Ruleset } from './ruleset.ts';

export interface Link {
  readonly name: string;
  readonly isUp: boolean;
  readonly isLoopback: boolean;
  readonly addresses: readonly IpAddress[];
}

/** A socket that waits for connections or datagrams. */
export interface Listener {
  readonly protocol: Protocol;
  /** The unspecified address: all of its family. */
  readonly address: IpAddress;
  /** Whether a socket of `::` also takes IPv4: what Linux does unless told otherwise. */
  readonly takesBoth: boolean;
  readonly port: number;
  /** Undefined where it may not be looked at. */
  readonly program: string | undefined;
  readonly pid: number | undefined;
}

/** A folder or file that spad writes. */
export interface Writable {
  readonly path: string;
  /** Undefined where it can be written. */
  readonly trouble: string | undefined;
  /** Bytes that are free; undefined where that is not known. */
  readonly free: number | undefined;
}

export interface OtherDaemon {
  readonly program: 'spad' | 'knockd' | 'fwknopd';
  readonly pid: number;
}

export interface HostFacts {
  /** Undefined where the rules could not be read; `trouble` says why, or what of them could not be. */
  readonly ruleset: Ruleset | undefined;
  readonly trouble: readonly string[];
  readonly links: readonly Link[];
  readonly routes: readonly { readonly to: Cidr; readonly link: string }[];
  readonly listeners: readonly Listener[];
  /** Undefined where the kernel does not say. */
  readonly isClockSynchronised: boolean | undefined;
  /** The connection of SSH that the operator is logged in by. */
  readonly session: Connection | undefined;
  /** Whether a spad holds the folder of state already. */
  readonly isRunning: boolean;
  readonly others: readonly OtherDaemon[];
  readonly stateDir: Writable;
  readonly auditLog: Writable;
}

/** What clients, or knockers, may have opened. */
export interface Allowance {
  /** `[access alice]`. */
  readonly name: string;
  /** Undefined: any port. */
  readonly ports: readonly PortSpec[] | undefined;
  readonly sources: readonly Cidr[];
  /** Whether connections may be sent elsewhere. */
  readonly forwards: boolean;
}

export interface Plan {
  readonly firewall: BackendName;
  /** Whether that back-end closes the guarded ports itself. */
  readonly guards: boolean;
  /** Canonical. */
  readonly guard: readonly PortSpec[];
  readonly spaPort: Port;
  readonly capture: 'auto' | 'nflog' | 'pcap' | 'udp' | 'file';
  /** `any`, or the name of an interface. */
  readonly interface: string;
  readonly allowances: readonly Allowance[];
}
