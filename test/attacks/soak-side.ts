/**
 * One server under everything that comes in a day, in a minute: honest clients of both formats, junk, replays, knocks; and where
 * it is told to, its configuration is read again and its interface goes down and up.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import { kernelGrants } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import type { Lab } from '../support/lab.ts';
import { NftWitness } from '../support/nft-witness.ts';
import { builtFile } from '../support/paths.ts';
import { type ForgedHeader, sendForged } from '../support/send-forged.ts';
import { childrenOf, SPA_PORT, Spad } from '../support/spad.ts';
import { waitUntil } from '../support/wait.ts';
import { HonestClients, Wire } from './honest.ts';
import { Openings } from './openings.ts';
import { FORMATS } from './scene.ts';
import { type Vitals, vitalsOf } from './vitals.ts';

/** Seconds that every packet asks for. */
const OPEN_FOR = 2;
/** An honest packet so often, in milliseconds. */
const HONEST_MS = 250;
/** Of junk, so much each second, from as many networks. */
const JUNK = 500;
const REPLAYS = 20;
/** How long a round takes, at whose end the processes are looked at, in milliseconds. */
const ROUND_MS = 5000;
/** For what takes a second on a machine that is not busy. */
const PATIENCE_MS = 120_000;
/** Of packets and of knocks. */
const RECEIVERS = 2;
/** Until a receiver that was replaced has settled. */
const SETTLE_MS = 2500;
const KNOCKS = ['7000:udp', '7001:udp'];
const DOOR = `\n[door front]\nsequence = ${KNOCKS.join(', ')}\nopen = tcp/80\nopen_for = ${OPEN_FOR}s\n`;

export class SoakSide {
  readonly looks: Vitals[] = [];
  /** What was open that nobody has asked for, or for longer. */
  readonly leaked: string[] = [];
  reloads = 0;
  flaps = 0;
  private readonly spad: Spad;
  private readonly client: Host;
  private readonly attacker: Host;
  private readonly honest: HonestClients;
  private readonly replays: Wire;
  private readonly openings: Openings;
  /** Whether its configuration is read again and its interface goes down. */
  private readonly changes: boolean;
  private isOver = false;
  private junk = 0;

  private constructor(lab: Lab, server: Host, witness: NftWitness, changes: boolean) {
    this.spad = new Spad(lab, server);
    [this.client, this.attacker] = [lab.host('client'), lab.host('attacker')];
    this.honest = new HonestClients(this.client, server, FORMATS, OPEN_FOR);
    this.replays = new Wire(this.attacker, server);
    this.openings = new Openings(this.spad, witness, this.honest.packets, OPEN_FOR);
    this.changes = changes;
  }

  static async create(lab: Lab, server: Host, changes: boolean): Promise<SoakSide> {
    const side = new SoakSide(lab, server, await NftWitness.start(lab, server), changes);
    side.spad.configure({
      daemon: { guard: 'tcp/22, tcp/80', interface: 'eth0', max_grants: 20_000 },
      access: side.honest.access,
    });
    appendFileSync(side.spad.confFile, DOOR);
    await side.spad.start({ withinMs: PATIENCE_MS });
    // A first start refuses what is older than itself, and the time in a packet of fwknop's is a whole second.
    await sleep(1000);
    return side;
  }

  /** How many honest packets were sent, and which share of them was let in. */
  get honestShare(): { readonly sent: number; readonly share: number } {
    const sent = this.honest.packets.length;
    return { sent, share: this.openings.openedOf(this.honest.packets) / sent };
  }

  /** Openings that no line of the audit log is about. */
  untold(): Promise<readonly string[]> {
    return this.openings.untold();
  }

