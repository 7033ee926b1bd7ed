/**
 * One server whose processes are killed at random moments while honest clients send. Its daemon is started again as systemd
 * would, its receiver by the daemon. After every kill the books are held against each other, and every packet that was ever
 * let in is sent once more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../fuzz/chance.ts';
import { kernelGrants } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import type { Lab } from '../support/lab.ts';
import { NftWitness } from '../support/nft-witness.ts';
import { startTcpService } from '../support/probe.ts';
import { Prober } from '../support/prober.ts';
import { Spad } from '../support/spad.ts';
import { waitFor, waitUntil } from '../support/wait.ts';
import { HonestClients, Wire } from './honest.ts';
import { KillFigures } from './kill-figures.ts';
import { Openings } from './openings.ts';
import type { Format } from './scene.ts';

/** Seconds that every packet asks for. */
const OPEN_FOR = 4;
/** Packets that are on their way when a process is killed. */
const BURST = 24;
/** Beside the bursts, so often a packet, in milliseconds. */
const TRICKLE_MS = 700;
/** About as long as it takes to do what was decided last. */
const PERFORM_MS = 8;
/** About as long as a start takes; some starts are killed in it. */
const START_MS = 2500;
/** With so many looks at a counter, further apart each time, that show nothing new, no more is to come. */
const QUIET_LOOKS = 8;
/** The daemon waits longer each time that a young receiver ends: no more than so many before it is itself killed. */
const RECEIVERS_IN_A_ROW = 4;

/** Several daemons start at once here, on a machine that may be busy. */
const PATIENT = { withinMs: 240_000 };

export type Victim = 'authorizer' | 'receiver';

export interface KillLaneParts {
  readonly lab: Lab;
  readonly server: Host;
  readonly formats: readonly Format[];
  readonly chance: Chance;
}

export class KillLane {
  readonly figures = new KillFigures();
  private readonly spad: Spad;
  private readonly client: Host;
  private readonly attacker: Host;
  private readonly chance: Chance;
  private readonly honest: HonestClients;
  private readonly replays: Wire;
  private readonly openings: Openings;
  private readonly probers: { readonly client: Prober; readonly attacker: Prober };
  /** How long a burst takes from its sending to its last line, in milliseconds. */
  private span = 0;
  private inRow = 0;

  private constructor(
    { lab, server, formats, chance }: KillLaneParts,
    witness: NftWitness,
    probers: KillLane['probers'],
  ) {
    this.spad = new Spad(lab, server);
    [this.client, this.attacker] = [lab.host('client'), lab.host('attacker')];
    this.chance = chance;
    this.honest = new HonestClients(this.client, server, formats, OPEN_FOR);
    this.replays = new Wire(this.attacker, server);
    this.openings = new Openings(this.spad, witness, this.honest.packets, OPEN_FOR);
    this.probers = probers;
  }

  static async create(parts: KillLaneParts): Promise<KillLane> {
    const { lab, server } = parts;
    const witness = await NftWitness.start(lab, server);
    const probers = {
      client: await Prober.start(lab.host('client')),
      attacker: await Prober.start(lab.host('attacker')),
    };
    const lane = new KillLane(parts, witness, probers);
    // Packets stay fresh for the whole run, so that each of them is refused as replayed and for no other reason.
    const daemon = { guard: 'tcp/22, tcp/80', max_age: '1h' };
    lane.spad.configure({ daemon, access: lane.honest.access });
    await Promise.all([lane.spad.start(PATIENT), startTcpService(server, [22, 80])]);
    // A first start refuses what is older than itself, and the time in a packet of fwknop's is a whole second.
    await sleep(1000);
    return lane;
  }

  /** Kills so often, tells of each, and comes to its end after all that was open. */
  async run(kills: number, tell: () => void): Promise<void> {
    const trickle = setInterval(() => this.honest.send(1), TRICKLE_MS);
    try {
      await this.measure();
      const count = (): number => this.figures.kills.authorizer + this.figures.kills.receiver;
      while (count() < kills - 1) {
        await this.killAndLook(kills - 1 - count());
        tell();
      }
    } finally {
      clearInterval(trickle);
    }
    await this.end();
  }

  /** Up to, and without, `below`. */
  private draw(below: number): number {
    return (this.chance() / 2 ** 32) * below;
  }

