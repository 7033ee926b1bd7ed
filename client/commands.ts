/** How the sub-commands are run: each is a program of its own, which `spa-client HOST` does not load. */
import type { CommandShape } from '../src/completion/shape.ts';
import { COMMAND_NAMES, type CommandName } from './command-table.ts';
import { connectOnce } from './connect.ts';
import type { ClientIo } from './io.ts';
import type { SessionProgram } from './session/command-line.ts';

export interface ClientCommand {
  /** Runs it with the words after its name; gives the exit code. */
  readonly run: (words: readonly string[], io: ClientIo) => Promise<number>;
  /** Its command line, of which completions are made. */
  readonly shape: () => Promise<CommandShape>;
}

const session = (program: SessionProgram): ClientCommand => ({
  run: async (words, io) => {
    const [{ runSession }, { openStandardOutput }] = await Promise.all([
      import('./session/run.ts'),
      import('./session/pipe.ts'),
    ]);
    const openPipes = () => ({ input: process.stdin, output: openStandardOutput() });
    return runSession(program, words, io, { dial: connectOnce, openPipes });
  },
  shape: async () => (await import('./completion/shapes.ts')).sessionShape(program),
});

const COMMANDS: Readonly<Record<CommandName, ClientCommand>> = {
  join: {
    run: async (words, io) => {
      const [{ runJoin }, { askSecret }] = await Promise.all([import('./join/run.ts'), import('../keys/terminal.ts')]);
      return runJoin(words, io, askSecret);
    },
    shape: async () => {
      const [{ joinProgram }, { clientShape }] = await Promise.all([
        import('./join/command-line.ts'),
        import('./completion/shapes.ts'),
      ]);
      return clientShape(joinProgram());
    },
  },
  proxy: session('proxy'),
  ready: session('ready'),
  exec: session('exec'),
  'install-ssh': {
    run: async (words, io) => (await import('./install-ssh/run.ts')).runInstallSsh(words, io),
    shape: async () => {
      const [{ installSshProgram }, { clientShape }] = await Promise.all([
        import('./install-ssh/run.ts'),
        import('./completion/shapes.ts'),
      ]);
      return clientShape(installSshProgram(() => undefined));
    },
  },
  knock: {
    run: async (words) => {
      const [{ runKnock }, { knockWorld }] = await Promise.all([import('./knock/run.ts'), import('./knock/world.ts')]);
      return runKnock(words, knockWorld);
    },
    shape: async () => (await import('./completion/shapes.ts')).knockShape(),
  },
  fwknop: {
    run: async (words) => {
      const [{ runFwknop }, { fwknopWorld }] = await Promise.all([
        import('./fwknop/run.ts'),
        import('./fwknop/world.ts'),
      ]);
      return runFwknop(words, fwknopWorld);
    },
    shape: async () => (await import('./completion/shapes.ts')).fwknopShape(),
  },
  completion: {
    run: async (words, io) => (await import('./completion/run.ts')).runCompletion(words, io, commandNamed),
    shape: async () => {
      const [{ completionProgram }, { clientShape }] = await Promise.all([
        import('./completion/run.ts'),
        import('./completion/shapes.ts'),
      ]);
      return clientShape(completionProgram());
    },
  },
};

/** Undefined for a word that is none of them. */
export const commandNamed = (word: string | undefined): ClientCommand | undefined => {
  const name = COMMAND_NAMES.find((each) => each === word);
  return name === undefined ? undefined : COMMANDS[name];
};
