/** `spa-client proxy`, `ready` and `exec`: from their words to their exit codes. */
import type { Readable, Writable } from 'node:stream';
import { asTrouble, Trouble } from '../../keys/trouble.ts';
import type { Connection } from '../connect.ts';
import type { ClientIo } from '../io.ts';
import type { Target } from '../request.ts';
import { tellTrouble } from '../tell-trouble.ts';
import { formatEndpoint } from '../ui.ts';
import { parseSession, type SessionOptions, type SessionProgram } from './command-line.ts';
import { connectTo, type Dial } from './connect-to.ts';
import { SESSION_HELP } from './help.ts';
import { joinPipes } from './pipe.ts';
import { quietIo, sessionTarget } from './target.ts';

/** What these programs have of the world beside that of spa-client. */
export interface SessionWorld {
  readonly dial: Dial<Connection>;
  /** Standard input and output, opened when they are needed. */
  openPipes(): { readonly input: Readable; readonly output: Writable };
}

type Session = (options: SessionOptions, io: ClientIo, world: SessionWorld) => Promise<number>;

/** Runs one of them with the words after its name; gives the exit code (see its --help). A bug rejects. */
export const runSession = async (
  program: SessionProgram,
  words: readonly string[],
  io: ClientIo,
  world: SessionWorld,
): Promise<number> => {
  try {
    const options = parseSession(program, words);
    if (options !== 'help') return await SESSIONS[program](options, io, world);
    io.out(SESSION_HELP[program]);
    return 0;
  } catch (error) {
    return tellTrouble(error, 'spa-client', io);
  }
};

type WaitingTarget = Target & { readonly wait: NonNullable<Target['wait']> };

const withPort = (target: Target): WaitingTarget => {
  const { wait } = target;
  if (wait !== undefined) return { ...target, wait };
  throw new Trouble('there is no tcp port to try: name it behind HOST, or with --access');
};

/** Nothing on standard output but what comes through the connection, and nothing on standard error but errors. */
const proxy: Session = async (options, io, world) => {
  const quiet = quietIo(io, options.options.verbose);
  const target = withPort(sessionTarget(options, quiet));
  const { connection, to } = await connectTo(target, options, { dial: world.dial, endsRefused: true }, quiet);
  const { input, output } = world.openPipes();
  const failure = await joinPipes(input, output, connection.socket);
  if (failure === undefined) return 0;
  const trouble = asTrouble(failure);
  if (trouble === undefined) throw failure;
  const where = formatEndpoint(to, target.wait.port);
  throw new Trouble(
    `the connection to ${where} broke (${trouble.message}): connect again; if it breaks again, look at the log of the service there`,
    1,
    { cause: failure },
  );
};

/** Standard error is ssh's terminal, on which a line that is written over is welcome. */
const ready: Session = async (options, io, world) => {
  const quiet = quietIo(io, options.options.verbose);
  const target = withPort(sessionTarget(options, quiet));
  const { connection } = await connectTo(target, options, { dial: world.dial, endsRefused: false, screen: io }, quiet);
  connection.destroy();
  return 0;
};

/** What starts other programs is loaded only here. */
const exec: Session = async (options, io, { dial }) => {
  const { execCommand } = await import('./exec.ts');
  return execCommand(options, io, dial);
};

const SESSIONS: Readonly<Record<SessionProgram, Session>> = { proxy, ready, exec };
