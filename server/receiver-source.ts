/** Candidates from the network, without a gap when the configuration is read again. */
import { formatAddress } from '../src/base/address.ts';
import type { ReceiverSettings } from '../src/engine/receiver-settings.ts';
import { type CandidateMessage, translatorBetween } from '../src/engine/receiver-places.ts';
import { HandOver } from './hand-over.ts';
import type { Logger } from './log/logger.ts';
import type { ReceiverEvents } from './receiver-host.ts';

export class ReceiverSource {
  readonly #events: ReceiverEvents;
  readonly #receivers: HandOver<ReceiverSettings, CandidateMessage>;
  #settings: ReceiverSettings;
  /** Of the settings that the receiver still has that is heard. */
  #translator: { readonly from: ReceiverSettings; readonly take: ReturnType<typeof translatorBetween> } | undefined;

  constructor(settings: ReceiverSettings, logger: Logger, events: ReceiverEvents) {
    this.#events = events;
    this.#settings = settings;
    this.#receivers = new HandOver(settings, {
      logger,
      itemsOf: (message) => (message.kind === 'candidate' || message.kind === 'fwknop-candidate' ? [message] : []),
      keyOf,
      onItem: (message, from) => this.#take(message, from),
      onOther: events.onMessage,
      onReady: events.onReady,
      onHandOver: events.onReady,
    });
  }

  start(): void {
    this.#receivers.start();
  }

  stop(): void {
    this.#receivers.stop();
  }

  /**
   * Other settings from now on. Where a port is listened on, which two cannot at once, the old receiver goes first: what
   * comes meanwhile is lost, as on a bad network.
   */
  replace(settings: ReceiverSettings): void {
    if (!canShare(this.#settings) || !canShare(settings)) this.#receivers.distrust();
    this.#settings = settings;
    this.#translator = undefined;
    this.#receivers.replace(settings);
  }

  #take(message: CandidateMessage, from: ReceiverSettings): void {
    if (from === this.#settings) {
      this.#events.onMessage(message);
      return;
    }
    if (this.#translator?.from !== from) this.#translator = { from, take: translatorBetween(from, this.#settings) };
    const translated = this.#translator.take(message);
    if (translated !== undefined) this.#events.onMessage(translated);
  }
}

const canShare = ({ capture, fwknop }: ReceiverSettings): boolean =>
  capture === 'pcap' && fwknop?.transports.tcpServer === undefined;

/** One packet is the same whoever has seen it; a second copy of it is told as often as it came. */
const keyOf = (message: CandidateMessage): string =>
  message.kind === 'candidate'
    ? `${formatAddress(message.candidate.source)} ${latin1(message.candidate.datagram)}`
    : `${formatAddress(message.candidate.source)} ${message.candidate.transport} ${latin1(message.candidate.text)}`;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
