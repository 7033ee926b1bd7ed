/**
 * Keeps a receiver running: starts it, listens to it, and replaces it when it ends, when its interface changes or when its
 * settings do. Opening fails while an interface is missing or down; that is told once, and tried again with back-off.
 */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Handoff, HandoffReader } from '../src/engine/handoff.ts';
import { encodeSettings, type KnockSettings, type ReceiverSettings } from '../src/engine/receiver-settings.ts';
import { InterfaceWatch } from './interface-watch.ts';
import type { Logger } from './log/logger.ts';
import { startNode } from './process/run.ts';

const SCRIPT = fileURLToPath(
  new URL(`receiver/main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;
/** A receiver that has lived this long was all right; the next delay is the first again. */
const STABLE_MS = 10_000;
/** Bytes that a receiver may leave unread on its standard input. */
const MAX_UNREAD = 256 * 1024;

export interface ReceiverEvents {
  /** A message of the receiver, `ready` and `trouble` excepted, which are told to the operator here. */
  readonly onMessage: (message: Handoff) => void;
  /** Packets are being captured, for the first time or again. */
  readonly onReady: (description: string) => void;
}

export class ReceiverHost {
  readonly #logger: Logger;
  readonly #events: ReceiverEvents;
  #settings: ReceiverSettings | KnockSettings;
  #child: ChildProcess | undefined;
  #watch: InterfaceWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delay = FIRST_DELAY_MS;
  #lastTrouble = '';
  #stopped = false;

  constructor(settings: ReceiverSettings | KnockSettings, logger: Logger, events: ReceiverEvents) {
    this.#settings = settings;
    this.#logger = logger;
    this.#events = events;
  }

  /** The process id of the present receiver. */
  get pid(): number | undefined {
    return this.#child?.pid;
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

  /** Writes to the receiver's standard input, behind its settings; false where it has none, or does not read it. */
  write(bytes: Uint8Array): boolean {
    const input = this.#child?.stdin;
    if (input?.writable !== true || input.writableLength > MAX_UNREAD) return false;
    input.write(bytes);
    return true;
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

  /** The addon's `close` does not end a capture; the end of the process does. */
  #end(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }

  #spawn(): void {
    const child = startNode(SCRIPT);
    const started = performance.now();
    const reader = new HandoffReader();
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(encodeSettings(this.#settings));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#logger.error(`receiver: ${text.trim()}`));
    child.stdio[3]?.on('error', () => undefined);
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      if (this.#child === child) this.#hear(child, reader, chunk);
    });
    child.on('error', (error) => this.#logger.error(`the receiver cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (performance.now() - started > STABLE_MS) this.#delay = FIRST_DELAY_MS;
      if (this.#lastTrouble === '')
        this.#logger.warn(`the receiver ended (${signal ?? `status ${String(code)}`}); starting another`);
      this.#spawnLater();
    });
  }

  #spawnLater(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#spawn(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, MAX_DELAY_MS);
  }

  #hear(child: ChildProcess, reader: HandoffReader, chunk: Buffer): void {
    for (const message of reader.push(chunk)) this.#take(message);
    if (!reader.breached) return;
    this.#logger.error('the receiver sent what is no message of it; it is replaced');
    child.kill('SIGKILL');
  }

  #take(message: Handoff): void {
    switch (message.kind) {
      case 'ready':
        this.#lastTrouble = '';
        this.#events.onReady(message.text);
        return;
      case 'trouble':
        // Each try fails alike; once is enough.
        if (message.text !== this.#lastTrouble)
          this.#logger.warn(`cannot capture: ${message.text}; trying again until it works`);
        this.#lastTrouble = message.text;
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
