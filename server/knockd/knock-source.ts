/**
 * Knocks from one interface, without a gap when the settings change or a cable is pulled and put back: another receiver is
 * started beside the present one and takes over once it captures. What both have seen counts once.
 */
import type { KnockSettings } from '../../src/engine/receiver-settings.ts';
import type { Knock } from '../../src/knock/knock.ts';
import { HandOver } from '../hand-over.ts';
import { type InterfaceState, InterfaceWatch } from '../interface-watch.ts';
import type { Logger } from '../log/logger.ts';
import type { ReceiverLauncher } from '../receiver-process.ts';

export interface KnockSourceEvents {
  readonly onKnock: (knock: Knock) => void;
  /** Captures, for the first time or again. */
  readonly onReady: (description: string) => void;
}

export class KnockSource {
  readonly #logger: Logger;
  readonly #receivers: HandOver<KnockSettings, Knock>;
  #settings: KnockSettings;
  #watch: InterfaceWatch | undefined;
  #state: InterfaceState = 'up';

  constructor(settings: KnockSettings, launch: ReceiverLauncher, logger: Logger, events: KnockSourceEvents) {
    this.#logger = logger;
    this.#settings = settings;
    this.#receivers = new HandOver(settings, {
      ...{ launch, logger },
      itemsOf: (message) => (message.kind === 'knocks' ? message.knocks : []),
      keyOf,
      isBefore: (knock, other) => knock.time < other.time,
      onItem: (knock) => events.onKnock(knock),
      onReady: (description) => events.onReady(description),
    });
  }

  start(): void {
    const { interface: name } = this.#settings;
    // `eth0:1` is an address label; what goes up and down is eth0.
    if (name !== 'any') this.#watch = new InterfaceWatch(name.replace(/:.*$/, ''), (state) => this.#changed(state));
    this.#receivers.start();
  }

  stop(): void {
    this.#watch?.stop();
    this.#receivers.stop();
  }

  replace(settings: KnockSettings): void {
    this.#settings = settings;
    this.#receivers.replace(settings);
  }

  /** A carrier that only flickered may have left the present receiver deaf, or not. */
  #changed(state: InterfaceState): void {
    const flickered = state === 'up' && this.#state === 'up' && this.#receivers.isReady;
    this.#state = state;
    if (!flickered) {
      this.#logger.info(`interface ${this.#settings.interface} is now ${state}`);
      this.#receivers.distrust();
    }
    this.replace(this.#settings);
  }
}

/** Both taps of a packet have the kernel's one time of it. */
const keyOf = ({ time, source, destination, protocol, sourcePort, port, tcpFlags }: Knock): string =>
  JSON.stringify([time, source, destination, protocol, sourcePort, port, tcpFlags]);
