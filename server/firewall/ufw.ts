/**
 * The ufw back-end: rules of src/firewall/ufw-rule.ts, put in and taken out by ufw (src/firewall/ufw-program.ts), which writes
 * them into its files and into the kernel. What is there is read from both, without ufw, which takes its time.
 * ufw ends nothing by itself: spad does, and after spad a process that it leaves behind ({@link Closer}).
 */
import { readFile } from 'node:fs/promises';
import type { Family } from '../../src/base/address.ts';
import { type Moment, type SteadyMs, unixMs, type UnixMs } from '../../src/base/units.ts';
import type { Wanted } from '../../src/firewall/desired.ts';
import { planUfw } from '../../src/firewall/ufw-plan.ts';
import { ufwCall } from '../../src/firewall/ufw-program.ts';
import {
  deleteArgs,
  listsInOrder,
  parseUfwSettings,
  parseUserRules,
  RELOAD_ARGS,
  type ShownUfwRule,
  type UfwRule,
  ufwRuleKey,
  type UfwSettings,
  userChain,
  type WantedUfwRule,
  wantedUfwRules,
} from '../../src/firewall/ufw-rule.ts';
import { type Finished, runProgram } from '../process/run.ts';
import { FirewallError } from './backend.ts';
import { Closer, type TimedClose } from './closer.ts';
import type { FirewallProgram, ProgramChange } from './program.ts';

/** Long, for ufw waits for every other ufw, and one that is killed in the middle leaves the kernel without its rules. */
const UFW_MS = 60_000;
const IPTABLES_MS = 10_000;
/** Commands for one process, which is then done in a fraction of that time. */
const MAX_COMMANDS = 100;

const FILES = { conf: '/etc/ufw/ufw.conf', defaults: '/etc/default/ufw' } as const;
const LISTS: readonly { readonly family: Family; readonly file: string; readonly iptables: string }[] = [
  { family: 4, file: '/etc/ufw/user.rules', iptables: 'iptables' },
  { family: 6, file: '/etc/ufw/user6.rules', iptables: 'ip6tables' },
];

/** `onTrouble` is told what nobody waits for. */
export const ufw = (now: () => Moment, onTrouble: (message: string) => void): FirewallProgram =>
  new Ufw(now, new Closer(() => now().steady, onTrouble));

/** What ufw's files say. */
interface UfwState extends UfwSettings {
  readonly families: readonly Family[];
  readonly shown: readonly ShownUfwRule[];
}

class Ufw implements FirewallProgram {
  readonly description = 'ufw';
  readonly #now: () => Moment;
  readonly #closer: Closer;
  /** What was last asked for. */
  #rules: readonly WantedUfwRule[] = [];
  /** Whether ufw was active when it was last looked at. */
  #isActive = false;
  /** The wall time for people of each end, which stays as it was first told though the clock may step. */
  #commentTimes = new Map<SteadyMs, UnixMs>();

  constructor(now: () => Moment, closer: Closer) {
    this.#now = now;
    this.#closer = closer;
  }

  install(wanted: Wanted): Promise<void> {
    return this.#bring(wanted, () => true);
  }

  change({ open }: ProgramChange, wanted: Wanted): Promise<void> {
    if (open.length > 0) return this.#bring(wanted, () => true);
    // What somebody has taken out is left to be noticed, and told.
    const known = new Set(this.#rules.map(ufwRuleKey));
    return this.#bring(wanted, (rule, { shown }) => {
      const key = ufwRuleKey(rule);
      return !known.has(key) || shown.some((other) => ufwRuleKey(other) === key);
    });
  }

  async shows(wanted: Wanted): Promise<boolean> {
    const wantedRules = this.#rulesOf(wanted);
    const state = await this.#readActive();
    // What has ended meanwhile is left over rightly: it is about to be taken out.
    const { steady } = this.#now();
    const ended = this.#rules.filter(({ ends }) => ends !== 'never' && ends <= steady);
    const isEnding = (rule: UfwRule): boolean => ended.some((other) => ufwRuleKey(other) === ufwRuleKey(rule));
    const shown = state.shown.filter((rule) => !isEnding(rule));
    const rules = wantedRules.filter((rule) => !isEnding(rule));
    if (planUfw(rules, shown, state.families).length > 0) return false;
    if (await isInKernel(shown)) return true;
    // A ufw that is just at work, a reload above all, puts them there in a moment.
    await runUfw([]);
    return isInKernel(shown);
  }

  async remove(): Promise<void> {
    const { families, shown } = await readState();
    await takeSteps(planUfw([], shown, families));
    this.#rules = [];
    await this.#closer.tell([]);
  }

  async #readActive(): Promise<UfwState> {
    let state = await readState();
    if (!state.isEnabled && this.#isActive) {
      // In the middle of a reload ufw is inactive, too.
      await runUfw([]);
      state = await readState();
    }
    this.#isActive = state.isEnabled;
    if (!this.#isActive) throw new FirewallError('ufw is inactive: run "ufw enable", or name another firewall');
    return state;
  }

  /** `isBrought` says which of the rules that are wanted may be put in where they are missing. */
  async #bring(wanted: Wanted, isBrought: (rule: UfwRule, state: UfwState) => boolean): Promise<void> {
    const rules = this.#rulesOf(wanted);
    const before = await this.#readActive();
    requireFamilies(rules, before);
    // Before anything opens it is known when it closes; what is not wanted any more is, too, until it has been taken out.
    await this.#closer.tell(closesOf([...this.#rules, ...rules]));
    this.#rules = rules;
    const brought = rules.filter((rule) => isBrought(rule, before));
    await carryOut(brought, before);
    await this.#closer.tell(closesOf(rules));
  }

  #rulesOf(wanted: Wanted): readonly WantedUfwRule[] {
    const { wall, steady } = this.#now();
    const times = new Map<SteadyMs, UnixMs>();
    const rules = wantedUfwRules(wanted, (ends) => {
      const time = this.#commentTimes.get(ends) ?? unixMs(wall + (ends - steady));
      times.set(ends, time);
      return time;
    });
    this.#commentTimes = times;
    return rules;
  }
}

