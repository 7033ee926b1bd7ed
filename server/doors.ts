/**
 * The doors' part of the daemon's edges: the receivers that look out for knocks, the host's own addresses, the commands
 * with their waits, and the files of one-time sequences. What a knock comes to is the engine's to say.
 */
import { countOf } from '../src/base/printable.ts';
import { formatAddress, type IpAddress } from '../src/base/address.ts';
import { unixMs } from '../src/base/units.ts';
import { watchesOfRules } from '../src/engine/doorkeeper.ts';
import type { RunCommandEffect, UseSequenceEffect } from '../src/engine/effect.ts';
import type { Input } from '../src/engine/input.ts';
import type { KnockSettings } from '../src/engine/receiver-settings.ts';
import type { DoorRule } from '../src/knock/door-rule.ts';
import { CommandRunner, timeoutLine } from './knockd/commands.ts';
import { KnockSource } from './knockd/knock-source.ts';
import type { Line } from './knockd/knockd-log.ts';
import { AddressWatch, localAddresses } from './knockd/local-addresses.ts';
import { useUp } from './knockd/one-time-file.ts';
import { StopStore } from './knockd/stop-store.ts';
import type { Logger } from './log/logger.ts';
import type { ReceiverLauncher } from './receiver-process.ts';

const FAMILIES = [4, 6] as const;
/** How often it is looked whether receivers must be told of other sequences. */
const REFRESH_MS = 5000;
/** How long an orderly end waits for commands. */
const PATIENCE_MS = 10_000;

export interface DoorsParts {
  /** Where pending stop commands are remembered. */
  readonly stopLog: string;
  readonly logger: Logger;
  readonly launch: ReceiverLauncher;
  readonly onInput: (input: Input) => void;
}

/** Where and as whom to listen. */
export type DoorsPlace = Pick<KnockSettings, 'interface' | 'user'>;

/** While there is a door. */
interface Listening {
  readonly source: KnockSource;
  readonly watch: AddressWatch;
  readonly timer: NodeJS.Timeout;
}

export class Doors {
  readonly #parts: DoorsParts;
  readonly #stops: StopStore;
  readonly #commands: CommandRunner;
  #rules: readonly DoorRule[] = [];
  #place: DoorsPlace;
  #local: readonly IpAddress[] = [];
  #listening: Listening | undefined;
  /** What the receiver has been told, to tell it anew only when that changes. */
  #told = '';

  constructor(parts: DoorsParts, place: DoorsPlace) {
    this.#parts = parts;
    this.#place = place;
    this.#stops = new StopStore(parts.stopLog, (text) => parts.logger.warn(text));
    const write = (line: Line): void => this.#write(line);
    this.#commands = new CommandRunner({ write }, this.#stops, (source, door) => write(timeoutLine(source, door)));
  }

  /** Runs the stop commands that an earlier run has left, and listens if there is a door. */
  start(rules: readonly DoorRule[]): void {
    this.#commands.resume();
    this.replace(rules, this.#place);
  }

  /** Other doors from now on; commands and waits go on. */
  replace(rules: readonly DoorRule[], place: DoorsPlace): void {
    const moved = place.interface !== this.#place.interface;
    this.#rules = rules;
    this.#place = place;
    if (rules.length === 0 || moved) this.#deafen();
    if (rules.length === 0) return;
    if (this.#listening === undefined) this.#listen();
    else this.#refresh();
  }

  /** Ends in order: no more knocks. */
  stop(): void {
    this.#deafen();
  }

  /** What is open by a command is closed now; settles then. */
  async finish(): Promise<void> {
    await this.#commands.finish(PATIENCE_MS);
    this.#stops.close();
  }

  run({ door, source, family }: RunCommandEffect): void {
    this.#commands.open(door, source, family);
  }

  /** Throws the system's error where a sequence could not be marked. */
  useUp({ file, steps, door }: UseSequenceEffect): void {
    const left = useUp(Buffer.from(file, 'latin1').toString('utf8'), steps, door, (text) =>
      this.#parts.logger.warn(text),
    );
    if (left.length === 0) this.#parts.logger.warn(`[door ${door}] has no sequences left and is shut`);
  }

  #listen(): void {
    const { logger, launch, onInput } = this.#parts;
    const look = localAddresses([this.#place.interface], FAMILIES);
    this.#hearOf(look());
    const settings = this.#settings();
    this.#told = JSON.stringify(settings);
    const source = new KnockSource(settings, launch, prefixed(logger), {
      onKnock: (knock) => onInput({ kind: 'knock', knock }),
      onReady: () => logger.info(`doors: ${countOf(this.#rules.length, 'door')} on ${this.#place.interface}`),
    });
    const watch = new AddressWatch(look, (local) => {
      this.#hearOf(local);
      this.#refresh();
    });
    this.#listening = { source, watch, timer: setInterval(() => this.#refresh(), REFRESH_MS) };
    source.start();
  }

  #deafen(): void {
    this.#listening?.source.stop();
    this.#listening?.watch.stop();
    clearInterval(this.#listening?.timer);
    this.#listening = undefined;
  }

  #hearOf(local: readonly IpAddress[]): void {
    this.#local = local;
    this.#parts.onInput({ kind: 'local-addresses', addresses: local });
  }

  /** Another receiver, but only where it would look for something else. */
  #refresh(): void {
    const settings = this.#settings();
    const text = JSON.stringify(settings);
    if (text === this.#told) return;
    this.#told = text;
    this.#listening?.source.replace(settings);
  }

  #settings(): KnockSettings {
    const { interface: name, user } = this.#place;
    const watches = watchesOfRules(this.#rules, unixMs(Date.now()));
    return {
      capture: 'knock',
      interface: name,
      user,
      watches,
      local: this.#local.map(formatAddress),
      families: FAMILIES,
    };
  }

  #write({ log, stderr }: Line): void {
    const text = Buffer.from((stderr ?? log ?? '').trim(), 'latin1').toString('utf8');
    if (stderr === undefined) this.#parts.logger.info(text);
    else this.#parts.logger.warn(text);
  }
}

const prefixed = (logger: Logger): Logger => ({
  info: (text) => logger.info(`doors: ${text}`),
  warn: (text) => logger.warn(`doors: ${text}`),
  error: (text) => logger.error(`doors: ${text}`),
});
