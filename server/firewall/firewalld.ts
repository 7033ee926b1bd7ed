/**
 * The firewalld back-end: rich rules of src/firewall/firewalld-rule.ts in every zone that packets can arrive in, through
 * D-Bus, in the running configuration alone. firewalld takes grants away on time by itself; spad does so a little sooner,
 * for firewalld counts whole seconds.
 */
import type { SteadyMs } from '../../src/base/units.ts';
import type { Wanted } from '../../src/firewall/desired.ts';
import {
  activeZonesCall,
  addCall,
  allZonesCall,
  defaultZoneCall,
  explainRefusal,
  isGone,
  parseActiveZones,
  parseStrings,
  removeCall,
  REPLY_MS,
  rulesCall,
} from '../../src/firewall/firewalld-call.ts';
import {
  type FirewalldPlan,
  parseRule,
  planFirewalld,
  type ShownRule,
  type StandingRule,
  wantedRules,
} from '../../src/firewall/firewalld-rule.ts';
import { type Finished, runProgram } from '../process/run.ts';
import { FirewallError } from './backend.ts';
import type { FirewallProgram, ProgramChange } from './program.ts';

/** It is in the package dbus-bin, which dbus needs, which firewalld needs; a call takes 4 ms where firewall-cmd takes 150. */
const PROGRAM = 'dbus-send';

/** `now` reads the steady clock. */
export const firewalld = (now: () => SteadyMs): FirewallProgram => new Firewalld(now);

class Firewalld implements FirewallProgram {
  readonly description = `firewalld through ${PROGRAM}`;
  readonly #now: () => SteadyMs;
  /** What we have added and not taken away, in the zones that mattered when we last looked. */
  #known: readonly StandingRule[] = [];
  #zones: readonly string[] = [];

  constructor(now: () => SteadyMs) {
    this.#now = now;
  }

  async install(wanted: Wanted): Promise<void> {
    const rules = wantedRules(wanted);
    this.#zones = await this.#askZones();
    const shown = await this.#askRules(parseStrings(await this.#call(allZonesCall())));
    await this.#carryOut(planFirewalld(rules, this.#zones, shown, this.#known));
  }

  async change({ open }: ProgramChange, wanted: Wanted): Promise<void> {
    const rules = wantedRules(wanted);
    // What a reload has thrown away a moment ago comes back with what opens; else it is left to be noticed, and told.
    const shown = open.length === 0 ? this.#known : await this.#askRules(this.#zones);
    await this.#carryOut(planFirewalld(rules, this.#zones, shown, this.#known));
  }

  async shows(wanted: Wanted): Promise<boolean> {
    const rules = wantedRules(wanted);
    const zones = await this.#askZones();
    const shown = await this.#askRules([...new Set([...zones, ...this.#zones])]);
    const { add, remove } = planFirewalld(rules, zones, shown, this.#known);
    // What has ended meanwhile is neither missing nor left over: it is about to be taken out.
    const now = this.#now();
    const isOver = ({ ends }: StandingRule): boolean => ends !== 'never' && ends <= now;
    const isEnding = (rule: ShownRule): boolean =>
      this.#known.some((known) => isSameRule(known, rule) && isOver(known));
    return add.every(isOver) && remove.every(isEnding);
  }

  async remove(): Promise<void> {
    const shown = await this.#askRules(parseStrings(await this.#call(allZonesCall())));
    await this.#carryOut(planFirewalld([], [], shown, this.#known));
  }

  /** The zones of all interfaces and sources, and the one for packets that belong to none. */
  async #askZones(): Promise<readonly string[]> {
    const [byDefault, active] = await Promise.all([this.#call(defaultZoneCall()), this.#call(activeZonesCall())]);
    return [...new Set([...parseStrings(byDefault), ...parseActiveZones(active)])];
  }

  /** All rules of ours in these zones. */
  async #askRules(zones: readonly string[]): Promise<readonly ShownRule[]> {
    const inZone = async (zone: string): Promise<readonly ShownRule[]> => {
      const { code, stdout, stderr } = await send(rulesCall(zone));
      if (code === 0) return parseStrings(stdout).flatMap((text) => parseRule(zone, text) ?? []);
      if (isGone(stderr)) return [];
      throw new FirewallError(explainRefusal(stderr));
    };
    return (await Promise.all(zones.map(inZone))).flat();
  }

  /** Adds before it removes: what is replaced is never missing. What has been done is known, also where a step fails. */
  async #carryOut({ add, remove, keep }: FirewalldPlan): Promise<void> {
    this.#known = [...keep, ...this.#known.filter((known) => remove.some((rule) => isSameRule(rule, known)))];
    for (const rule of add) {
      await this.#call(addCall(rule, this.#now()));
      this.#known = [...this.#known, rule];
    }
    for (const rule of remove) {
      const { code, stderr } = await send(removeCall(rule));
      if (code !== 0 && !isGone(stderr)) throw new FirewallError(explainRefusal(stderr));
      this.#known = this.#known.filter((known) => !isSameRule(known, rule));
    }
  }

  async #call(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await send(args);
    if (code !== 0) throw new FirewallError(explainRefusal(stderr));
    return stdout;
  }
}

const isSameRule = (a: ShownRule, b: ShownRule): boolean =>
  a.zone === b.zone && a.body === b.body && a.place === b.place;

const send = async (args: readonly string[]): Promise<Finished> => {
  try {
    return await runProgram(PROGRAM, args, '', REPLY_MS + 1000);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new FirewallError(`the program ${PROGRAM} is not here: apt-get install dbus-bin`);
    }
    throw new FirewallError(error instanceof Error ? error.message : String(error));
  }
};
