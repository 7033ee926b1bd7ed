/** spad's command line. */
import { Command, InvalidArgumentError } from 'commander';
import { printable } from '../src/base/printable.ts';
import { nearest } from '../src/base/suggest.ts';
import { parseDuration, type Seconds } from '../src/base/units.ts';
import { defineAsk } from './ask.ts';
import { askingIn } from './asking.ts';
import { endWithReader } from './control/terminal.ts';
import { defineCompletions } from './completion.ts';
import { defineCompile } from './compile.ts';
import { defineImport } from './import.ts';
import { defineInit } from './init.ts';
import { defineOperate } from './operate.ts';
import { defineExplain } from './explain/command.ts';
import { defineReport } from './report/command.ts';
import type { FwknopModeOptions } from './fwknop-mode.ts';
import { defineTail } from './tail.ts';
import { defineWatch } from './watch.ts';

/** spad.conf, or fwknop's own files. */
export type Origin = { readonly file: string } | { readonly fwknop: FwknopModeOptions };

export interface RunOptions {
  /** For so long its guard is on trial; undefined: it stays. */
  readonly confirm?: Seconds;
  /** Where somebody else starts receivers. */
  readonly receiverSocket?: string;
}

export interface SpadCommands {
  /** Runs the daemon in the foreground until it is told to stop; gives the exit status. */
  readonly run: (origin: Origin, options: RunOptions) => Promise<number>;
  /** Reads the configuration and prints every problem. */
  readonly check: (origin: Origin) => Promise<number>;
  /** The same, and looks at this host: what would be closed, what open, who locked out; 3 where there are warnings alone. */
  readonly checkHost: (origin: Origin, asJson: boolean) => Promise<number>;
  /** Takes everything that spad has put into any firewall away; `file` is the configuration, if there is one. */
  readonly flush: (file: string) => Promise<number>;
  /** Runs doors as knockd does, with knockd's own arguments; gives knockd's exit status. */
  readonly knockd: (args: readonly string[]) => Promise<number>;
}

export const DEFAULT_CONFIG = '/etc/spad/spad.conf';

const AFTER_HELP = `
Signals:
  SIGHUP   read the configuration again, reopen the audit log; a bad file leaves the old policy standing
  SIGUSR1  reopen the audit log, which logrotate has moved away
  SIGUSR2  write the counters into the audit log
  SIGTERM  stop; the guard stays in the firewall, and grants end on time

Exit status:
  0  stopped as asked, or nothing wrong found
  1  the configuration has errors, or the daemon could not start
  2  wrong usage
  3  nobody has confirmed the guard in time, and it is taken back (start --confirm); or check has found warnings alone
     go wrong, and no error

See spad(8), spad.conf(5).`;

interface SpadOptions extends RunOptions {
  readonly config?: string;
  readonly check?: true;
  readonly fwknopAccess?: string;
  readonly fwknopConfig?: string;
  readonly fwknopOverride?: readonly string[];
  readonly fwknopAllowNoHmac?: true;
  readonly guard?: string;
  readonly stateDir?: string;
  readonly auditLog?: string;
  readonly interface?: string;
  readonly dryRun?: true;
}

const listed = (text: string): readonly string[] => text.split(',').map((item) => item.trim());

/** The options that mean nothing beside a spad.conf, which says the same. */
const FWKNOP_ALONE = [
  ...(['fwknopOverride', 'fwknopAllowNoHmac', 'guard', 'stateDir', 'auditLog', 'interface', 'dryRun'] as const),
];

const originOf = (options: SpadOptions, refuse: (text: string) => never): Origin => {
  const { fwknopAccess: access, fwknopConfig: config, config: file } = options;
  if (access === undefined && config === undefined) {
    const stray = FWKNOP_ALONE.find((name) => options[name] !== undefined);
    const option = stray?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (option !== undefined)
      refuse(`error: --${option} goes with --fwknop-access; in spad.conf there are keys for it`);
    return { file: file ?? DEFAULT_CONFIG };
  }
  if (file !== undefined)
    refuse(
      'error: either --config or --fwknop-access: spad.conf names fwknop files by fwknop_access and fwknop_config',
    );
  const settings = Object.entries({
    ...{ guard: options.guard, state_dir: options.stateDir, audit_log: options.auditLog, interface: options.interface },
  }).filter(([, value]) => value !== undefined);
  return {
    fwknop: {
      ...{ access, config, overrides: options.fwknopOverride ?? [], settings: Object.fromEntries(settings) },
      ...{ allowNoHmac: options.fwknopAllowNoHmac === true, dryRun: options.dryRun === true },
    },
  };
};

/** Time enough to log in, and not so long that a guard on trial is forgotten; in seconds. */
const MIN_TRIAL = 5;
const MAX_TRIAL = 3600;

const trialLength = (text: string): Seconds => {
  const length = parseDuration(text);
  if (length === undefined || length < MIN_TRIAL || length > MAX_TRIAL)
    throw new InvalidArgumentError('It is a time from 5s to 1h, such as 60s or 2m.');
  return length;
};

