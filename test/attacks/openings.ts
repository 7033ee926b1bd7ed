/**
 * What is known about every opening of one server, from four sources that share nothing: who watches the kernel, the replay
 * journal, the grant log and the audit log. Each check gives what is wrong, in words; nothing, where all is well.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJournal } from '../../src/replay/journal.ts';
import { kernelGrants } from '../support/grant-list.ts';
import type { NftWitness } from '../support/nft-witness.ts';
import type { Spad } from '../support/spad.ts';
import { type HonestPacket, isOfOnePacket } from './honest.ts';

/** The kernel's list of elements tells whole seconds, and its ends are as coarse as its clock. */
const SLACK_MS = 1500;
/** Longer than any packet waits to be decided. */
const ON_THE_WAY_MS = 3000;

export const STAGES = [
  'before the journal',
  'journal – grant log',
  'grant log – firewall',
  'firewall – audit line',
  'between two batches',
  'after the last line',
] as const;
export type Stage = (typeof STAGES)[number];

export class Openings {
  /** Digests that were in the journal at some time. */
  readonly remembered = new Set<string>();
  private readonly spad: Spad;
  private readonly witness: NftWitness;
  private readonly sent: readonly HonestPacket[];
  private readonly openFor: number;
  private lines = 0;
  /** When each opening ends by its first line, Unix time in ms. */
  private readonly ends = new Map<string, number>();

  /** `openFor`: seconds, of every packet. */
  constructor(spad: Spad, witness: NftWitness, sent: readonly HonestPacket[], openFor: number) {
    this.spad = spad;
    this.witness = witness;
    this.sent = sent;
    this.openFor = openFor;
  }

  /** Those that were let in by any of the four's word. */
  accepted(): readonly HonestPacket[] {
    const [opened, told] = [this.witness.opened(), this.told()];
    return this.sent.filter(({ what, digest }) => opened.has(what) || told.has(what) || this.remembered.has(digest));
  }

  /** How many of the packets were open for a moment at least. */
  openedOf(packets: readonly HonestPacket[]): number {
    const opened = this.witness.opened();
    return packets.filter(({ what }) => opened.has(what)).length;
  }

  /** How many of the packets have their line. */
  toldOf(packets: readonly HonestPacket[]): number {
    const told = this.told();
    return packets.filter(({ what }) => told.has(what)).length;
  }

  /** When the last of the packets was granted, Unix time in ms; each must have its line. */
  lastGrantOf(packets: readonly HonestPacket[]): number {
    const told = this.told();
    return Math.max(...packets.map(({ what }) => told.get(what) ?? 0)) - 1000 * this.openFor;
  }

  /** How far the packets of a burst had come when the daemon was killed; it must be dead. */
  stageOf(burst: readonly HonestPacket[]): Stage {
    this.readJournal();
    const log = readFileSync(join(this.spad.stateDir, 'grants.log'), 'utf8');
    const [opened, told] = [this.witness.opened(), this.told()];
    const remembered = burst.filter(({ digest }) => this.remembered.has(digest));
    if (remembered.length === 0) return 'before the journal';
    const recorded = remembered.filter(({ what }) => log.includes(`"${what.split(' ')[0] ?? ''}"`));
    if (recorded.length < remembered.length) return 'journal – grant log';
    if (recorded.some(({ what }) => !opened.has(what))) return 'grant log – firewall';
    if (recorded.some(({ what }) => !told.has(what))) return 'firewall – audit line';
    return remembered.length < burst.length ? 'between two batches' : 'after the last line';
  }

  /** Openings that the journal does not hold, as it lies on the disk now. */
  forgotten(): readonly string[] {
    const journal = this.readJournal();
    const opened = this.witness.opened();
    return this.sent.filter(({ what, digest }) => opened.has(what) && !journal.has(digest)).map(({ what }) => what);
  }

  /** Openings that no line of the audit log is about. */
  async untold(): Promise<readonly string[]> {
    const opened = [...this.witness.opened()];
    // A line is written a moment after the firewall was told.
    await sleep(200);
    const told = this.told();
    return opened.filter((what) => !told.has(what));
  }

  /** What is open that nobody has asked for, or for longer than was asked. */
  async leaked(): Promise<readonly string[]> {
    const now = Date.now();
    const open = await kernelGrants(this.spad.host);
    const told = this.told();
    const asked = new Map(this.sent.map((packet) => [packet.what, packet.sealedAt + ON_THE_WAY_MS]));
    return open.flatMap(({ what, expires }) => {
      const begin = asked.get(what);
      const end = told.get(what) ?? (begin === undefined ? undefined : begin + 1000 * this.openFor);
      if (end === undefined) return [`${what}, which nobody has asked for`];
      const late = Math.round(now + expires - end);
      return late > SLACK_MS ? [`${what}, by ${late} ms`] : [];
    });
  }

  private readJournal(): ReadonlySet<string> {
    const path = join(this.spad.stateDir, 'replay.journal');
    const { records } = decodeJournal(existsSync(path) ? readFileSync(path) : new Uint8Array());
    const digests = records.map(({ digest }) => Buffer.from(digest).toString('hex'));
    for (const digest of digests) this.remembered.add(digest);
    return new Set(digests);
  }

  /** What the audit log has lines about, and when it ends by the first of them. */
  private told(): ReadonlyMap<string, number> {
    const entries = this.spad.audit.entries();
    for (const { event, allow, ports, until } of entries.slice(this.lines)) {
      if (!/^(?:granted|extended|restored|expired)$/.test(event)) continue;
      const what = `${String(allow)} ${String(ports)}`;
      const end = Date.parse(until ?? '');
      this.ends.set(what, isOfOnePacket(what) ? (this.ends.get(what) ?? end) : Math.max(end, this.ends.get(what) ?? 0));
    }
    this.lines = entries.length;
    return this.ends;
  }
}