  /** Goes on for so many seconds; then nothing is sent any more, and all that was open has had its time. */
  async run(seconds: number): Promise<void> {
    const begin = performance.now();
    const honest = setInterval(() => this.honest.send(1), HONEST_MS);
    const others = Promise.all([
      this.repeat(1000, () => this.sendJunk()),
      this.repeat(1000, () => this.sendReplays()),
      this.repeat(1500, () => this.knock()),
    ]);
    try {
      for (let round = 0; performance.now() - begin < 1000 * seconds; round += 1) await this.round(round, begin);
    } finally {
      clearInterval(honest);
      this.isOver = true;
      await others;
    }
    await sleep(1000 * OPEN_FOR + 1500);
    const left = await kernelGrants(this.spad.host);
    this.leaked.push(...left.map(({ what }) => `${what}, after the last grant's end`));
  }

  private async round(number: number, begin: number): Promise<void> {
    const end = performance.now() + ROUND_MS;
    if (this.changes && number > 0) {
      if (number % 2 === 0) await this.reload();
      else await this.flap();
      await this.hearsAgain();
    }
    await sleep(Math.max(0, end - performance.now()));
    const { pid } = this.spad.process;
    // One that was replaced is gone a moment later.
    await waitUntil('as many receivers as ever', () => childrenOf(pid).length === RECEIVERS, PATIENCE_MS);
    this.looks.push(vitalsOf(pid, (performance.now() - begin) / 1000));
    this.leaked.push(...(await this.openings.leaked()));
  }

  private async reload(): Promise<void> {
    const words = [builtFile('bin/spad.cjs'), 'reload', '-c', this.spad.confFile];
    const { code, stderr } = await this.spad.host.exec(process.execPath, words, { timeoutMs: PATIENCE_MS });
    if (code !== 0) throw new Error(`spad reload: ${stderr}`);
    this.reloads += 1;
  }

  private async flap(): Promise<void> {
    await this.spad.host.linkDown();
    await sleep(300);
    await this.spad.host.linkUp();
    this.flaps += 1;
  }

  /** Both receivers, the one of packets and the one of knocks, are at work again. */
  private async hearsAgain(): Promise<void> {
    await sleep(SETTLE_MS);
    const [mark, sent] = [this.spad.audit.mark(), this.honest.packets.length];
    const isHeard = (): boolean =>
      this.openings.openedOf(this.honest.packets.slice(sent)) > 0 &&
      this.spad.audit
        .entries()
        .slice(mark)
        .some(({ event, stanza }) => stanza === 'front' && /^(?:granted|extended)$/.test(event));
    await waitUntil('packets and knocks to be heard again', isHeard, PATIENCE_MS);
  }

  private async repeat(pause: number, act: () => Promise<void>): Promise<void> {
    while (!this.isOver) {
      await act();
      await sleep(pause);
    }
  }

  /** Junk of both formats, that no look at its begin tells from a packet, to the SPA port and the doors. */
  private async sendJunk(): Promise<void> {
    this.junk += 1;
    const genuine = this.honest.packets.findLast(({ format }) => format === 'native')?.bytes ?? randomBytes(8);
    const native = Buffer.concat([genuine.subarray(0, 8), randomBytes(168)]);
    const junk = this.junk % 2 === 0 ? native : new FwknopHolder().seal();
    const headers = Array.from({ length: JUNK }, (_, index): ForgedHeader => {
      const port = [SPA_PORT, SPA_PORT, 7000, 7001, 22][index % 5] ?? SPA_PORT;
      return { source: `172.${16 + (index & 15)}.${(index >> 4) & 255}.7`, port };
    });
    await sendForged(this.attacker, this.spad.host.address4, junk, headers);
  }

  private async sendReplays(): Promise<void> {
    const again = this.openings.accepted().slice(-10 * REPLAYS);
    const some = again.filter((_, index) => index % 10 === 0);
    await this.replays.sendSlowly(some.map(({ bytes }) => bytes));
  }

  private async knock(): Promise<void> {
    const args = [builtFile('test/support/knock.js'), this.spad.host.address4, ...KNOCKS];
    await this.client.exec(process.execPath, args);
  }
}
