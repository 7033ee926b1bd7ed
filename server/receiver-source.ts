/** Candidates from the network, without a gap when the configuration is read again. */
import { formatAddress } from '../src/base/address.ts';
import type { Port } from '../src/base/units.ts';
import type { ReceiverSettings, ReceiverWish } from '../src/engine/receiver-settings.ts';
import { encodeReplyOrder, type ReplyOrder } from '../src/engine/reply-order.ts';
import { type CandidateMessage, translatorBetween } from '../src/engine/receiver-places.ts';
import { HandOver } from './hand-over.ts';
import type { Logger } from './log/logger.ts';
import type { ReceiverEvents } from './receiver-host.ts';
import type { ReceiverLauncher } from './receiver-process.ts';
import type { SieveLanes } from './sieve/lanes.ts';

export interface ReceiverSourceParts extends ReceiverEvents {
  readonly logger: Logger;
  readonly launch: ReceiverLauncher;
  readonly lanes: SieveLanes;
}

export class ReceiverSource {
  readonly #parts: ReceiverSourceParts;
  #receivers: HandOver<ReceiverSettings, CandidateMessage> | undefined;
  #wish: ReceiverWish;
  /** What the latest receiver was started with. */
  #settings: ReceiverSettings | undefined;
  /** Of the settings that the receiver still has that is heard. */
  #translator: { readonly from: ReceiverSettings; readonly take: ReturnType<typeof translatorBetween> } | undefined;
  /** The last of the changes, which are made one after another. */
  #last: Promise<void>;
  #stopped = false;

  constructor(wish: ReceiverWish, parts: ReceiverSourceParts) {
    this.#parts = parts;
    this.#wish = wish;
    this.#last = Promise.resolve();
  }

  /** The process id of the receiver that is heard, while there is one. */
  get pid(): number | undefined {
    return this.#receivers?.pid;
  }

  start(): void {
    this.#inTurn(async () => {
      await this.#parts.lanes.clear();
      await this.#begin();
    });
  }

  /** The SPA port of the latest settings. */
  get port(): Port {
    return this.#wish.port;
  }

  /** Has the receiver send a reply; undefined where it has no socket to send it from. */
  reply(order: ReplyOrder): boolean | undefined {
    if (this.#settings?.capture !== 'udp') return undefined;
    return this.#receivers?.write(encodeReplyOrder(order)) ?? false;
  }

  /** Settles when nothing is left in the kernel that hands packets over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#receivers?.stop();
    await this.#last;
    await this.#parts.lanes.close();
  }

  /**
   * Other settings from now on. Where a port is listened on, which two cannot at once, the old receiver goes first: what
   * comes meanwhile is lost, as on a bad network.
   */
  replace(wish: ReceiverWish): void {
    // At once, for what the present receiver names by its own numbers is judged by the new ones from now on.
    this.#wish = wish;
    this.#translator = undefined;
    this.#inTurn(() => this.#begin());
  }

  async #begin(): Promise<void> {
    const settings = await this.#parts.lanes.lay(this.#wish);
    if (this.#stopped) return;
    const before = this.#settings;
    this.#settings = settings;
    if (this.#receivers === undefined) {
      this.#receivers = this.#newReceivers(settings);
      this.#receivers.start();
      return;
    }
    if (before === undefined || !canShare(before) || !canShare(settings)) this.#receivers.distrust();
    this.#receivers.replace(settings);
  }

  #newReceivers(settings: ReceiverSettings): HandOver<ReceiverSettings, CandidateMessage> {
    const { logger, launch, lanes, onMessage, onReady } = this.#parts;
    const onTaken = (description: string, taken: ReceiverSettings): void => {
      this.#inTurn(() => lanes.taken(taken));
      onReady(description);
    };
    return new HandOver(settings, {
      ...{ logger, launch, keyOf, onOther: onMessage, onReady: onTaken, onHandOver: onTaken },
      itemsOf: (message) => (message.kind === 'candidate' || message.kind === 'fwknop-candidate' ? [message] : []),
      onItem: (message, from) => this.#take(message, from),
    });
  }

  #inTurn(work: () => Promise<void>): void {
    this.#last = this.#last.then(() => (this.#stopped ? undefined : work()));
  }

  #take(message: CandidateMessage, from: ReceiverSettings): void {
    const { onMessage } = this.#parts;
    if (from.clients === this.#wish.clients && from.fwknop === this.#wish.fwknop) {
      onMessage(message);
      return;
    }
    if (this.#translator?.from !== from) this.#translator = { from, take: translatorBetween(from, this.#wish) };
    const translated = this.#translator.take(message);
    if (translated !== undefined) onMessage(translated);
  }
}

const canShare = ({ capture, fwknop }: ReceiverSettings): boolean =>
  (capture === 'pcap' || capture === 'nflog') && fwknop?.transports.tcpServer === undefined;

/** One packet is the same whoever has seen it; a second copy of it is told as often as it came. */
const keyOf = (message: CandidateMessage): string =>
  message.kind === 'candidate'
    ? `${formatAddress(message.candidate.source)} ${latin1(message.candidate.datagram)}`
    : `${formatAddress(message.candidate.source)} ${message.candidate.transport} ${latin1(message.candidate.text)}`;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
