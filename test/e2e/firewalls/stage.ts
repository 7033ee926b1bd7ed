/** Where the contract is played: a client of many addresses, a stranger, the server with its spad, and a host behind it. */
import { expect } from 'vitest';
import { BACKENDS, type BackendTraits } from '../../../src/firewall/backends.ts';
import type { AuditPattern } from '../../support/audit-reader.ts';
import type { Host } from '../../support/host.ts';
import { Keyholder, type Wish } from '../../support/keyholder.ts';
import { Lab } from '../../support/lab.ts';
import { startWhoService } from '../../support/probe.ts';
import { Prober, type Sample } from '../../support/prober.ts';
import { SPA_PORT, Spad } from '../../support/spad.ts';
import { EARLY_MS, GUARDED, LATE_MS, type Subject, type Surroundings, UNGUARDED } from './subject.ts';

export type Family = 4 | 6;
export type Protocol = 'tcp' | 'udp';

/** A pair of the client's addresses that one case has for itself, so that cases run side by side. */
export interface Caller {
  readonly address4: string;
  readonly address6: string;
}

export interface Where {
  readonly family?: Family;
  readonly protocol?: Protocol;
  readonly port?: number;
}

/** A grant as the audit log has it; Unix times in ms. */
export interface Told {
  readonly until: number;
  readonly time: number;
}

export const OUTER = 2222;
/** Seconds; what is granted for longer is not waited for. */
const BRIEF = 10;
const CALLERS = 60;
const ALLOWED = `${GUARDED.join(', ')}, tcp/${UNGUARDED}`;

export const holders = { alice: new Keyholder(), bob: new Keyholder(), masked: new Keyholder() } as const;
export type HolderName = keyof typeof holders;

export class Stage {
  readonly subject: Subject;
  readonly traits: BackendTraits;
  readonly lab: Lab;
  readonly server: Host;
  readonly inner: Host;
  readonly spad: Spad;
  private readonly client: Host;
  private readonly stranger: Host;
  private readonly surroundings: Surroundings;
  private readonly probers: { readonly client: Prober; readonly stranger: Prober };
  private callers = 0;

  private constructor(
    parts: Pick<Stage, 'subject' | 'lab' | 'inner'>,
    surroundings: Surroundings,
    probers: Stage['probers'],
  ) {
    this.subject = parts.subject;
    this.traits = BACKENDS[parts.subject.firewall];
    this.lab = parts.lab;
    this.inner = parts.inner;
    this.server = parts.lab.host('server');
    this.client = parts.lab.host('client');
    this.stranger = parts.lab.host('stranger');
    this.spad = new Spad(parts.lab, this.server);
    this.surroundings = surroundings;
    this.probers = probers;
  }

