import type { Cidr, IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { Port, Seconds, UnixMs } from '../base/units.ts';
import type { GrantTerms } from './terms.ts';

/** One access rule set of fwknop's: a stanza of access.conf, or `[access NAME]` with `format = fwknop`. */
export interface FwknopStanza extends GrantTerms {
  readonly name: string;
  /** SOURCE: where packets may come from. */
  readonly sources: readonly Cidr[];
  /** DESTINATION: where packets must have been sent to; undefined: anywhere. */
  readonly destinations: readonly Cidr[] | undefined;
  /** OPEN_PORTS: all that may be asked for; undefined: any port. */
  readonly openPorts: readonly PortSpec[] | undefined;
  /** RESTRICT_PORTS: one of these refuses the request. */
  readonly restrictPorts: readonly PortSpec[];
  /** FW_ACCESS_TIMEOUT. */
  readonly openFor: Seconds;
  /** MAX_FW_TIMEOUT: a longer wish of the client is cut to it. */
  readonly maxOpenFor: Seconds;
  /** REQUIRE_USERNAME. */
  readonly username: string | undefined;
  /** REQUIRE_SOURCE_ADDRESS: 0.0.0.0 is refused. */
  readonly requireAddress: boolean;
  /** ACCESS_EXPIRE: the first instant at which the stanza no longer holds. */
  readonly expires: UnixMs | undefined;
  readonly nat: FwknopNat;
  /** ENABLE_CMD_EXEC; undefined: command messages are refused. */
  readonly commands: ProgramUser | undefined;
  /** CMD_CYCLE_OPEN: runs instead of opening ports. */
  readonly cycle: CommandCycle | undefined;
}

export interface FwknopNat {
  /** ENABLE_IPT_FORWARDING and ENABLE_IPT_LOCAL_NAT of fwknopd.conf: whether clients may ask for it. */
  readonly forward: boolean;
  readonly local: boolean;
  /** Inner hosts that a client may name; undefined: any. A rule of ours: fwknop has none. */
  readonly targets: readonly Cidr[] | undefined;
  /** FORCE_NAT: where every request of the stanza goes, whatever it says. */
  readonly forced: { readonly to: IpAddress; readonly port: Port } | undefined;
  /** FORCE_SNAT's address, or FORCE_MASQUERADE, or ENABLE_IPT_SNAT of fwknopd.conf. */
  readonly source: 'client' | 'masquerade' | IpAddress;
  /** ENABLE_NAT_DNS: whether the host of a request may be a name. */
  readonly names: boolean;
  /** DISABLE_DNAT: the ports open, and nothing is sent elsewhere. */
  readonly disableDnat: boolean;
  /** FORWARD_ALL: all ports, whichever are named. */
  readonly forwardAll: boolean;
}

/** As whom commands run: CMD_EXEC_USER, CMD_EXEC_GROUP, and the same through sudo. Undefined: as the daemon's own user. */
export interface ProgramUser {
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly sudo: { readonly user: string | undefined; readonly group: string | undefined } | undefined;
}

/** Templates with `$IP`, `$SRC`, `$PKT_SRC`, `$DST`, `$PORT`, `$PROTO`, `$TIMEOUT` and `$CLIENT_TIMEOUT`. */
export interface CommandCycle {
  readonly open: string;
  /** CMD_CYCLE_CLOSE; undefined: NONE. */
  readonly close: string | undefined;
  /** CMD_CYCLE_TIMER: the wait between the two where the client names none. */
  readonly timer: Seconds;
  readonly runAs: ProgramUser;
}
