/**
 * The operator's own commands. Nobody but spad ends what they open, so each opening is in a journal before its command
 * runs, with all that closing it takes: whoever starts next can, whatever the configuration says by then.
 *
 * A close is owed: it cannot be refused, and where its command fails it is tried again.
 */
import { type Moment, type SteadyMs, steadyMs, unixMs } from '../../src/base/units.ts';
import { addressOfId, commandId, type OpenedCommand } from '../../src/firewall/command-journal.ts';
import * as template from '../../src/firewall/command-template.ts';
import type { Wanted } from '../../src/firewall/desired.ts';
import type { Opening } from '../../src/firewall/opening.ts';
import { identityOf } from '../process/accounts.ts';
import { type CommandEnd, runCommand } from '../process/command.ts';
import type { PendingStore } from '../store/pending-store.ts';
import { FirewallError, refuseForwarding } from './backend.ts';
import { Lanes } from './lanes.ts';
import type { FirewallProgram, ProgramChange } from './program.ts';

export interface CommandOptions {
  /** Undefined: what is open can be closed, and nothing opened. */
  readonly commands: template.CommandPair | undefined;
  /** As whom; undefined: as we do. */
  readonly user: string | undefined;
  /** Milliseconds that a command may take. */
  readonly timeout: number;
  readonly journal: PendingStore<OpenedCommand>;
  /** Tells this start of the machine from others. */
  readonly boot: string;
  readonly now: () => Moment;
  /** Is told what nobody waits for. */
  readonly onTrouble: (message: string) => void;
}

