/** Honest clients of both formats whose every packet opens for an address of its own, so that each opening tells its packet. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MAC_LENGTH } from '../../src/crypto/hmac.ts';
import { replayKeyOf, unsealFwknop } from '../../src/spa/fwknop/unseal.ts';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { builtFile } from '../support/paths.ts';
import { SPA_PORT, type SpadConfig } from '../support/spad.ts';
import { type Format, fwknopSender, nativeSender } from './scene.ts';

export interface HonestPacket {
  readonly format: Format;
  readonly bytes: Uint8Array;
  /** What it opens: `198.18.0.1 tcp/22`. */
  readonly what: string;
  /** What the replay journal holds of it, in hexadecimal. */
  readonly digest: string;
  /** Unix time in ms. */
  readonly sealedAt: number;
}

/** Whether one packet alone opens this; tcp/80 is opened by whoever asks for their own address. */
export const isOfOnePacket = (what: string): boolean => what.startsWith('198.');

/** One program that sends whatever comes, from one host to the SPA port of another: no start of a program stands in between. */
export class Wire {
  private readonly program: LabProcess;

  constructor(from: Host, to: Host) {
    const words = [builtFile('test/support/udp-send-lines.js'), to.address4, String(SPA_PORT)];
    this.program = from.spawn(process.execPath, words);
  }

  send(datagrams: readonly Uint8Array[]): void {
    this.program.write(datagrams.map((bytes) => `${Buffer.from(bytes).toString('hex')}\n`).join(''));
  }

  /** With a pause after every 64, so that who listens keeps up. */
  async sendSlowly(datagrams: readonly Uint8Array[]): Promise<void> {
    for (let next = 0; next < datagrams.length; next += 64) {
      this.send(datagrams.slice(next, next + 64));
      await sleep(5);
    }
  }
}

export class HonestClients {
  /** Every packet so far. */
  readonly packets: HonestPacket[] = [];
  private readonly formats: readonly Format[];
  /** Seconds that each asks for. */
  private readonly openFor: number;
  private readonly fwknop = new FwknopHolder();
  private readonly senders = { native: nativeSender(new Keyholder()), fwknop: fwknopSender(this.fwknop) };
  private readonly wire: Wire;

  /** They send from one host to the SPA port of another. */
  constructor(from: Host, to: Host, formats: readonly Format[], openFor: number) {
    this.formats = formats;
    this.openFor = openFor;
    this.wire = new Wire(from, to);
  }

  /** The stanzas that let them in. */
  get access(): NonNullable<SpadConfig['access']> {
    return Object.fromEntries(
      this.formats.map((format) => [format, { ...this.senders[format].keys, allow: 'tcp/22, tcp/80' }]),
    );
  }

  /** Seals so many packets, the formats in turn, and sends them in one go. */
  send(count: number): readonly HonestPacket[] {
    const packets = Array.from({ length: count }, () => this.seal());
    this.wire.send(packets.map(({ bytes }) => bytes));
    return packets;
  }

  /** Sends a packet that opens tcp/80 for the address of the host that it comes from. */
  sendForOneself(): void {
    const format = this.formats[this.packets.length % this.formats.length] ?? 'native';
    this.wire.send([this.senders[format].seal({ ports: 'tcp/80', openFor: this.openFor })]);
  }

  private seal(): HonestPacket {
    const number = this.packets.length;
    const format = this.formats[number % this.formats.length] ?? 'native';
    const allow = `198.${18 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
    const bytes = this.senders[format].seal({ allow, openFor: this.openFor });
    const digest = Buffer.from(this.digestOf(format, bytes)).toString('hex');
    const packet = { format, bytes, what: `${allow} tcp/22`, digest, sealedAt: Date.now() };
    this.packets.push(packet);
    return packet;
  }

  private digestOf(format: Format, bytes: Uint8Array): Uint8Array {
    if (format === 'native') return bytes.slice(-MAC_LENGTH, 16 - MAC_LENGTH);
    const { passphrase, mode, hmacKey } = this.fwknop;
    const read = unsealFwknop(bytes, { passphrase, mode }, { type: 'sha256', key: hmacKey });
    if (!read.ok) throw new Error(`an honest packet cannot be read: ${read.error}`);
    return replayKeyOf(read.value.plain);
  }
}
