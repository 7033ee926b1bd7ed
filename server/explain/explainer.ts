/**
 * The daemon's own road, walked without its edges: the receiver's loops, then the engine, both as they are; what the engine wants
 * done is told and not done. Time is that of the packets.
 */
import { NODE_SUITE } from '../../platform/node-suite.ts';
import { formatAddress, type IpAddress } from '../../src/base/address.ts';
import { type Moment, type Port, steadyMs, type UnixMs, unixMs } from '../../src/base/units.ts';
import { Doorkeeper, watchesOfRules } from '../../src/engine/doorkeeper.ts';
import type { Decision } from '../../src/engine/effect.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Handoff } from '../../src/engine/handoff.ts';
import type { Input } from '../../src/engine/input.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import type { CapturedFrame } from '../../src/frame/capture-file.ts';
import type { LinkType } from '../../src/frame/link.ts';
import { decodeFrame } from '../../src/frame/packet.ts';
import { PacketView } from '../../src/frame/packet-view.ts';
import { timedWindowOf } from '../../src/knock/timed-sequence.ts';
import { NativeGate } from '../../src/spa/native/gate.ts';
import { clientsOf } from '../../src/spa/native/gate-keys.ts';
import type { Configuration } from '../load-config.ts';
import type { PacketMemory } from '../packet-memory.ts';
import { GateLoop } from '../receiver/gate-loop.ts';
import { KnockLoop } from '../receiver/knock-loop.ts';
import { TextLoop } from '../receiver/text-loop.ts';
import { Recorder } from './recorder.ts';
import { explainCandidate, explainDropped, explainKnock, explainText, type Facts } from './road.ts';

export type Memory = Pick<PacketMemory, 'cache' | 'usedCodes'>;

export class Explainer {
  readonly #configuration: Configuration;
  readonly #engine: Engine;
  readonly #keeper: Doorkeeper;
  readonly #local: readonly IpAddress[];
  readonly #recorder = new Recorder();
  readonly #gates: GateLoop;
  #knocks: KnockLoop | undefined;
  #window = Number.NaN;
  #second = Number.NaN;
  #number = 0;
  /** The counters before the last decision. */
  #before: Readonly<Record<string, number>> = {};