  /** How long an admission takes when nobody is killed, at its quickest: kills are spread over that. */
  private async measure(): Promise<void> {
    const spans: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const begin = Date.now();
      const burst = this.honest.send(BURST);
      await waitUntil('a burst to open', () => this.openings.toldOf(burst) === BURST);
      spans.push(this.openings.lastGrantOf(burst) - begin);
    }
    this.span = Math.min(...spans) + PERFORM_MS;
  }

  private async killAndLook(left: number): Promise<void> {
    const victim: Victim = this.inRow < RECEIVERS_IN_A_ROW && this.draw(10) < 8.5 ? 'receiver' : 'authorizer';
    this.inRow = victim === 'receiver' ? this.inRow + 1 : 0;
    const shut = this.stranger();
    if (victim === 'receiver') await this.killReceiver();
    else {
      await this.killAuthorizer();
      if (left > 1 && this.draw(4) < 1) await this.killStart();
      await this.spad.start(PATIENT);
    }
    await shut;
    await this.opensAgain();
    await this.replay();
    this.figures.leaked.push(...(await this.openings.leaked()));
    await this.sum();
  }

  /** Once every daemon that was killed has been followed by one that tells of what was left. */
  private async sum(): Promise<void> {
    this.figures.packets = this.honest.packets.length;
    this.figures.opened = this.openings.openedOf(this.honest.packets);
    for (const what of await this.openings.untold()) this.figures.lost.add(`no audit line about ${what}`);
  }

  private async killReceiver(): Promise<void> {
    const pid = await this.spad.receiverPid();
    const mark = this.spad.process.mark();
    this.honest.send(BURST);
    await this.strike(pid);
    this.figures.kills.receiver += 1;
    await this.spad.process.waitForLine(/capturing again/, 20_000, mark);
  }

  /** Leaves the daemon dead. */
  private async killAuthorizer(): Promise<void> {
    const burst = this.honest.send(BURST);
    await this.strike(this.spad.process.pid);
    await this.spad.process.exited;
    this.figures.kills.authorizer += 1;
    // Whoever watches the kernel reads what it has done a moment later.
    await sleep(50);
    const stage = this.openings.stageOf(burst);
    this.figures.stages[stage] = (this.figures.stages[stage] ?? 0) + 1;
    for (const what of this.openings.forgotten()) this.figures.lost.add(`the journal does not hold ${what}`);
    this.figures.leaked.push(...(await this.openings.leaked()));
  }

  /** Kills a process at a random moment of an admission that begins now. */
  private async strike(pid: number): Promise<void> {
    const moment = performance.now() + this.draw(this.span);
    await sleep(Math.max(0, moment - performance.now() - 2));
    // A timer is coarser than the steps of an admission.
    while (performance.now() < moment);
    process.kill(pid, 'SIGKILL');
  }

  private async killStart(): Promise<void> {
    const starting = this.spad.start(PATIENT).catch(() => undefined);
    await sleep(this.draw(START_MS));
    this.spad.process.kill('SIGKILL');
    await this.spad.process.exited;
    await starting;
    this.figures.kills.authorizer += 1;
    this.figures.whileStarting += 1;
  }

  /** The port stays shut for who was never let in. */
  private async stranger(): Promise<void> {
    const { address4: from } = this.attacker;
    const answer = await this.probers.attacker.ask({ from, address: this.spad.host.address4, port: 22 });
    if (answer !== 'silent') this.figures.leaked.push(`a stranger reaches tcp/22: ${answer}`);
  }

  /** A client who tries again is let in and reaches the port. */
  private async opensAgain(): Promise<void> {
    const { address4: from } = this.client;
    const mark = this.spad.audit.mark();
    const opened = (): unknown =>
      this.spad.audit
        .entries()
        .slice(mark)
        .find(({ event, allow }) => /^(?:granted|extended)$/.test(event) && String(allow) === from);
    await waitFor(
      'an honest packet to open',
      () => {
        this.honest.sendForOneself();
        return waitFor('a line', opened, 500).catch(() => undefined);
      },
      30_000,
    );
    const answer = await this.probers.client.ask({ from, address: this.spad.host.address4, port: 80 });
    if (answer !== 'hello from 80') this.figures.lost.add(`a client who was let in has at tcp/80: ${answer}`);
  }

  /** Sends all that was let in once more, byte for byte, until each was judged. */
  private async replay(): Promise<void> {
    const packets = this.openings.accepted();
    const before = (await this.spad.counts())['replayed'] ?? 0;
    const mark = this.spad.audit.mark();
    let judged = 0;
    for (let attempt = 0; judged < packets.length; attempt += 1) {
      if (attempt === 5) throw new Error(`${packets.length} replays were sent, and ${judged} refused as such`);
      await this.replays.sendSlowly(packets.map(({ bytes }) => bytes));
      this.figures.replays += packets.length;
      judged = await this.countReplayed(before, packets.length);
    }
    const again = new Set(packets.map(({ what }) => what));
    for (const { event, allow, ports } of this.spad.audit.entries().slice(mark)) {
      const what = `${String(allow)} ${String(ports)}`;
      if (/^(?:granted|extended)$/.test(event) && again.has(what)) this.figures.replaysAccepted.push(what);
    }
  }

  /** What was refused as replayed since, once it is as much as wanted, or no more has come for a while. */
  private async countReplayed(before: number, wanted: number): Promise<number> {
    let count = 0;
    for (let quiet = 0; quiet < QUIET_LOOKS && count < wanted; quiet += 1) {
      await sleep(quiet * 100);
      const now = ((await this.spad.counts())['replayed'] ?? 0) - before;
      if (now > count) quiet = 0;
      count = now;
    }
    return count;
  }

  /** The last kill: with nobody to close, the kernel closes all on time. Then the books for the last time. */
  private async end(): Promise<void> {
    await this.killAuthorizer();
    await sleep(1000 * OPEN_FOR + 500);
    const left = await kernelGrants(this.spad.host);
    this.figures.leaked.push(...left.map(({ what }) => `${what}, after the last grant's end`));
    await this.spad.start(PATIENT);
    await this.opensAgain();
    await this.replay();
    await this.sum();
    await this.spad.stop();
  }
}
