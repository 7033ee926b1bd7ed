/** The command lines of spa-client, of which completions are made. */
import type { Command } from 'commander';
import { shapeOf } from '../../keys/command-shape.ts';
import type { CommandShape } from '../../src/completion/shape.ts';
import { COMMAND_NAMES, COMMAND_TABLE } from '../command-table.ts';
import { FWKNOP_HELP } from '../fwknop/help.ts';
import { LONG_OPTIONS } from '../fwknop/options.ts';
import { KNOCK_OPTIONS, KNOCK_USAGE } from '../knock/command-line.ts';
import { makeProgram } from '../options.ts';
import { FOREIGN, OWN_SWITCH, type SessionProgram } from '../session/command-line.ts';
import { getoptShape } from './getopt-shape.ts';

/** Wherever a HOST is taken it may be a profile. */
const TOPICS = { '--profile': 'profiles', hosts: 'profiles', host: 'profiles', HOST: 'profiles' } as const;

/** The command line of a sub-command. */
export const clientShape = (program: Command): CommandShape => shapeOf(program, TOPICS);

/** That of spa-client itself, with those of its sub-commands. */
export const programShape = async (
  commandNamed: (name: string) => { readonly shape: () => Promise<CommandShape> } | undefined,
): Promise<CommandShape> => {
  const commands = await Promise.all(
    COMMAND_NAMES.map(async (name) => {
      const shape = await commandNamed(name)?.shape();
      return shape === undefined ? [] : [{ ...shape, name, help: COMMAND_TABLE[name] }];
    }),
  );
  return { ...clientShape(makeProgram('')), commands: commands.flat() };
};

/** `proxy`, `ready` and `exec` take the options of spa-client, but for a few, and one of their own. */
export const sessionShape = (program: SessionProgram): CommandShape => {
  const { options } = clientShape(makeProgram(''));
  const others = ['--version', ...Object.keys(FOREIGN).map((name) => `--${name}`)];
  const own = { spellings: [OWN_SWITCH[program]], help: 'see --help', value: undefined };
  const host = { name: 'HOST', place: { kind: 'topic', topic: 'profiles' }, repeats: false } as const;
  const command = { name: 'COMMAND', place: { kind: 'command' }, repeats: true } as const;
  const port = { name: 'PORT', place: { kind: 'text' }, repeats: false } as const;
  return {
    ...{ name: program, help: COMMAND_TABLE[program], commands: [] },
    options: [own, ...options.filter(({ spellings }) => !spellings.some((each) => others.includes(each)))],
    operands: [host, program === 'exec' ? command : port],
  };
};

export const knockShape = (): CommandShape => ({
  ...{ name: 'knock', help: COMMAND_TABLE.knock },
  ...getoptShape(
    KNOCK_OPTIONS,
    KNOCK_USAGE,
    [
      { name: 'host', place: { kind: 'text' }, repeats: false },
      { name: 'port', place: { kind: 'text' }, repeats: true },
    ],
    { profile: 'profiles' },
  ),
});

export const fwknopShape = (): CommandShape => ({
  ...{ name: 'fwknop', help: COMMAND_TABLE.fwknop },
  ...getoptShape(LONG_OPTIONS, FWKNOP_HELP, [], { 'named-config': 'stanzas' }),
});