const closesOf = (rules: readonly WantedUfwRule[]): readonly TimedClose[] => [
  ...new Map(
    rules.flatMap((rule) => {
      const argv = ufwCall([deleteArgs(rule)]);
      return rule.ends === 'never' ? [] : [[argv.join(' '), { at: rule.ends, argv }] as const];
    }),
  ).values(),
];

/** Takes the steps, and looks whether they have led there. */
const carryOut = async (rules: readonly WantedUfwRule[], before: UfwState): Promise<void> => {
  const said = await takeSteps(planUfw(rules, before.shown, before.families));
  const { shown, families } = await readState();
  const [missing] = planUfw(rules, shown, families);
  if (missing !== undefined) {
    throw new FirewallError(`ufw has not done "ufw ${missing.join(' ')}"; it said "${said}"`);
  }
  if (await isInKernel(shown)) return;
  // Somebody has changed the kernel's rules without ufw.
  await runUfw([RELOAD_ARGS]);
  if (!(await isInKernel(shown)))
    throw new FirewallError('"ufw reload" does not make the kernel have the rules of ufw');
};

const requireFamilies = (rules: readonly UfwRule[], { hasIpv6 }: UfwState): void => {
  const stray = rules.find(({ source }) => source?.includes(':') === true);
  if (stray === undefined || hasIpv6) return;
  throw new FirewallError(
    `ufw cannot open for ${stray.source ?? ''}: set IPV6=yes in ${FILES.defaults} and run "ufw reload"`,
  );
};

const readState = async (): Promise<UfwState> => {
  const [conf, defaults] = await Promise.all([readUfwFile(FILES.conf), readUfwFile(FILES.defaults)]);
  const settings = parseUfwSettings(conf, defaults);
  const lists = LISTS.filter(({ family }) => family === 4 || settings.hasIpv6);
  const shown = await Promise.all(
    lists.map(async ({ family, file }) => parseUserRules(await readUfwFile(file), family)),
  );
  return { ...settings, families: lists.map(({ family }) => family), shown: shown.flat() };
};

const readUfwFile = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw new FirewallError(`${path} is not here: apt-get install ufw`);
    throw new FirewallError(error instanceof Error ? error.message : String(error));
  }
};

const isInKernel = async (shown: readonly ShownUfwRule[]): Promise<boolean> => {
  const answers = await Promise.all(
    LISTS.map(async ({ family, iptables }) => {
      const rules = shown.filter((rule) => rule.family === family);
      if (rules.length === 0) return true;
      const { code, stdout } = await run(iptables, ['-w', '5', '-S', userChain(family)], IPTABLES_MS);
      return code === 0 && listsInOrder(stdout, rules);
    }),
  );
  return answers.every((answer) => answer);
};

const takeSteps = async (steps: readonly (readonly string[])[]): Promise<string> => {
  let said = '';
  for (let at = 0; at < steps.length; at += MAX_COMMANDS) said = await runUfw(steps.slice(at, at + MAX_COMMANDS));
  return said;
};

/** What ufw said, on one line; without commands it is only waited until no ufw is at work. */
const runUfw = async (commands: readonly (readonly string[])[]): Promise<string> => {
  const [program, ...args] = ufwCall(commands);
  const { code, stdout, stderr } = await run(program, args, UFW_MS);
  if (code !== 0) throw new FirewallError(`ufw refused: ${onOneLine(stderr)}`);
  return onOneLine(stdout);
};

const onOneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, '; ');

const run = async (program: string, args: readonly string[], timeoutMs: number): Promise<Finished> => {
  try {
    return await runProgram(program, args, '', timeoutMs);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new FirewallError(`the program ${program} is not here: apt-get install ufw`);
    }
    throw new FirewallError(error instanceof Error ? error.message : String(error));
  }
};
