/** A daemon under measurement: what the questions need to know of it. */
import type { Host } from '../../test/support/host.ts';
import type { LabProcess } from '../../test/support/lab-process.ts';

/** The range of guarded UDP ports, and one beside it that is open to all. */
export interface Ports {
  readonly first: number;
  readonly last: number;
  readonly open: number;
}

export const FIRST_PORT = 20_000;

/** `count` guarded ports from {@link FIRST_PORT} on, and the open one right after them. */
export function portRange(count: number): Ports {
  return { first: FIRST_PORT, last: FIRST_PORT + count - 1, open: FIRST_PORT + count };
}

/** Gives the datagram; where it can be made within a millisecond, it is made by this call. */
export type PacketSource = () => Uint8Array;

/** How many grants may be alive at a time, and how long one may live, in milliseconds. */
export interface Pace {
  readonly grants: number;
  readonly lifeMs: number;
}

export interface Contender<D extends Daemon = Daemon> {
  /** As it stands in the tables: `spad, pcap`. */
  readonly name: string;
  readonly kind: 'spad' | 'fwknopd';
  /** Where it runs, alone with its services. */
  readonly host: Host;
  /** Undefined where the daemon does not mind. */
  readonly pace: Pace | undefined;
  /**
   * Starts the daemon with an empty state in `folder`; `process` may not be ready yet.
   * @param measured what is guarded, and what the client may ask for
   */
  start(folder: string, ports: Ports): Promise<D>;
}

export interface Daemon {
  readonly process: LabProcess;
  /** When the command was given, by `performance.now()`. */
  readonly startedAt: number;
  /** Matches the line by which the daemon says that packets count from now on. */
  readonly ready: RegExp;
  /** Packets by which the probe asks for each of these ports. */
  packets(ports: readonly number[]): Promise<readonly PacketSource[]>;
  /** What `packets` asks for, or the nearest thing, that a daemon can take by the thousand. */
  manyPackets(count: number): Promise<readonly PacketSource[]>;
  /** How many genuine packets the daemon has dealt with, by its own files. */
  handled(): number;
}

/** One that reads fwknop's packets. */
export interface FwknopDaemon extends Daemon {
  /** Packets that ask to open the first guarded port for each of these addresses. */
  packetsFor(addresses: readonly string[]): Promise<readonly PacketSource[]>;
}

/** The port that SPA packets are sent to. */
export const SPA_PORT = 62_201;

/** Ten thousand clients take their time. */
const START_TIMEOUT_MS = 60_000;

/** Starts a contender and waits until it is ready. */
export async function startReady<D extends Daemon>(contender: Contender<D>, folder: string, ports: Ports): Promise<D> {
  const daemon = await contender.start(folder, ports);
  await daemon.process.waitForLine(daemon.ready, START_TIMEOUT_MS);
  return daemon;
}
