/**
 * Knocks from one interface, without a gap when the settings change or a cable is pulled and put back: another receiver is
 * started beside the present one and takes over once it captures. What both have seen counts once.
 */
import type { KnockSettings } from '../../src/engine/receiver-settings.ts';
import type { Knock } from '../../src/knock/knock.ts';
import { type InterfaceState, InterfaceWatch } from '../interface-watch.ts';
import type { Logger } from '../log/logger.ts';
import { ReceiverHost } from '../receiver-host.ts';

/** How long both run on, so that what the present one has in its ring or on its way still comes from it. */
const OVERLAP_MS = 50;
const MAX_TOLD = 256;

export interface KnockSourceEvents {
  readonly onKnock: (knock: Knock) => void;
  /** Captures, for the first time or again. */
  readonly onReady: (description: string) => void;
}

interface Successor {
  readonly host: ReceiverHost;
  /** What it has seen before its time. */
  readonly seen: Knock[];
  /** The last knocks of the present one since this one was started, for telling what has been seen by both. */
  told: Knock[];
  timer: NodeJS.Timeout | undefined;
}

export class KnockSource {
  readonly #logger: Logger;
  readonly #events: KnockSourceEvents;
  #settings: KnockSettings;
  #present: ReceiverHost;
  #watch: InterfaceWatch | undefined;
  #state: InterfaceState = 'up';
  #isReady = false;
  #successor: Successor | undefined;

  constructor(settings: KnockSettings, logger: Logger, events: KnockSourceEvents) {
    this.#logger = logger;
    this.#events = events;
    this.#settings = settings;
    this.#present = this.#host(settings);
  }

  start(): void {
    const { interface: name } = this.#settings;
    // `eth0:1` is an address label; what goes up and down is eth0.
    if (name !== 'any') this.#watch = new InterfaceWatch(name.replace(/:.*$/, ''), (state) => this.#changed(state));
    this.#present.start();
  }

  stop(): void {
    this.#watch?.stop();
    this.#abandonSuccessor();
    this.#present.stop();
  }

  replace(settings: KnockSettings): void {
    this.#settings = settings;
    this.#abandonSuccessor();
    if (!this.#isReady) {
      this.#present.replace(settings);
      return;
    }
    const successor: Successor = { host: this.#host(settings), seen: [], told: [], timer: undefined };
    this.#successor = successor;
    successor.host.start();
  }

  /** A carrier that only flickered may have left the present receiver deaf, or not. */
  #changed(state: InterfaceState): void {
    const flickered = state === 'up' && this.#state === 'up' && this.#isReady;
    this.#state = state;
    if (!flickered) {
      this.#logger.info(`interface ${this.#settings.interface} is now ${state}`);
      this.#isReady = false;
    }
    this.replace(this.#settings);
  }

  #host(settings: KnockSettings): ReceiverHost {
    const host: ReceiverHost = new ReceiverHost(settings, this.#logger, {
      onMessage: (message) => {
        if (message.kind === 'knocks') for (const knock of message.knocks) this.#take(host, knock);
      },
      onReady: (description) => this.#ready(host, description),
    });
    return host;
  }

  #take(host: ReceiverHost, knock: Knock): void {
    if (host === this.#successor?.host) this.#successor.seen.push(knock);
    if (host !== this.#present) return;
    if (this.#successor !== undefined) remember(this.#successor, knock);
    this.#events.onKnock(knock);
  }

  #ready(host: ReceiverHost, description: string): void {
    if (host === this.#present) {
      this.#isReady = true;
      this.#events.onReady(description);
    } else if (host === this.#successor?.host) {
      const successor = this.#successor;
      successor.timer ??= setTimeout(() => this.#handOver(successor), OVERLAP_MS);
    }
  }

  #handOver({ host, seen, told }: Successor): void {
    this.#present.stop();
    this.#present = host;
    this.#successor = undefined;
    const last = told.at(-1)?.time ?? 0;
    const known = new Set(told.map(keyOf));
    for (const knock of seen) if (knock.time >= last && !known.has(keyOf(knock))) this.#take(host, knock);
  }

  #abandonSuccessor(): void {
    clearTimeout(this.#successor?.timer);
    this.#successor?.host.stop();
    this.#successor = undefined;
  }
}

const remember = (successor: Successor, knock: Knock): void => {
  successor.told.push(knock);
  if (successor.told.length > 2 * MAX_TOLD) successor.told = successor.told.slice(-MAX_TOLD);
};

/** Both taps of a packet have the kernel's one time of it. */
const keyOf = ({ time, source, destination, protocol, sourcePort, port, tcpFlags }: Knock): string =>
  JSON.stringify([time, source, destination, protocol, sourcePort, port, tcpFlags]);
