/** `spad compile`: doors as rules that the kernel carries out alone, printed, loaded or taken away. */
import { type Command, Option } from 'commander';
import type { Family } from '../src/base/address.ts';
import { formatPortSpec } from '../src/base/port-spec.ts';
import { countOf } from '../src/base/printable.ts';
import { formatIssue } from '../src/config/issue.ts';
import { iptablesRules } from '../src/knock/kernel-rules/iptables.ts';
import { KNOCK_TABLE, nftablesRules } from '../src/knock/kernel-rules/nftables.ts';
import { type KernelPlan, planDoors } from '../src/knock/kernel-rules/plan.ts';
import { readDoors } from './compile-doors.ts';
import { applyIptables, applyNftables, removeIptables, removeNftables } from './kernel-rules.ts';

export interface CompileOptions {
  readonly to: 'nftables' | 'iptables';
  /** Load the rules, take them away, or print them. */
  readonly task: 'apply' | 'remove' | 'print';
  readonly families: readonly Family[];
  /** A new connection to any other port ends an attempt, whatever the doors say. */
  readonly strict: boolean;
  /** Needed for all but removing. */
  readonly file: string | undefined;
}

const USAGE = 2;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const complain = (text: string): boolean => process.stderr.write(`${text}\n`);

/** Gives the exit status: 1 where a door cannot be expressed or the file is wrong. Throws where the firewall refuses. */
export const compile = async (options: CompileOptions): Promise<number> => {
  if (options.task === 'remove') return removeRules(options);
  const { file } = options;
  if (file === undefined) return usage('name the file with the doors, such as /etc/knockd.conf');
  if (options.task === 'print' && options.to === 'iptables' && options.families.length > 1)
    return usage('IPv4 and IPv6 are loaded by two programs: say --family 4 or --family 6, or --apply for both');
  const plans = readPlans(file, options);
  if (plans === undefined) return 1;
  if (options.task === 'print') print(plans, options.to, file);
  else await applyRules(plans, options.to, file);
  return 0;
};

const usage = (problem: string): number => {
  complain(`error: ${problem}`);
  return USAGE;
};

/** Undefined where something is wrong, which has been told then. */
const readPlans = (file: string, options: CompileOptions): readonly KernelPlan[] | undefined => {
  const { doors, issues } = readDoors(file);
  for (const issue of issues) complain(formatIssue(issue));
  if (doors === undefined) return undefined;
  const planning = planDoors(doors, options);
  for (const issue of planning.issues) complain(formatIssue({ ...issue, file }));
  return planning.plans;
};

const print = (plans: readonly KernelPlan[], to: CompileOptions['to'], file: string): void => {
  const texts = to === 'nftables' ? [nftablesRules(plans, file)] : plans.map((plan) => iptablesRules(plan, file));
  for (const text of texts) process.stdout.write(text);
};

const applyRules = async (plans: readonly KernelPlan[], to: CompileOptions['to'], file: string): Promise<void> => {
  if (to === 'nftables') await applyNftables(nftablesRules(plans, file));
  else for (const plan of plans) await applyIptables(plan, file);
  const doors = new Set(plans.flatMap((plan) => plan.doors.map(({ number }) => number)));
  const guarded = (plans[0]?.guarded ?? []).map(formatPortSpec).join(', ');
  const place = to === 'nftables' ? `the table "${KNOCK_TABLE}"` : 'the chains SPAD-KNOCK…';
  say(`${countOf(doors.size, 'door')} loaded into ${place}; shut to whoever has not knocked: ${guarded || 'nothing'}`);
};

const removeRules = async ({ to, families }: CompileOptions): Promise<number> => {
  if (to === 'nftables') await removeNftables();
  else for (const family of families) await removeIptables(family);
  say('the doors are gone; their ports are as open as your other rules leave them');
  return 0;
};

const AFTER_HELP = `
Doors whose commands put in or take out one rule such as
  iptables -I INPUT -s %IP% -p tcp --dport 22 -j ACCEPT
become rules that need no daemon, and so do doors of spad.conf that "open" ports.
Any other command is an error that names the door and the line.
See docs/kernel-doors.md.`;

interface CompileFlags {
  readonly to: CompileOptions['to'];
  readonly apply?: true;
  readonly remove?: true;
  readonly family?: '4' | '6';
  readonly strict?: true;
}

/** Makes `command` the command line of {@link compile}; `done` gets the exit status. */
export const defineCompile = (command: Command, done: (status: number) => void): void => {
  command
    .description("turn knockd's doors into nftables or iptables rules, and print them")
    .addOption(
      new Option('--to <firewall>', 'what the rules are for').choices(['nftables', 'iptables']).makeOptionMandatory(),
    )
    .addOption(
      new Option('--apply', 'load the rules instead; what an earlier --apply has loaded goes').conflicts('remove'),
    )
    .option('--remove', 'take the rules away')
    .addOption(new Option('--family <4|6>', 'only IPv4, or only IPv6').choices(['4', '6']))
    .option('--strict', 'a new connection to any other port ends an attempt, too')
    .argument('[file]', 'the doors: a knockd.conf, or a spad.conf')
    .addHelpText('after', AFTER_HELP)
    .action(async (file: string | undefined, flags: CompileFlags) => {
      const task = flags.apply ? 'apply' : flags.remove ? 'remove' : 'print';
      const families: readonly Family[] = flags.family === undefined ? [4, 6] : flags.family === '4' ? [4] : [6];
      done(await compile({ to: flags.to, task, families, strict: flags.strict === true, file }));
    });
};
