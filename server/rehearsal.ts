/**
 * Goes the road of a packet, again and again, before the first packet comes. V8 runs a function uncompiled until it has been
 * called some hundreds of times, which a daemon that gets a packet now and then would never see: it would judge each at a
 * tenth of the speed that it judges a flood at. Everything here is made up and thrown away: a client, its packets, an
 * engine with a ledger and a replay cache of its own, a firewall that is nobody's, and the null device for an audit log.
 */
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { NODE_SUITE } from '../platform/node-suite.ts';
import { type IpAddress, parseAddress } from '../src/base/address.ts';
import { type Moment, parsePort, type Port, seconds, type SteadyMs, steadyMs, unixMs } from '../src/base/units.ts';
import { Secret, SECRET_LENGTH } from '../src/crypto/secret.ts';
import type { Decision } from '../src/engine/effect.ts';
import { Engine } from '../src/engine/engine.ts';
import { encodeHandoff, HandoffReader } from '../src/engine/handoff.ts';
import { NO_FWKNOP } from '../src/engine/policy.ts';
import { encodeGrantEvent } from '../src/grant/record.ts';
import { ReplayCache } from '../src/replay/cache.ts';
import { encodeRecord } from '../src/replay/journal.ts';
import { sealNative } from '../src/spa/native/seal.ts';
import { deriveUnsealKeys } from '../src/spa/native/unseal.ts';
import { grantNames } from './grant-names.ts';
import { nftables } from './firewall/nftables.ts';
import { AuditFile } from './log/audit-file.ts';
import { perform, type PerformerParts } from './perform.ts';
import { Work } from './work.ts';

/** Beyond this a packet gets no quicker. */
const PACKETS = 600;
/** So long at a time, in milliseconds: real packets, ticks and signals come in between. */
const SLICE_MS = 4;
const PAUSE_MS = 6;
/** The made-up time between two packets: some twenty grants are live, as with a busy client. */
const STEP_MS = 100;
const OPEN_FOR = seconds(2);
const SERVER = 'rehearsal';

const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('a constant is wrong');
  return value;
};
const portOf = (number: number): Port => must(parsePort(String(number)));

export class Rehearsal {
  readonly #source: IpAddress = must(parseAddress('192.0.2.1'));
  readonly #secret = must(Secret.fromBytes(randomBytes(SECRET_LENGTH)));
  readonly #begin = Date.now();
  readonly #engine = this.#newEngine();
  readonly #reader = new HandoffReader();
  readonly #audit: AuditFile;
  readonly #work: Work;
  readonly #isBusy: () => boolean;
  #played = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * `isBusy`: whether the daemon is, which goes first, and whose own packets are a rehearsal as good. `audit`: where the lines
   * go. Throws the system's error where that cannot be opened.
   */
  constructor(isBusy = (): boolean => false, audit = '/dev/null') {
    this.#isBusy = isBusy;
    this.#audit = new AuditFile(audit, () => undefined);
    const parts = this.#edges();
    this.#work = new Work({
      decide: (input) => this.#engine.handle(input, this.#now()),
      perform: async (decisions: readonly Decision[]) => {
        await perform(decisions, parts);
      },
    });
  }

  /** Begins, a little at a time. V8 is told to keep what it has compiled, however long no packet comes. */
  start(): void {
    setFlagsFromString('--no-flush-bytecode');
    this.#goOn();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #goOn(): void {
    this.#timer = setTimeout(() => void this.#play(), PAUSE_MS).unref();
  }

  /** The rest of it, in one go. */
  async playAll(): Promise<void> {
    while (this.#played < PACKETS) await this.#playOne();
  }

  async #play(): Promise<void> {
    const begin = performance.now();
    while (this.#played < PACKETS && !this.#isBusy() && performance.now() - begin < SLICE_MS) await this.#playOne();
    if (this.#played === PACKETS) this.#audit.close();
    else if (this.#timer !== undefined) this.#goOn();
  }

  async #playOne(): Promise<void> {
    this.#played += 1;
    const datagram = this.#seal(portOf(1000 + this.#played));
    const candidate = { client: 0, captured: unixMs(this.#begin), source: this.#source, datagram };
    for (const message of this.#reader.push(encodeHandoff({ kind: 'candidate', candidate })))
      if (message.kind === 'candidate') this.#work.add(message);
    if (this.#played % 5 === 0) this.#work.add({ kind: 'tick' });
    await this.#work.settle();
  }

  #now(): Moment {
    const time = STEP_MS * this.#played;
    return { wall: unixMs(this.#begin + time), steady: steadyMs(time) };
  }

  #seal(port: Port): Uint8Array {
    const request = {
      ...({ type: 'open', time: this.#now().wall, openFor: seconds(0), reply: false, command: '' } as const),
      ...({ addresses: [], ports: [{ protocol: 'tcp', first: port, last: port }], forward: undefined } as const),
    };
    return sealNative(request, this.#secret, SERVER, randomBytes(24), NODE_SUITE);
  }

  #newEngine(): Engine {
    const ports = [{ protocol: 'tcp', first: portOf(1), last: portOf(65_535) }] as const;
    const stanza = {
      ...{ name: SERVER, allow: ports, defaultPorts: [], openFor: OPEN_FOR, maxOpenFor: OPEN_FOR, expires: undefined },
      ...{
        sources: [{ address: must(parseAddress('0.0.0.0')), prefix: 0 }],
        widenIpv6: false,
        requireAddress: false,
        forward: [],
        reply: false,
      },
      ...{ forwardSource: 'client' as const, whileConnected: false, dropOnExpiry: false },
    };
    const client = { stanza, keys: deriveUnsealKeys(this.#secret, SERVER, NODE_SUITE) };
    const policy = { clients: [client], fwknop: NO_FWKNOP, doors: [], guard: ports, maxAge: 120_000 };
    const newGrantId = grantNames();
    const cache = new ReplayCache(PACKETS, unixMs(0));
    return new Engine({ policy, cache, maxGrants: PACKETS, newGrantId, suite: NODE_SUITE });
  }

  #edges(): PerformerParts {
    const nothing = (): undefined => undefined;
    let generation = 1;
    const runner = {
      ...{ description: SERVER, lasts: true, list: () => Promise.resolve(''), json: () => Promise.resolve() },
      run: () => Promise.resolve(''),
      batch: () => {
        generation += 1;
        return true;
      },
      ...{ wouldRun: () => Promise.resolve(true), generation: () => generation },
    };
    return {
      replay: { append: (records) => void Buffer.concat(records.map(encodeRecord)) },
      codes: { append: nothing },
      firewall: nftables(runner, (): SteadyMs => this.#now().steady),
      grants: {
        append: (events) =>
          void events.map((event) => `${encodeGrantEvent(event, { ...this.#now(), boot: SERVER })}\n`).join(''),
      },
      audit: { append: (entries) => this.#audit.append(entries.map(({ text }) => text)) },
      delay: nothing,
      ...{ doors: { run: nothing, useUp: nothing }, fwknop: { journal: nothing, run: nothing, ask: nothing } },
      ...{ replies: { send: nothing }, connections: { ask: nothing }, grantEvents: () => [], adopt: nothing },
      trial: { note: nothing, answer: nothing, giveUp: nothing },
    };
  }
}
