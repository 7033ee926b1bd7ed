/** A client, an attacker, and a server for each packet format, with the same policy, whose daemons run. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../support/audit-reader.ts';
import { FwknopHolder } from '../support/fwknop-holder.ts';
import { openInKernel } from '../support/grant-list.ts';
import type { Host } from '../support/host.ts';
import { Keyholder } from '../support/keyholder.ts';
import { Lab } from '../support/lab.ts';
import { startTcpService } from '../support/probe.ts';
import { Spad, type SpadConfig } from '../support/spad.ts';
import { waitFor } from '../support/wait.ts';

export const FORMATS = ['native', 'fwknop'] as const;
export type Format = (typeof FORMATS)[number];

/** A case for each format (`%s` in its name), the two side by side: each has a server of its own. */
export const testBoth = (name: string, run: (format: Format) => Promise<void>): void => {
  describe(name.slice(0, name.indexOf(' ')), () => {
    test.concurrent.each(FORMATS)(name, run);
  });
};

/** What a packet of either format asks for. */
export interface Ask {
  /** tcp/22 unless told. */
  readonly ports?: string;
  /** The sealed address; none leaves it to the packet's source. */
  readonly allow?: string;
  /** Seconds; the stanza's default unless told. */
  readonly openFor?: number;
  /** The client's clock, Unix time in ms; right unless told. */
  readonly time?: number;
}

/** One client's keys. */
export interface Sender {
  /** The directives that say so in its stanza. */
  readonly keys: Readonly<Record<string, string>>;
  readonly seal: (ask?: Ask) => Uint8Array;
}

export const nativeSender = (holder = new Keyholder()): Sender => ({
  keys: { key: holder.base64 },
  seal: (ask = {}) => holder.seal({ ports: 'tcp/22', ...ask }),
});

export const fwknopSender = (holder = new FwknopHolder()): Sender => ({
  keys: { format: 'fwknop', key_base64: holder.keyBase64, hmac_key_base64: holder.hmacKeyBase64 },
  seal: ({ openFor, ...ask } = {}) =>
    holder.seal({ ...ask, ...(openFor === undefined ? {} : { type: 'timeout-access', timeout: openFor }) }),
});

const SENDERS = { native: nativeSender, fwknop: fwknopSender } as const;

/** One server, and who may ask it. */
export class Side {
  readonly format: Format;
  readonly spad: Spad;
  readonly victim: Sender;
  /** Of whom an address must be sealed. */
  readonly strict: Sender;
  /** Asks for tcp/9 in our own format, to find out what has been decided ({@link Spad.settle}). */
  readonly witness = new Keyholder();

  constructor(format: Format, spad: Spad) {
    this.format = format;
    this.spad = spad;
    this.victim = SENDERS[format]();
    this.strict = SENDERS[format]();
  }

  get server(): Host {
    return this.spad.host;
  }

  configure(daemon: SpadConfig['daemon'] = {}, more: SpadConfig['access'] = {}): void {
    this.spad.configure({
      daemon: { guard: 'tcp/22, tcp/80', ...daemon },
      access: {
        victim: { ...this.victim.keys, allow: 'tcp/22, tcp/80' },
        strict: { ...this.strict.keys, allow: 'tcp/22, tcp/80', require_address: 'yes' },
        witness: { key: this.witness.base64, allow: 'tcp/9' },
        ...more,
      },
    });
  }

  /** Sends a packet that opens something, and gives the line about it. */
  async admit(from: Host, packet: Uint8Array): Promise<AuditEntry> {
    const mark = this.spad.audit.mark();
    await this.spad.send(from, packet);
    return waitFor(`${from.name}'s packet to open`, () =>
      this.spad.audit
        .entries()
        .slice(mark)
        .find(({ event, stanza }) => stanza !== 'witness' && (event === 'granted' || event === 'extended')),
    );
  }

  /** Sends a packet and waits for the line that refuses it; nothing is open that was not before. */
  async refuse(from: Host, packet: Uint8Array, reason: string, family: 4 | 6 = 4): Promise<void> {
    const before = await openInKernel(this.server);
    const mark = this.spad.audit.mark();
    await this.spad.send(from, packet, family);
    const source = family === 4 ? from.address4 : from.address6;
    await this.spad.audit.waitFor({ event: 'rejected', format: this.format, source, reason }, mark);
    expect(this.openedSince(mark)).toEqual([]);
    const after = await openInKernel(this.server);
    expect(after.filter((what) => !before.includes(what))).toEqual([]);
  }

  /** Waits until a counter is `least` more than in `before`, and gives all counters. */
  countedSince(
    before: Readonly<Record<string, number>>,
    name: string,
    least = 1,
  ): Promise<Readonly<Record<string, number>>> {
    return waitFor(`${least} of ${name}`, async () => {
      const now = await this.spad.counts();
      return (now[name] ?? 0) - (before[name] ?? 0) >= least ? now : undefined;
    });
  }

  /** The lines about what was opened since a mark, but for the witness. */
  openedSince(mark: number): readonly AuditEntry[] {
    const lines = this.spad.audit.entries().slice(mark);
    return lines.filter(({ event, stanza }) => stanza !== 'witness' && /^(?:granted|extended|knocked)$/.test(event));
  }
}

export interface SceneOptions {
  readonly formats?: readonly Format[];
  readonly daemon?: SpadConfig['daemon'];
  readonly access?: (side: Side) => SpadConfig['access'];
  /** Sections of doors; `folder` is the server's own. */
  readonly doors?: (folder: string) => string;
}

/** A laboratory with the hosts client, attacker and those named as the formats, with a service at tcp/22 and tcp/80. */
export class Scene {
  readonly lab: Lab;
  readonly client: Host;
  readonly attacker: Host;
  private readonly sides: ReadonlyMap<Format, Side>;

  private constructor(lab: Lab, sides: ReadonlyMap<Format, Side>) {
    this.lab = lab;
    [this.client, this.attacker] = [lab.host('client'), lab.host('attacker')];
    this.sides = sides;
  }

  static async create({ formats = FORMATS, daemon, access, doors }: SceneOptions = {}): Promise<Scene> {
    const lab = await Lab.create({ hosts: ['client', 'attacker', ...formats] });
    const sides = formats.map((format) => new Side(format, new Spad(lab, lab.host(format))));
    for (const side of sides) {
      side.configure(daemon, access?.(side));
      if (doors !== undefined) appendFileSync(side.spad.confFile, doors(side.spad.dir));
    }
    try {
      await Promise.all(sides.flatMap((side) => [side.spad.start(), startTcpService(side.server, [22, 80])]));
    } catch (error) {
      await lab.close();
      throw error;
    }
    // A first start refuses what is older than itself, and the time in a packet of fwknop's is a whole second.
    await sleep(1000);
    return new Scene(lab, new Map(sides.map((side) => [side.format, side])));
  }

  side(format: Format): Side {
    const side = this.sides.get(format);
    if (side === undefined) throw new Error(`no server for ${format} in this scene`);
    return side;
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}
