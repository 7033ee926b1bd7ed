/** The daemon under test, whoever it is: the real fwknopd, or spad configured in one of its two ways. */
import type { Host } from '../../../support/host.ts';
import type { Lab } from '../../../support/lab.ts';
import { SpadPeer } from './spad-peer.ts';
import { Fwknopd, type FwknopdSetup } from './fwknopd.ts';

/** `access.conf`: spad with fwknop's own files; `spad.conf`: spad with sections of `format = fwknop`. */
export const SIDES = ['fwknopd', 'access.conf', 'spad.conf'] as const;

export type Side = (typeof SIDES)[number];

/** Set to play some sides alone: `PEERS_SIDE=fwknopd` needs no spad, `PEERS_SIDE=spad` no fwknopd. */
const ALONE = process.env['PEERS_SIDE'];

/** Whether some sides are asked for by name. */
export const IS_ASKED = ALONE !== undefined;

/** The sides to play. */
export function sides(): readonly Side[] {
  if (ALONE === undefined || ALONE === 'knockd') return SIDES;
  return SIDES.filter((side) => (ALONE === 'spad' ? side !== 'fwknopd' : side === ALONE));
}

export interface Peer {
  readonly side: Side;
  readonly host: Host;
  configure(setup: FwknopdSetup): void;
  start(): Promise<void>;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  reload(): Promise<void>;
  /** What is open on this host by its rules: `10.99.0.2 tcp/22`, sorted. */
  open(): Promise<readonly string[]>;
  /** What it has opened since it was first started, by its own account, in its order: `10.99.0.2 tcp/22`. */
  granted(): readonly string[];
  /** How many packets it has found to be replays since it was started. */
  replays(): Promise<number>;
  /** What it said, for the message of a test that fails. */
  log(): string;
}

class FwknopdPeer implements Peer {
  readonly side = 'fwknopd';
  readonly host: Host;
  private readonly daemon: Fwknopd;
  /** What earlier daemons said. */
  private earlier = '';
  private isRunning = false;

  constructor(lab: Lab, host: Host) {
    this.host = host;
    this.daemon = new Fwknopd(lab, host);
  }

  configure(setup: FwknopdSetup): void {
    this.daemon.configure(setup);
  }

  async start(): Promise<void> {
    await this.daemon.start();
    this.isRunning = true;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.daemon.stop(signal);
    this.earlier += `${this.daemon.log}\n`;
    this.isRunning = false;
  }

  reload(): Promise<void> {
    return this.daemon.reload();
  }

  open(): Promise<readonly string[]> {
    return this.daemon.open();
  }

  granted(): readonly string[] {
    const text = `${this.earlier}${this.isRunning ? this.daemon.log : ''}`;
    const added = text.matchAll(/^Added access rule to FWKNOP_INPUT for (\S+) -> \S+ (\S+),/gm);
    return [...added].map(([, address, port]) => `${address} ${port}`);
  }

  replays(): Promise<number> {
    return Promise.resolve(this.daemon.log.split('Replay detected').length - 1);
  }

  log(): string {
    return this.daemon.log;
  }
}

/** The daemon of this side; it has yet to be configured and started. */
export function peerOf(side: Side, lab: Lab, host: Host): Peer {
  if (side === 'fwknopd') return new FwknopdPeer(lab, host);
  return new SpadPeer(side, lab, host);
}
