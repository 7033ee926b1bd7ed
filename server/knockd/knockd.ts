/** `spad knockd`: listens for knocks and does what the doors of a knockd.conf say. */
import { type Family, formatAddress, type IpAddress } from '../../src/base/address.ts';
import { type AddressKey, familyOfKey, formatKey } from '../../src/base/address-key.ts';
import type { KnockdConf } from '../../src/config/knockd-conf.ts';
import type { KnockSettings } from '../../src/engine/receiver-settings.ts';
import { Attempts, type KnockEvent } from '../../src/knock/attempts.ts';
import { filterLines, linkLine } from '../../src/knock/debug-text.ts';
import { type Door, formatSteps } from '../../src/knock/door.ts';
import type { Knock } from '../../src/knock/knock.ts';
import {
  doorName,
  exhaustedMessage,
  openMessage,
  packetMessage,
  sequenceTimeoutMessage,
  stageMessage,
} from '../../src/knock/messages.ts';
import { watchesOf } from '../../src/knock/watch.ts';
import type { Logger } from '../log/logger.ts';
import { CommandRunner, timeoutLine } from './commands.ts';
import { type KnockdLog, type Line, wallTime } from './knockd-log.ts';
import { launchChild } from '../receiver-process.ts';
import { KnockSource } from './knock-source.ts';
import { AddressWatch, localAddresses } from './local-addresses.ts';
import { stepsToCome, useUp } from './one-time-file.ts';
import type { StopStore } from './stop-store.ts';
import { systemWords } from './system-words.ts';

/** How long an orderly end waits for commands. */
const PATIENCE_MS = 10_000;
/** A link that is back within this time was not worth a line. */
const SOON_MS = 3000;

export interface KnockdParts {
  readonly conf: KnockdConf;
  /** As the operator names them, and one by one. */
  readonly shownInterface: string;
  readonly interfaces: readonly string[];
  readonly families: readonly Family[];
  /** Whether names of sources are looked up. */
  readonly lookup: boolean;
  /** Whom the receiver becomes. */
  readonly user: KnockSettings['user'];
  readonly log: KnockdLog;
  readonly stops: StopStore;
}

export class Knockd {
  readonly #parts: KnockdParts;
  readonly #commands: CommandRunner;
  readonly #sources: readonly KnockSource[];
  readonly #watch: AddressWatch;
  #attempts: Attempts;
  #local: readonly IpAddress[];
  #settings: string;
  /** Interfaces that neither capture nor have said why not. */
  readonly #silent: Set<string>;
  #captures = false;
  readonly #troubles = new Map<string, NodeJS.Timeout>();
  readonly #told = withResolver();
  readonly #listening = withResolver();