/** Commands at once, for other addresses each. What closes has places of its own, so that no slow open delays it. */
const AT_ONCE = { open: 8, close: 8 } as const;
/** So long a command that has failed is not run again for the same opening: whoever asks gets the same answer. */
const REFUSED_MS = 5000;
/** Ends are looked for at least so often: timers stand still while the machine sleeps. */
const LOOK_MS = 1000;
/** How long a close that has failed waits for the next try; after so many tries, half an hour, it is given up. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const MAX_TRIES = 35;

export class CommandProgram implements FirewallProgram {
  readonly description: string;
  readonly #options: CommandOptions;
  readonly #lanes = new Lanes(AT_ONCE);
  /** When what is open ends. */
  readonly #ends = new Map<string, SteadyMs>();
  /** Closes that have failed. */
  readonly #owed = new Map<string, { readonly tries: number; readonly next: SteadyMs }>();
  readonly #refused = new Map<string, { readonly until: SteadyMs; readonly message: string }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CommandOptions) {
    this.#options = options;
    this.description = `the command ${options.commands?.open.text ?? 'that is not known any more'}`;
  }

  async install(wanted: Wanted, isAsked: boolean): Promise<void> {
    const units = this.#units(wanted.openings);
    const ids = new Set(units.map(commandId));
    const { pending } = this.#options.journal;
    await this.#closeAll(pending.filter(({ id }) => !ids.has(id)).map(({ id }) => id));
    await this.#openAll(units, isAsked);
    this.#refuseUnfit(wanted.openings);
  }

  async change({ close, open }: ProgramChange): Promise<void> {
    const units = this.#units(open);
    const after = new Set(units.map(commandId));
    const gone = this.#units(close).map(commandId);
    await this.#closeAll(gone.filter((id) => !after.has(id)));
    await this.#openAll(units);
    this.#refuseUnfit(open);
  }

  /** What commands have done cannot be seen from here. */
  shows(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async remove(): Promise<void> {
    const [failed] = await this.#closeAll(this.#options.journal.pending.map(({ id }) => id));
    clearTimeout(this.#timer);
    if (failed !== undefined) throw new FirewallError(failed);
  }

  #units(openings: readonly Opening[]): readonly Opening[] {
    const direct = openings.filter(({ forwarding }) => forwarding === undefined);
    const { commands } = this.#options;
    if (commands === undefined) return direct;
    const fit = direct.filter((opening) => template.unfitForCommands(opening, commands) === undefined);
    return template.commandUnits(fit, commands);
  }

  /** What fits has been done by then. */
  #refuseUnfit(openings: readonly Opening[]): void {
    refuseForwarding(openings);
    const { commands } = this.#options;
    const reasons = openings.map((opening) => commands && template.unfitForCommands(opening, commands));
    const reason = reasons.find((one) => one !== undefined);
    if (reason !== undefined) throw new FirewallError(reason);
  }

  /** Whether it is open as we would have opened it; what an earlier start of the machine had open may be gone. */
  #stands({ id, isSure, by, user, boot }: OpenedCommand): boolean {
    const own = this.#options;
    return isSure && by === own.commands?.open.text && user === own.user && boot === own.boot && !this.#owed.has(id);
  }

  /** Throws what the first that failed has said, once all have come to their end. */
  async #openAll(units: readonly Opening[], isAsked = false): Promise<void> {
    const opens = units.map((unit) => {
      const id = commandId(unit);
      return this.#lanes.run(addressOfId(id), 'open', () => this.#open(id, unit, isAsked));
    });
    const failed = (await Promise.allSettled(opens)).find((end) => end.status === 'rejected');
    this.#look();
    if (failed !== undefined) throw failed.reason;
  }

  async #open(id: string, unit: Opening, isAsked: boolean): Promise<void> {
    const { journal, commands, user, boot, now } = this.#options;
    if (commands === undefined) throw new FirewallError('there is no open_command');
    const before = journal.get(id);
    const stands = before !== undefined && !isAsked && this.#stands(before);
    if (stands && this.#ends.get(id) === unit.ends) return;
    const begin = now();
    const refused = this.#refused.get(id);
    if (refused !== undefined && refused.until > begin.steady) throw new FirewallError(refused.message);
    if (!journal.isKept) throw new FirewallError('nothing is opened: what is open would not be remembered in a crash');
    const due = unixMs(begin.wall + (unit.ends - begin.steady));
    const entry = { id, by: commands.open.text, close: template.closeCall(commands, unit), user, boot, due };
    // Closed first, so that no command opens twice what is closed once. It may be closed already, and the command fail.
    if (before !== undefined && !stands) await this.#run(before.close, before.user);
    journal.put({ ...entry, isSure: stands });
    // A part of a second is no news to a command.
    if (!stands || (template.isTimed(commands.open) && Math.abs(before.due - due) > 1000)) {
      const end = await this.#run(template.openCall(commands, unit, begin), user);
      if (!end.ok) await this.#refuse(id, stands ? before : undefined, before === undefined && end.isWhole, end.how);
      journal.put({ ...entry, isSure: true });
    }
    this.#owed.delete(id);
    this.#ends.set(id, unit.ends);
  }

  /** Nothing is open then, or what was open (`before`) is so until its former end. `isShut`: nothing can be open. */
  async #refuse(id: string, before: OpenedCommand | undefined, isShut: boolean, how: string): Promise<never> {
    const { journal, now } = this.#options;
    const message = `open_command for ${id}: ${how}`;
    if (before !== undefined) journal.put(before);
    else if (isShut) journal.done(id);
    // It may have opened before it was ended, or be open from earlier.
    else await this.#closeNow(id);
    for (const [other, { until }] of this.#refused) if (until <= now().steady) this.#refused.delete(other);
    this.#refused.set(id, { until: steadyMs(now().steady + REFUSED_MS), message });
    throw new FirewallError(message);
  }

  /** Closes, each after what is being opened for its address. What those have said that failed. */
  async #closeAll(ids: readonly string[]): Promise<readonly string[]> {
    const closes = ids.map((id) => this.#lanes.run(addressOfId(id), 'close', () => this.#closeNow(id)));
    const failures = await Promise.all(closes);
    this.#look();
    return failures.filter((failure) => failure !== undefined);
  }

  /** Gives what went wrong; nothing where nothing was open. */
  async #closeNow(id: string): Promise<string | undefined> {
    const { journal, boot, now } = this.#options;
    this.#ends.delete(id);
    const entry = journal.get(id);
    if (entry === undefined) return undefined;
    const end = await this.#run(entry.close, entry.user);
    // What was open before the machine was started is most likely gone, and then there is nothing to close.
    if (end.ok || entry.boot !== boot) {
      journal.done(id);
      this.#owed.delete(id);
      return undefined;
    }
    const tries = (this.#owed.get(id)?.tries ?? 0) + 1;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS);
    this.#owed.set(id, { tries, next: steadyMs(now().steady + wait) });
    return this.#tellOwed(id, tries, `close_command for ${id}: ${end.how}`);
  }

  #tellOwed(id: string, tries: number, failure: string): string {
    const { journal, onTrouble } = this.#options;
    if (tries === 1) onTrouble(`${failure}; trying again`);
    if (tries < MAX_TRIES) return failure;
    journal.done(id);
    this.#owed.delete(id);
    onTrouble(`${failure}; given up after ${String(tries)} tries: see to it that it is closed`);
    return failure;
  }

  async #run({ argv, env }: template.CommandCall, user: string | undefined): Promise<CommandEnd> {
    try {
      return await runCommand(argv, env, identityOf(user, undefined), this.#options.timeout);
    } catch (error) {
      return { ok: false, how: error instanceof Error ? error.message : String(error), isWhole: true };
    }
  }

  /** Closes what has ended and what is to be tried again, and sees to it that this is done again in time. */
  #look(): void {
    clearTimeout(this.#timer);
    const now = this.#options.now().steady;
    const isDue = ([, at]: readonly [string, SteadyMs]): boolean => at <= now;
    const times = [...this.#ends, ...[...this.#owed].map(([id, { next }]) => [id, next] as const)];
    for (const [id] of times.filter(isDue)) this.#closeInTime(id);
    const next = Math.min(...times.filter((one) => !isDue(one)).map(([, at]) => at - now));
    if (times.length > 0) this.#timer = setTimeout(() => this.#look(), Math.min(next, LOOK_MS)).unref();
  }

  /** By the time its turn comes it may have been closed, or extended. */
  #closeInTime(id: string): void {
    const isDue = (): boolean => {
      const at = this.#owed.get(id)?.next ?? this.#ends.get(id);
      return at !== undefined && at <= this.#options.now().steady;
    };
    const done = this.#lanes.run(addressOfId(id), 'close', async () => (isDue() ? this.#closeNow(id) : undefined));
    void done.then(() => this.#look());
  }
}
