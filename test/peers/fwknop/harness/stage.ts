/** One laboratory with one daemon in it: `server` runs it, `client` and `other` send, `inner` is behind the server. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Host } from '../../../support/host.ts';
import { Lab } from '../../../support/lab.ts';
import { scanTcp, startTcpService } from '../../../support/probe.ts';
import { SPA_PORT } from '../../../support/spad.ts';
import { waitUntil } from '../../../support/wait.ts';
import type { Variables } from './fwknopd.ts';
import { FwknopClient } from './packets.ts';
import { Sender } from './sender.ts';
import { type Peer, peerOf, type Side } from './peer.ts';

/** The guarded port of the server that case number N asks for is FIRST_PORT + N. */
export const FIRST_PORT = 20_000;

/** Where requests for another port of the server itself are sent; guarded. */
export const LOCAL_PORT = 9000;

/** The port of the host behind that case number N is sent to is FIRST_INNER_PORT + N. */
export const FIRST_INNER_PORT = 30_000;

/** The stanza of honest packets that only show when all that was sent before them has been dealt with. */
const MARKER: Variables = [
  ['SOURCE', 'ANY'],
  ['KEY', 'the marker'],
  ['HMAC_KEY', 'marks'],
  ['FW_ACCESS_TIMEOUT', '60'],
];

const MARKER_KEYS = ['--key-rijndael', 'the marker', '--key-hmac', 'marks'];

/** The server's addresses on the side of the host behind. */
export const GATEWAY = '10.99.4.1';
export const OTHER_GATEWAY = '10.99.4.3';

/** Those that are not closed yet. */
const stages = new Set<Stage>();

// A test that ran out of time leaves its stage behind, and the runner does not wait for it.
afterAll(async () => {
  await Promise.all([...stages].map((stage) => stage.close()));
}, 60_000);

export class Stage {
  readonly client: Host;
  readonly other: Host;
  readonly server: Host;
  private readonly behind: Host | undefined;
  readonly peer: Peer;
  readonly fwknop: FwknopClient;
  readonly dir: string;
  readonly ports: number;
  readonly lab: Lab;
  private readonly senders = new Map<Host, Sender>();
  private markers = 0;

  private constructor(side: Side, lab: Lab, { inner, ports }: { inner: Host | undefined; ports: number }) {
    this.ports = ports;
    this.lab = lab;
    this.dir = lab.dir;
    this.client = lab.host('client');
    this.other = lab.host('other');
    this.server = lab.host('server');
    this.behind = inner;
    this.peer = peerOf(side, lab, this.server);
    this.fwknop = new FwknopClient(lab, this.client, this.server.address4);
    stages.add(this);
    mkdirSync(this.effectsDir);
    const names = inner === undefined ? '' : `${inner.address4} inner.lab\n`;
    writeFileSync(join(lab.dir, 'hosts'), `127.0.0.1 localhost\n${names}`);
  }

  /** @param ports how many guarded ports there are; the first is the marker's own, and where there are more, each has a service */
  static async create(side: Side, ports: number): Promise<Stage> {
    const lab = await Lab.create({ hosts: ['client', 'other', 'server'] });
    try {
      const inner = ports > 1 ? await lab.addBehind(lab.host('server'), 'inner') : undefined;
      const stage = new Stage(side, lab, { inner, ports });
      if (inner !== undefined) await stage.serve(inner);
      return stage;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** The host behind the server. @throws Error where there is one guarded port alone. */
  get inner(): Host {
    if (this.behind === undefined) throw new Error('this stage has no host behind the server');
    return this.behind;
  }

  private async serve(inner: Host): Promise<void> {
    const guarded = Array.from({ length: this.ports }, (_, index) => FIRST_PORT + index);
    const inside = guarded.map((_, index) => FIRST_INNER_PORT + index);
    await this.server.run('ip', ['addr', 'add', `${OTHER_GATEWAY}/24`, 'dev', 'to-inner']);
    await Promise.all([
      startTcpService(this.server, [LOCAL_PORT, ...guarded], '--name-peer'),
      startTcpService(inner, inside, '--name-peer'),
    ]);
  }

  close(): Promise<void> {
    stages.delete(this);
    return this.lab.close();
  }

  /** Configures the daemon and starts it; a stanza of the stage's own comes last, and ports of its own are guarded. */
  async start(access: readonly Variables[], conf: Variables = []): Promise<void> {
    this.configure(access, conf);
    await this.peer.start();
  }

  /** Writes the daemon's files anew. */
  configure(access: readonly Variables[], conf: Variables = []): void {
    const guard = [String(LOCAL_PORT), `${FIRST_PORT}:${FIRST_PORT + this.ports}`];
    const expanded = access.map((stanza) => stanza.map(([name, value]) => [name, this.expand(value)] as const));
    this.peer.configure({ conf, access: [...expanded, MARKER], guard });
  }

  /** One packet of the real client. */
  async make(...words: readonly string[]): Promise<string> {
    const [packet = ''] = await this.fwknop.make([words.map((word) => this.expand(word))]);
    return packet;
  }

  /** Waits until all that was sent has been dealt with: an honest packet, sent last, has its effect. */
  async settle(): Promise<void> {
    const allowed = `10.88.0.${++this.markers}`;
    await this.send([await this.make('-A', `tcp/${FIRST_PORT}`, '-a', allowed, ...MARKER_KEYS)]);
    const isOpen = (): boolean => this.peer.granted().includes(`${allowed} tcp/${FIRST_PORT}`);
    await waitUntil('the marker to open', isOpen, 60_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.peer.log().slice(-4000)}`);
    });
  }

  /** Sends packets and says what that has opened by the daemon's own account, however short it may have been. */
  async opens(...datagrams: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
    const before = this.granted().length;
    await this.send(datagrams);
    await this.settle();
    return this.granted().slice(before);
  }

  /** What has been opened since the daemon was first started, the marker's own apart. */
  granted(): readonly string[] {
    return this.peer.granted().filter((line) => !line.startsWith('10.88.0.'));
  }

  /** What is open, the marker's own apart. */
  async open(): Promise<readonly string[]> {
    return (await this.peer.open()).filter((line) => !line.startsWith('10.88.0.'));
  }

  /** The words CLIENT_IP, OTHER_IP, SERVER_IP and INNER_IP become addresses, EFFECTS a folder for what commands leave behind. */
  expand(text: string): string {
    return text
      .replaceAll('CLIENT_IP', this.client.address4)
      .replaceAll('OTHER_IP', this.other.address4)
      .replaceAll('SERVER_IP', this.server.address4)
      .replaceAll('INNER_IP', this.behind?.address4 ?? '')
      .replaceAll('EFFECTS', this.effectsDir);
  }

  get effectsDir(): string {
    return join(this.dir, 'effects');
  }

  hasEffect(name: string): boolean {
    return existsSync(join(this.effectsDir, name));
  }

  removeEffect(name: string): void {
    rmSync(join(this.effectsDir, name), { force: true });
  }

  /** Sends the datagrams in their order to the SPA port, over IPv4 unless told. */
  async send(datagrams: readonly (string | Uint8Array)[], from = this.client, family: 4 | 6 = 4): Promise<void> {
    const sender = this.senders.get(from) ?? new Sender(from);
    this.senders.set(from, sender);
    await sender.send(family === 4 ? this.server.address4 : this.server.address6, SPA_PORT, datagrams);
  }

  /** What the server's ports look like from the client, or from another host. */
  scan(ports: readonly number[], from = this.client): Promise<ReadonlyMap<number, string>> {
    return scanTcp(from, this.server.address4, ports);
  }
}