  /** `local`: the addresses at which doors can be knocked. */
  constructor(configuration: Configuration, { cache, usedCodes }: Memory, local: readonly IpAddress[]) {
    const { policy, conf, receiver } = configuration;
    this.#configuration = configuration;
    this.#local = local;
    let grants = 0;
    const newGrantId = (): string => String((grants += 1));
    const maxGrants = conf.daemon.max_grants;
    // Each packet is told of, however many are refused.
    const rejectionBurst = Number.POSITIVE_INFINITY;
    this.#engine = new Engine({ policy, cache, usedCodes, maxGrants, newGrantId, suite: NODE_SUITE, rejectionBurst });
    this.#keeper = new Doorkeeper(policy.doors);
    this.#keeper.setLocal(local);
    this.#engine.handle({ kind: 'local-addresses', addresses: local }, momentOf(unixMs(0)));
    const { clients, reach, fwknop } = receiver;
    const gate = clientsOf(clients) > 0 ? new NativeGate(clients, reach, NODE_SUITE.macKey) : undefined;
    const texts = fwknop === undefined ? undefined : new TextLoop(fwknop, this.#recorder);
    this.#gates = new GateLoop({ gate, texts }, this.#recorder, receiver.port);
  }

  /** Undefined: nothing that the daemon looks at. */
  frame({ link, linkNumber, bytes, length }: CapturedFrame, time: UnixMs): Explanation | undefined {
    this.#number += 1;
    const facts: Facts = { ...NO_ENDS, number: this.#number, time, bytes: length };
    if (link === undefined) return explainDropped(facts, [`link type ${String(linkNumber)}`]);
    const view = new PacketView();
    view.withIcmp = true;
    view.headersOnly = true;
    const fault = decodeFrame(link, bytes, view);
    const seen = fault === undefined ? { ...facts, ...endsOf(view) } : facts;
    this.#turn(time);
    this.#recorder.clear();
    this.#gates.frame(link, bytes, bytes.length, time);
    const explained = this.#explain(seen);
    const knock = this.#policyHasDoors ? this.#knock(link, bytes, length, seen) : undefined;
    return explained?.format === 'native' || explained?.format === 'fwknop' ? explained : (knock ?? explained);
  }

  /** One datagram to the SPA port, from a port that nobody knows. */
  datagram(bytes: Uint8Array, source: IpAddress, time: UnixMs): Explanation {
    this.#number += 1;
    const facts = {
      ...NO_ENDS,
      number: this.#number,
      time,
      bytes: bytes.length,
      source: formatAddress(source),
      protocol: 'udp',
    };
    this.#turn(time);
    this.#recorder.clear();
    this.#gates.datagram(bytes, source, time);
    return this.#explain(facts) ?? explainDropped(facts, ['no client has this format']);
  }

  get #policyHasDoors(): boolean {
    return this.#configuration.policy.doors.length > 0;
  }

  #explain(facts: Facts): Explanation | undefined {
    const [message] = this.#recorder.messages;
    if (message?.kind === 'candidate') {
      const { policy } = this.#configuration;
      return explainCandidate(facts, message.candidate, policy, this.#decide(message, facts.time));
    }
    if (message?.kind === 'fwknop-candidate')
      return explainText(facts, message.candidate, this.#decide(message, facts.time), () => this.#grown());
    const { counts } = this.#recorder;
    return counts.length === 0 || counts.includes('other-port') ? undefined : explainDropped(facts, counts);
  }

  #knock(link: LinkType, bytes: Uint8Array, length: number, facts: Facts): Explanation | undefined {
    this.#recorder.clear();
    const loop = this.#knockLoop(facts.time);
    loop.frame(link, bytes, bytes.length, facts.time, length);
    loop.flush();
    const knock = this.#recorder.messages.flatMap((message) => (message.kind === 'knocks' ? message.knocks : []))[0];
    if (knock === undefined) return undefined;
    const doors = this.#keeper.doors;
    const { events } = this.#keeper.take(knock, momentOf(facts.time));
    return explainKnock(facts, doors, events, this.#decide({ kind: 'knock', knock }, facts.time));
  }

  /** Sequences that follow from the minute are looked out for anew each minute. */
  #knockLoop(time: UnixMs): KnockLoop {
    const window = timedWindowOf(time);
    if (this.#knocks !== undefined && window === this.#window) return this.#knocks;
    this.#window = window;
    const watches = watchesOfRules(this.#configuration.policy.doors, time);
    const local = this.#local.map(formatAddress);
    const settings = { capture: 'knock', interface: 'any', user: undefined, watches, local, families: [4, 6] } as const;
    return (this.#knocks = new KnockLoop(settings, this.#recorder));
  }

  /** Grants end and the replay cache forgets as time goes by. */
  #turn(time: UnixMs): void {
    const second = Math.floor(time / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#engine.handle({ kind: 'tick' }, momentOf(time));
  }

  #decide(
    message: Extract<Handoff | Input, { kind: 'candidate' | 'fwknop-candidate' | 'knock' }>,
    time: UnixMs,
  ): readonly Decision[] {
    this.#before = this.#engine.facts().counts;
    return this.#engine.handle(message, momentOf(time));
  }

  /** The counter that the last decision has raised: what is told of a packet that gets no line. */
  #grown(): string | undefined {
    const now = this.#engine.facts().counts;
    return Object.keys(now).find((name) => (now[name] ?? 0) > (this.#before[name] ?? 0));
  }
}

const NO_ENDS = { source: undefined, destination: undefined, protocol: undefined } as const;

const momentOf = (time: UnixMs): Moment => ({ wall: time, steady: steadyMs(time) });

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' };

const endsOf = (view: PacketView): Omit<Facts, 'number' | 'time'> => ({
  source: endText(view.source(), view.sourcePort),
  destination: endText(view.destination(), view.destinationPort),
  protocol: PROTOCOLS[view.protocol],
  bytes: view.payloadEnd - view.payloadStart,
});

const endText = (address: IpAddress, port: Port | number): string => {
  const text = formatAddress(address);
  return address.family === 6 ? `[${text}]:${String(port)}` : `${text}:${String(port)}`;
};