const defineCheck = (program: Command, commands: SpadCommands, onStatus: (status: number) => void): void => {
  program
    .command('check')
    .description('read the configuration, look at this host, and say what would happen')
    .option('-c, --config <file>', `configuration (default: ${DEFAULT_CONFIG})`)
    .option('--json', 'say it as JSON')
    .action(async (options: SpadOptions & { readonly json?: true }) => {
      const origin = originOf({ ...program.opts<SpadOptions>(), ...options }, (text) => program.error(text));
      onStatus(await commands.checkHost(origin, options.json === true));
    });
};

/** What the daemon is run with, be it by `spad` or by `spad start`. */
const withDaemonOptions = (command: Command): Command =>
  command
    .option('-c, --config <file>', `configuration (default: ${DEFAULT_CONFIG})`)
    .option(
      '--receiver-socket <path>',
      'have receivers started by who listens there (systemd), and need CAP_NET_ADMIN alone',
    )
    .option('--fwknop-access <file>', "run on fwknop's access.conf, without a spad.conf")
    .option('--fwknop-config <file>', "fwknop's fwknopd.conf with it; alone, the access.conf that it names")
    .option('--fwknop-override <files>', 'files that override it, with commas between, as fwknopd -O', listed)
    .option('--fwknop-allow-no-hmac', 'allow stanzas without an HMAC key')
    .option('--guard <ports>', 'with fwknop files: ports to close (default: OPEN_PORTS of all stanzas)')
    .option('--state-dir <folder>', 'with fwknop files: where the replay journal and the grant log are')
    .option('--audit-log <file>', 'with fwknop files: the audit log')
    .option('--interface <name>', 'with fwknop files: the interface, instead of PCAP_INTF')
    .option('--dry-run', 'with fwknop files: say what would be done to the firewall, and do not');

const defineStart = (program: Command, commands: SpadCommands, onStatus: (status: number) => void): void => {
  withDaemonOptions(program.command('start').description('run the daemon, as spad alone does'))
    .option('--confirm <time>', 'take the guard back after this time unless "spad confirm" is run', trialLength)
    .action(async (options: SpadOptions) => {
      const all = { ...program.opts<SpadOptions>(), ...options };
      const origin = originOf(all, (text) => program.error(text));
      onStatus(await commands.run(origin, all));
    });
};

const defineFlush = (program: Command, commands: SpadCommands, onStatus: (status: number) => void): void => {
  program
    .command('flush')
    .description('remove everything that spad has put into any firewall, the guard included')
    .option('-c, --config <file>', `configuration (default: ${DEFAULT_CONFIG})`)
    .action(async ({ config }: SpadOptions) => {
      onStatus(await commands.flush(config ?? program.opts<SpadOptions>().config ?? DEFAULT_CONFIG));
    });
};

const defineKnockd = (program: Command, commands: SpadCommands, onStatus: (status: number) => void): void => {
  program
    .command('knockd')
    .description('listen for port knocks as knockd does, with its options and its knockd.conf')
    .usage('[the options of knockd]')
    .argument('[options...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: readonly string[]) => {
      onStatus(await commands.knockd(args));
    });
};

const unknownCommand = (word: string, program: Command): string => {
  const likely = nearest(
    word,
    program.commands.map((command) => command.name()),
  );
  const hint = likely === undefined ? 'spad --help lists them' : `did you mean "spad ${likely}"?`;
  return `error: there is no command "${printable(word, 60)}": ${hint}`;
};

/** What asks no daemon and is none. */
const defineAloof = (program: Command, onStatus: (status: number) => void): void => {
  const others = program.commands.length;
  defineCompile(program.command('compile'), onStatus);
  defineImport(program.command('import'), onStatus);
  defineInit(program, DEFAULT_CONFIG, onStatus);
  defineExplain(program, DEFAULT_CONFIG, onStatus);
  defineReport(program, DEFAULT_CONFIG, onStatus);
  for (const command of program.commands.slice(others)) command.hook('preAction', endWithReader);
};

/** Calls the command that \`argv\` (without node and script) asks for and gives its exit status. */
export const runCli = async (argv: readonly string[], version: string, commands: SpadCommands): Promise<number> => {
  let status = 0;
  const program = withDaemonOptions(new Command('spad'))
    .description('Opens ports for whoever proves, in one encrypted packet, that they may ask. Runs in the foreground.')
    .version(version, '-V, --version')
    .option('--check', 'read the configuration, print every problem, and exit')
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .argument('[command]')
    .configureHelp({ visibleArguments: () => [] })
    .action(async (stray: string | undefined, options: SpadOptions) => {
      if (stray !== undefined) program.error(unknownCommand(stray, program));
      const origin = originOf(options, (text) => program.error(text));
      status = await (options.check ? commands.check(origin) : commands.run(origin, options));
    });
  const onStatus = (result: number): void => {
    status = result;
  };
  defineStart(program, commands, onStatus);
  defineFlush(program, commands, onStatus);
  defineKnockd(program, commands, onStatus);
  defineCheck(program, commands, onStatus);
  const asking = askingIn(program, DEFAULT_CONFIG);
  for (const define of [defineAsk, defineOperate, defineTail, defineWatch]) define(asking, onStatus);
  defineAloof(program, onStatus);
  defineCompletions(program, asking);
  await program.parseAsync([...argv], { from: 'user' });
  return status;
};
