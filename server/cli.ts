/** spad's command line. */
import { Command } from 'commander';
import { defineCompile } from './compile.ts';

export interface SpadCommands {
  /** Runs the daemon in the foreground until it is told to stop; gives the exit status. */
  readonly run: (file: string) => Promise<number>;
  /** Reads the configuration and prints every problem. */
  readonly check: (file: string) => Promise<number>;
  /** Takes everything that spad has put into the firewall away. */
  readonly flush: () => Promise<number>;
  /** Runs doors as knockd does, with knockd's own arguments; gives knockd's exit status. */
  readonly knockd: (args: readonly string[]) => Promise<number>;
}

export const DEFAULT_CONFIG = '/etc/spad/spad.conf';

const AFTER_HELP = `
Signals:
  SIGHUP   read the configuration again, reopen the audit log; a bad file leaves the old policy standing
  SIGUSR2  write the counters into the audit log
  SIGTERM  stop; the guard stays in the firewall, and grants end on time

Exit status:
  0  stopped as asked, or nothing wrong found
  1  the configuration has errors, or the daemon could not start
  2  wrong usage

See spad(8), spad.conf(5).`;

/** Calls the command that \`argv\` (without node and script) asks for and gives its exit status. */
export const runCli = async (argv: readonly string[], version: string, commands: SpadCommands): Promise<number> => {
  let status = 0;
  const program = new Command('spad')
    .description('Opens ports for whoever proves, in one encrypted packet, that they may ask. Runs in the foreground.')
    .version(version, '-V, --version')
    .option('-c, --config <file>', 'configuration', DEFAULT_CONFIG)
    .option('--check', 'read the configuration, print every problem, and exit')
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .action(async (options: { config: string; check?: true }) => {
      status = await (options.check ? commands.check(options.config) : commands.run(options.config));
    });
  program
    .command('flush')
    .description('remove everything that spad has put into the firewall, the guard included')
    .action(async () => {
      status = await commands.flush();
    });
  program
    .command('knockd')
    .description('listen for port knocks as knockd does, with its options and its knockd.conf')
    .usage('[the options of knockd]')
    .argument('[options...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: readonly string[]) => {
      status = await commands.knockd(args);
    });
  defineCompile(program.command('compile'), (result) => {
    status = result;
  });
  await program.parseAsync([...argv], { from: 'user' });
  return status;
};
