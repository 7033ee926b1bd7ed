/**
 * Keeps a receiver running: starts it, listens to it, and replaces it when it ends, when its interface changes or when its
 * settings do. Opening fails while an interface is missing or down; that is told once, and tried again with back-off.
 */
import { type Handoff, HandoffReader } from '../src/engine/handoff.ts';
import { encodeSettings, type KnockSettings, type ReceiverSettings } from '../src/engine/receiver-settings.ts';
import { InterfaceWatch } from './interface-watch.ts';
import type { Logger } from './log/logger.ts';
import type { ReceiverLauncher, ReceiverProcess } from './receiver-process.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;
/** A receiver that has lived this long was all right; the next delay is the first again. */
const STABLE_MS = 10_000;

export interface ReceiverEvents {
  /** A message of the receiver, `ready` and `trouble` excepted, which are told to the operator here. */
  readonly onMessage: (message: Handoff) => void;
  /** Packets are being captured, for the first time or again. */
  readonly onReady: (description: string) => void;
}

export class ReceiverHost {
  readonly #logger: Logger;
  readonly #launch: ReceiverLauncher;
  readonly #events: ReceiverEvents;
  #settings: ReceiverSettings | KnockSettings;
  #process: ReceiverProcess | undefined;
  #watch: InterfaceWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delay = FIRST_DELAY_MS;
  #lastTrouble = '';
  #stopped = false;

  constructor(
    settings: ReceiverSettings | KnockSettings,
    launch: ReceiverLauncher,
    logger: Logger,
    events: ReceiverEvents,
  ) {
    this.#settings = settings;
    this.#launch = launch;
    this.#logger = logger;
    this.#events = events;
  }

  /** The process id of the present receiver, where we have started it. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    this.#stopped = false;
    this.#watchInterface();
    this.#spawn();
  }

  /** Replaces the receiver by one with other settings. What the old one had not handed over is lost, as on a bad network. */
  replace(settings: ReceiverSettings | KnockSettings): void {
    this.#settings = settings;
    this.#watchInterface();
    this.#respawnNow();
  }

  /** Writes to the receiver, behind its settings; false where there is none, or it does not read. */
  write(bytes: Uint8Array): boolean {
    return this.#process?.write(bytes) ?? false;
  }

  stop(): void {
    this.#stopped = true;
    this.#watch?.stop();
    clearTimeout(this.#timer);
    this.#end();
  }

  #watchInterface(): void {
    this.#watch?.stop();
    this.#watch = undefined;
    const { capture, interface: name } = this.#settings;
    if (capture === 'udp' || capture === 'file' || name === 'any') return;
    this.#watch = new InterfaceWatch(name, (state) => {
      this.#logger.info(`interface ${name} is now ${state}`);
      this.#respawnNow();
    });
  }

  #respawnNow(): void {
    this.#delay = FIRST_DELAY_MS;
    clearTimeout(this.#timer);
    this.#end();
    this.#spawn();
  }

  #end(): void {
    const receiver = this.#process;
    this.#process = undefined;
    receiver?.end();
  }

  #spawn(): void {
    const started = performance.now();
    const reader = new HandoffReader();
    this.#process = this.#launch(encodeSettings(this.#settings), {
      onData: (chunk) => this.#hear(reader, chunk),
      onComplaint: (text) => this.#logger.error(`receiver: ${text.trim()}`),
      onTrouble: (text) => this.#tellTrouble(text),
      onEnd: (how) => {
        this.#process = undefined;
        if (performance.now() - started > STABLE_MS) this.#delay = FIRST_DELAY_MS;
        if (this.#lastTrouble === '') this.#logger.warn(`the receiver ended (${how}); starting another`);
        this.#spawnLater();
      },
    });
  }

  #spawnLater(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#spawn(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, MAX_DELAY_MS);
  }

  #hear(reader: HandoffReader, chunk: Buffer): void {
    for (const message of reader.push(chunk)) this.#take(message);
    if (!reader.breached) return;
    this.#logger.error('the receiver sent what is no message of it; it is replaced');
    this.#end();
    this.#spawnLater();
  }

  /** Each try fails alike; once is enough. */
  #tellTrouble(text: string): void {
    if (text !== this.#lastTrouble) this.#logger.warn(`${text}; trying again until it works`);
    this.#lastTrouble = text;
  }

  #take(message: Handoff): void {
    switch (message.kind) {
      case 'ready':
        this.#lastTrouble = '';
        this.#events.onReady(message.text);
        return;
      case 'trouble':
        this.#tellTrouble(`cannot capture: ${message.text}`);
        return;
      case 'candidate':
      case 'fwknop-candidate':
      case 'knocks':
      case 'counts':
      case 'done':
        this.#events.onMessage(message);
        return;
    }
  }
}
