/** Seals replies and has them sent. Nothing waits for them: a reply that cannot be sent is counted, and told now and then. */
import { randomBytes } from 'node:crypto';
import { NONCE_LENGTH } from '../src/crypto/aead.ts';
import type { ReplyEffect } from '../src/engine/effect.ts';
import { sealReply } from '../src/spa/native/reply.ts';
import { readClock } from './clock.ts';
import type { Logger } from './log/logger.ts';
import { Seldom } from './log/seldom.ts';
import type { ReceiverSource } from './receiver-source.ts';
import { ReplySockets } from './reply-sockets.ts';

export interface RepliesParts {
  readonly logger: Logger;
  /** Nothing is opened, or nobody is there who could be told. */
  readonly isMute: boolean;
  readonly receiver: Pick<ReceiverSource, 'port' | 'reply'>;
  readonly onFailed: () => void;
}

export class Replies {
  readonly #parts: RepliesParts;
  readonly #seldom: Seldom;
  readonly #sockets: ReplySockets;

  constructor(parts: RepliesParts) {
    this.#parts = parts;
    this.#seldom = new Seldom((text) => parts.logger.warn(text));
    this.#sockets = new ReplySockets((error) => this.#fail(error.message));
  }

  /** The clock is read for each, for the client tells by it how far its own is off. */
  send(effects: readonly ReplyEffect[]): void {
    if (this.#parts.isMute) return;
    for (const effect of effects) {
      // One that cannot be written, such as an end beyond all time, must not keep the others from being sent.
      try {
        this.#sendOne(effect);
      } catch (error) {
        this.#fail(error instanceof Error ? error.message : String(error));
      }
    }
  }

  #sendOne({ outcome, to, path, keys, requestMac }: ReplyEffect): void {
    const { receiver } = this.#parts;
    const { sourcePort } = path;
    const reply = { outcome, time: readClock().wall, source: to, sourcePort };
    const datagram = sealReply(reply, keys.reply, requestMac, randomBytes(NONCE_LENGTH), keys);
    const order = { to, port: sourcePort, datagram };
    const isHandedOver = receiver.reply(order);
    if (isHandedOver === undefined) this.#sockets.send(order, path.at, receiver.port);
    else if (!isHandedOver) this.#fail('the receiver does not take it');
  }

  close(): void {
    this.#sockets.close();
  }

  #fail(reason: string): void {
    this.#parts.onFailed();
    this.#seldom.tell(`a client could not be answered, and what it has asked for stands: ${reason}`);
  }
}