  /** Builds the laboratory and readies the server; spad is not started yet. */
  static async build(subject: Subject): Promise<Stage> {
    const lab = await Lab.create({ hosts: ['client', 'stranger', 'server'] });
    try {
      const [client, server] = [lab.host('client'), lab.host('server')];
      const inner = await lab.addBehind(server, 'inner');
      await addCallers(client);
      await startWhoService(server, [22, OUTER, 8000, 8001, 8004, 8008, 8010, 8011, 8022, UNGUARDED]);
      await startWhoService(inner, [22]);
      const probers = { client: await Prober.start(client), stranger: await Prober.start(lab.host('stranger')) };
      const surroundings = (await subject.prepare?.(server, lab)) ?? {};
      const stage = new Stage({ subject, lab, inner }, surroundings, probers);
      stage.configure();
      return stage;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** spad.conf for the subject; `forwards`: with stanzas that may forward. */
  configure(forwards = this.traits.forwards): void {
    const { firewall, daemon } = this.subject;
    const guard = this.traits.guards ? { guard: GUARDED.join(', ') } : { guard: undefined };
    const targets = '10.99.4.0/24:22, [fd99:4::/64]:22';
    const may = (forward: string, source = {}): object => (forwards ? { forward, ...source } : {});
    const stanza = (name: HolderName, more = {}): object => ({ key: holders[name].base64, allow: ALLOWED, ...more });
    this.spad.configure({
      daemon: { firewall, ...guard, ...daemon },
      access: {
        alice: { ...stanza('alice', may(`${targets}, local:8022`)) },
        bob: { ...stanza('bob') },
        masked: { ...stanza('masked', may(targets, { forward_source: 'masquerade' })) },
      },
    });
  }

  /** Starts spad as the subject wants it; `words`: on its command line, beside the configuration. */
  async start(...words: readonly string[]): Promise<void> {
    const { prefix = [], env = {} } = this.surroundings;
    const args = [...words, '-c', this.spad.confFile];
    await this.spad.start({ through: ['exec', ...prefix, '"$@"'].join(' '), args, env });
  }

  /** Runs spad with other words, in the same surroundings. */
  run(...words: readonly string[]): ReturnType<Spad['exec']> {
    return this.spad.execThrough(this.surroundings, ...words);
  }

  caller(): Caller {
    const number = 101 + this.callers++;
    if (this.callers > CALLERS) throw new Error('no more callers: add some');
    return { address4: `10.99.0.${number}`, address6: `fd99::${number}` };
  }

  /** Sends a packet for a caller and waits for the line about it. */
  async ask(caller: Caller, wish: Wish, wanted: AuditPattern = {}, name: HolderName = 'alice'): Promise<Told> {
    const allow = wish.allow ?? caller.address4;
    const mark = this.spad.audit.mark();
    await this.send({ ports: 'tcp/22', ...this.stretched(wish), allow }, name);
    const addresses = allow.split(' ');
    const pattern = { event: 'granted', stanza: name, ...wanted };
    const lines = addresses.map((address) => this.spad.audit.waitFor({ ...pattern, allow: address }, mark));
    const [line] = await Promise.all(lines);
    return { until: Date.parse(line?.until ?? ''), time: Date.parse(line?.time ?? '') };
  }

  private stretched(wish: Wish): Wish {
    const { openFor } = wish;
    return openFor === undefined || openFor > BRIEF
      ? wish
      : { ...wish, openFor: openFor * (this.subject.stretch ?? 1) };
  }

  async send(wish: Wish, name: HolderName = 'alice'): Promise<void> {
    const to = { from: this.client.address4, address: this.server.address4, port: SPA_PORT };
    await this.probers.client.sendTo(to, holders[name].seal(wish));
  }

  /** What the server answers a caller: `server:22 sees 10.99.0.101`, `silent`, `refused`. */
  async answer(caller: Caller, where: Where = {}): Promise<string> {
    return this.probers.client.ask(this.question(caller, where));
  }

  async isOpen(caller: Caller, where: Where = {}): Promise<boolean> {
    return !isShut(await this.answer(caller, where));
  }

  /** What it answers somebody on another host. */
  async answerToStranger(where: Where = {}): Promise<string> {
    return this.probers.stranger.ask(this.question(this.stranger, where));
  }

  /** Asks again and again until a Unix time in ms. */
  watch(caller: Caller, where: Where, end: number): Promise<readonly Sample[]> {
    return this.probers.client.watch(this.question(caller, where), end);
  }

  /** Watches until well after `told.until`; the port must be open till then, and shut thereafter. */
  async endsOnTime(caller: Caller, where: Where, told: Told): Promise<readonly Sample[]> {
    const samples = await this.watch(caller, where, told.until + this.lateMs + 400);
    expectEnd(samples, told.until, this.lateMs);
    return samples;
  }

  /** How long a grant may outlast its end, in ms. */
  get lateMs(): number {
    return LATE_MS[this.traits.endedBy];
  }

  /** An established connection; what comes back says whether it goes on. */
  hold(caller: Caller, where: Where = {}): Promise<() => Promise<boolean>> {
    return this.probers.client.hold(this.question(caller, where));
  }

  private question(caller: Caller, { family = 4, protocol = 'tcp', port = 22 }: Where): Parameters<Prober['ask']>[0] {
    const [from, address] =
      family === 4 ? [caller.address4, this.server.address4] : [caller.address6, this.server.address6];
    return { from, address, port, protocol };
  }
}

async function addCallers(client: Host): Promise<void> {
  const lines = Array.from({ length: CALLERS }, (_, index) => {
    const number = 101 + index;
    return `addr add 10.99.0.${number}/24 dev eth0\naddr add fd99::${number}/64 dev eth0 nodad\n`;
  });
  await client.run('ip', ['-batch', '-'], { input: lines.join('') });
}

export const isShut = (answer: string): boolean => answer === 'silent' || answer === 'refused';

/** Open in every look before `until`, shut in every look after it and the tolerance. */
export function expectEnd(samples: readonly Sample[], until: number, lateMs: number): void {
  const relative = samples.map(({ answer, began }) => ({ answer, at: began - until }));
  const before = relative.filter(({ at }) => at < -EARLY_MS);
  const after = relative.filter(({ at }) => at > lateMs);
  expect(before.length, 'looks before the end').toBeGreaterThan(0);
  expect(after.length, 'looks after the end').toBeGreaterThan(0);
  expect(
    before.filter(({ answer }) => isShut(answer)),
    'shut too early',
  ).toEqual([]);
  expect(
    after.filter(({ answer }) => !isShut(answer)),
    'open too long',
  ).toEqual([]);
}
