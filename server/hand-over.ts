/**
 * Receivers that follow one another without a gap: another one is started beside the present one and takes over once it
 * captures. What both have seen counts once.
 */
import type { Handoff } from '../src/engine/handoff.ts';
import type { KnockSettings, ReceiverSettings } from '../src/engine/receiver-settings.ts';
import type { Logger } from './log/logger.ts';
import { ReceiverHost } from './receiver-host.ts';
import type { ReceiverLauncher } from './receiver-process.ts';

/** How long both run on, so that what the present one has in its ring or on its way still comes from it. */
const OVERLAP_MS = 50;
/**
 * How long after it has taken over a receiver may still bring what the one before has told: it may be the slower of the two.
 * A copy of such a packet that somebody sends within this time is taken for it, once.
 */
const ECHO_MS = 1000;
/** Of what the present one has told while another was being started at least so much is known, for telling what both have seen. */
const MAX_TOLD = 4096;

export interface HandOverParts<S, T> {
  readonly launch: ReceiverLauncher;
  readonly logger: Logger;
  /** What of a message is told once; nothing: it is no matter of packets, and comes from the present one alone. */
  readonly itemsOf: (message: Handoff) => readonly T[];
  /** Equal for what two receivers make of one packet. */
  readonly keyOf: (item: T) => string;
  /** Whether the packet of an item came before that of another; undefined: it cannot be told. */
  readonly isBefore?: (item: T, other: T) => boolean;
  /** `settings` are those of the receiver that has seen it. */
  readonly onItem: (item: T, settings: S) => void;
  readonly onOther?: (message: Handoff) => void;
  /** Captures, for the first time or again. */
  readonly onReady: (description: string, settings: S) => void;
  /** Another one has taken over. */
  readonly onHandOver?: (description: string, settings: S) => void;
}

interface Running<S> {
  readonly host: ReceiverHost;
  settings: S;
}

interface Successor<S, T> extends Running<S> {
  /** What it has seen before its time; what is too old to be kept was told by the present one. */
  seen: T[];
  /** What the present one has told since this one was started. */
  told: T[];
  timer: NodeJS.Timeout | undefined;
}

export class HandOver<S extends ReceiverSettings | KnockSettings, T> {
  readonly #parts: HandOverParts<S, T>;
  #present: Running<S>;
  #successor: Successor<S, T> | undefined;
  #isReady = false;
  /** What the one before has told and the present one has not brought yet, by key. */
  #echoes = new Map<string, number>();
  #echoTimer: NodeJS.Timeout | undefined;

  constructor(settings: S, parts: HandOverParts<S, T>) {
    this.#parts = parts;
    this.#present = this.#running(settings);
  }

  /** Whether the present one captures, as far as is known. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The process id of the present one, while there is one. */
  get pid(): number | undefined {
    return this.#present.host.pid;
  }

  start(): void {
    this.#present.host.start();
  }

  stop(): void {
    this.#abandonSuccessor();
    clearTimeout(this.#echoTimer);
    this.#present.host.stop();
  }

  /** As {@link ReceiverHost.write}, to the present one. */
  write(bytes: Uint8Array): boolean {
    return this.#present.host.write(bytes);
  }

  /** What the present one tells is not to be relied on: the next one replaces it at once. */
  distrust(): void {
    this.#isReady = false;
  }

  /** Other settings from now on, as soon as they are captured with. */
  replace(settings: S): void {
    this.#abandonSuccessor();
    if (!this.#isReady) {
      this.#present.settings = settings;
      this.#present.host.replace(settings);
      return;
    }
    const successor = { ...this.#running(settings), seen: [], told: [], timer: undefined };
    this.#successor = successor;
    successor.host.start();
  }

  #running(settings: S): Running<S> {
    const host: ReceiverHost = new ReceiverHost(settings, this.#parts.launch, this.#parts.logger, {
      onMessage: (message) => this.#hear(host, message),
      onReady: (description) => this.#ready(host, description),
    });
    return { host, settings };
  }

  #hear(host: ReceiverHost, message: Handoff): void {
    const items = this.#parts.itemsOf(message);
    if (host === this.#present.host) {
      if (items.length === 0) this.#parts.onOther?.(message);
      for (const item of items) if (!this.#isEcho(item)) this.#tell(item);
    } else if (host === this.#successor?.host) {
      this.#successor.seen.push(...items);
      this.#successor.seen = newest(this.#successor.seen);
    }
  }

  #tell(item: T): void {
    const successor = this.#successor;
    if (successor !== undefined) {
      successor.told.push(item);
      successor.told = newest(successor.told);
    }
    this.#parts.onItem(item, this.#present.settings);
  }

  #ready(host: ReceiverHost, description: string): void {
    if (host === this.#present.host) {
      this.#isReady = true;
      this.#parts.onReady(description, this.#present.settings);
    } else if (host === this.#successor?.host) {
      const successor = this.#successor;
      successor.timer ??= setTimeout(() => this.#handOver(successor, description), OVERLAP_MS);
    }
  }

  #handOver({ host, settings, seen, told }: Successor<S, T>, description: string): void {
    this.#present.host.stop();
    this.#present = { host, settings };
    this.#successor = undefined;
    this.#parts.onHandOver?.(description, settings);
    this.#listenForEchoes(told);
    const last = told.at(-1);
    const isOld = (item: T): boolean => last !== undefined && this.#parts.isBefore?.(item, last) === true;
    for (const item of seen) if (!this.#isEcho(item) && !isOld(item)) this.#tell(item);
  }

  #listenForEchoes(told: readonly T[]): void {
    const { keyOf } = this.#parts;
    this.#echoes = new Map();
    for (const item of told) this.#echoes.set(keyOf(item), (this.#echoes.get(keyOf(item)) ?? 0) + 1);
    clearTimeout(this.#echoTimer);
    this.#echoTimer = setTimeout(() => this.#echoes.clear(), ECHO_MS).unref();
  }

  /** Whether the one before has told this; each telling stands for one sight of the packet. */
  #isEcho(item: T): boolean {
    if (this.#echoes.size === 0) return false;
    const key = this.#parts.keyOf(item);
    const left = this.#echoes.get(key) ?? 0;
    if (left > 0) this.#echoes.set(key, left - 1);
    return left > 0;
  }

  #abandonSuccessor(): void {
    clearTimeout(this.#successor?.timer);
    this.#successor?.host.stop();
    this.#successor = undefined;
  }
}

/** All, or the last {@link MAX_TOLD} of them. */
const newest = <T>(items: T[]): T[] => (items.length > 2 * MAX_TOLD ? items.slice(-MAX_TOLD) : items);