  constructor(parts: KnockdParts) {
    this.#parts = parts;
    const look = localAddresses(parts.interfaces, parts.families);
    this.#local = look();
    this.#attempts = new Attempts(parts.conf.doors, this.#local);
    this.#settings = JSON.stringify(this.#settingsOf(''));
    this.#silent = new Set(parts.interfaces);
    this.#commands = new CommandRunner(parts.log, parts.stops, (source, door) =>
      this.#named(source, (text) => timeoutLine(text, door)),
    );
    this.#sources = parts.interfaces.map((name) => {
      const events = {
        onKnock: (knock: Knock) => this.#take(knock),
        onReady: (link: string) => this.#ready(name, link),
      };
      return new KnockSource(this.#settingsOf(name), launchChild, this.#receiverLogger(name), events);
    });
    this.#watch = new AddressWatch(look, (local) => {
      this.#local = local;
      this.#attempts.setLocal(local);
      this.#refresh();
    });
  }

  /** Settles when each interface captures, or it has been said why it does not. */
  get told(): Promise<void> {
    return this.#told.promise;
  }

  /** Settles when {@link told} has, and one interface at least captures. */
  get listening(): Promise<void> {
    return this.#listening.promise;
  }

  start(): void {
    this.#commands.resume();
    for (const source of this.#sources) source.start();
  }

  /** Other doors from now on. Attempts begin anew; commands and waits go on. */
  replaceDoors(doors: readonly Door[]): void {
    this.#attempts = new Attempts(doors, this.#local);
    this.#tellFilter();
    this.#refresh();
  }

  /** Ends in order: no more packets, and what is open is closed. */
  async stop(): Promise<void> {
    this.#watch.stop();
    for (const timer of this.#troubles.values()) clearTimeout(timer);
    for (const source of this.#sources) source.stop();
    await this.#commands.finish(PATIENCE_MS);
    this.#parts.stops.close();
  }

  #settingsOf(name: string): KnockSettings {
    const { families, user } = this.#parts;
    const toCome = (door: Door): Door['steps'] => (door.oneTimeFile === undefined ? [] : stepsToCome(door.oneTimeFile));
    const watches = watchesOf(this.#attempts.doors, toCome);
    return { capture: 'knock', interface: name, user, watches, local: this.#local.map(formatAddress), families };
  }

  /** Other receivers, but only where they would look for something else. */
  #refresh(): void {
    const settings = JSON.stringify(this.#settingsOf(''));
    if (settings === this.#settings) return;
    this.#settings = settings;
    for (const [index, name] of this.#parts.interfaces.entries()) this.#sources[index]?.replace(this.#settingsOf(name));
  }

  #ready(name: string, link: string): void {
    clearTimeout(this.#troubles.get(name));
    this.#troubles.delete(name);
    if (!this.#captures) {
      this.#parts.log.debug(linkLine(link));
      for (const address of this.#local) this.#parts.log.debug(`local IP: ${formatAddress(address)}`);
      this.#tellFilter();
    }
    this.#heard(name, true);
  }

  #tellFilter(): void {
    for (const line of filterLines(this.#attempts.doors, this.#local)) this.#parts.log.debug(line);
  }

  #heard(name: string, captures: boolean): void {
    this.#silent.delete(name);
    this.#captures ||= captures;
    if (this.#silent.size > 0) return;
    this.#told.resolve();
    if (this.#captures) this.#listening.resolve();
  }

  /** What keeps an interface from being listened to is worth a line everywhere; a link that is back soon is not. */
  #receiverLogger(name: string): Logger {
    const { log } = this.#parts;
    const tell = (text: string): void => log.write({ log: text, stderr: text });
    return {
      info: (text) => (text.endsWith('missing') ? tell(text) : log.debug(text)),
      warn: (text) => {
        const trouble = text.replace(/^cannot capture: interface /, 'could not open ');
        clearTimeout(this.#troubles.get(name));
        if (this.#captures)
          this.#troubles.set(
            name,
            setTimeout(() => tell(trouble), SOON_MS),
          );
        else tell(trouble);
        this.#heard(name, false);
      },
      error: tell,
    };
  }

  #take(knock: Knock): void {
    const { log } = this.#parts;
    if (log.debugs) log.debug(packetMessage(knock, wallTime));
    const opened: Door[] = [];
    for (const event of this.#attempts.step(knock)) {
      this.#tell(event);
      const door = event.kind === 'open' ? this.#attempts.doors[event.door] : undefined;
      if (event.kind !== 'open' || door === undefined) continue;
      opened.push(door);
      if (door.oneTimeFile !== undefined) this.#useUp(event.door, door, door.oneTimeFile);
    }
    for (const door of opened) this.#commands.open(door, formatKey(knock.source), familyOfKey(knock.source));
  }

  #tell(event: KnockEvent): void {
    const { log } = this.#parts;
    switch (event.kind) {
      case 'stage': {
        const { stage } = event;
        this.#tellDoor(event, (source, door) => twice(stageMessage(source, door, stage)));
        return;
      }
      case 'open':
        this.#tellDoor(event, (source, door) => twice(openMessage(source, door)));
        return;
      case 'sequence-timeout': {
        const { stage } = event;
        this.#tellDoor(event, (source, door) => {
          const message = sequenceTimeoutMessage(source, door, stage);
          return { log: `${message}\n`, verbose: message };
        });
        return;
      }
      case 'flags-ignored':
        log.debug('packet is not SYN, ignoring...');
        return;
      case 'removed':
        if (log.debugs)
          log.debug(`removing ${event.opened ? 'successful' : 'failed'} knock attempt (${formatKey(event.source)})`);
        return;
    }
  }

  #tellDoor(
    event: { readonly source: AddressKey; readonly door: number },
    make: (source: string, door: string) => Line,
  ): void {
    const door = doorName(this.#attempts.doors, event.door);
    this.#named(formatKey(event.source), (source) => make(source, door));
  }

  #named(source: string, make: (source: string) => Line): void {
    if (this.#parts.lookup) this.#parts.log.writeNamed(source, make);
    else this.#parts.log.write(make(source));
  }

  /** The sequence that has just opened the door opens nothing any more. */
  #useUp(index: number, door: Door, file: string): void {
    const { log } = this.#parts;
    let steps: Door['steps'] = [];
    try {
      steps = useUp(file, door.steps, door.name, (text) => log.error(text));
      if (steps.length > 0) log.debug(`new sequence for door ${door.name}: ${formatSteps(steps)}`);
    } catch (error) {
      const message = `${file}: ${systemWords(error)}`;
      log.write({ log: message, stderr: message });
    }
    if (steps.length === 0) {
      const message = exhaustedMessage(door.name);
      log.write({ log: `${message}\n`, stderr: message });
    }
    this.#attempts.replaceDoor(index, { ...door, steps });
    const known = new Set(this.#attempts.doors.flatMap((each) => each.steps.map((step) => JSON.stringify(step))));
    if (!this.#covers(known)) this.#refresh();
  }

  /** Whether the receivers already look out for these steps; those of used sequences do no harm. */
  #covers(steps: ReadonlySet<string>): boolean {
    const settings = JSON.parse(this.#settings) as KnockSettings;
    const watched = new Set(
      settings.watches.flatMap(({ protocol, ports }) =>
        (ports ?? []).map((port) => JSON.stringify({ protocol, port })),
      ),
    );
    return [...steps].every((step) => watched.has(step));
  }
}

const twice = (message: string): Line => ({ log: message, verbose: message });

const withResolver = (): { readonly promise: Promise<void>; readonly resolve: () => void } => {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
};
