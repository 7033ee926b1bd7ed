/** `spa-client exec HOST -- COMMAND`: open for as long as the command runs. */
import { asTrouble } from '../../keys/trouble.ts';
import { seconds } from '../../src/base/units.ts';
import { askServer } from '../ask-server.ts';
import { layCourse } from '../course.ts';
import type { ClientIo } from '../io.ts';
import { makePacket } from '../packet.ts';
import { formatPorts, type Target } from '../request.ts';
import type { Attempt } from '../wait.ts';
import { NotRun, runChild } from './child.ts';
import type { SessionOptions } from './command-line.ts';
import type { Dial } from './connect-to.ts';
import { type Renewal, startKeepingOpen } from './keep-open.ts';
import { type Opening, openPort } from './open-port.ts';
import { quietIo, sessionTarget } from './target.ts';

/** How long asking again, and closing, may take. */
const [RENEW_LIMIT, CLOSE_LIMIT_MS] = [seconds(8), 2000];

/** Gives the exit code of the command. Rejects with a Trouble where the command was not run because nothing was opened. */
export const execCommand = async (all: SessionOptions, io: ClientIo, dial: Dial<Attempt>): Promise<number> => {
  const quiet = quietIo(io, all.options.verbose);
  const target = sessionTarget(all, quiet);
  const opening = await open(target, all, dial, quiet, io);
  const keeper = startKeepingOpen(opening.leftMs, {
    renew: (ended) => renew(target, all, { opening, ended }, quiet),
    openFor: target.openFor,
    tell: (problem) => io.err(`spa-client: note: ${sayKept(target, problem)}\n`),
    now: () => io.now(),
  });
  try {
    return await runChild(all.command);
  } catch (error) {
    if (!(error instanceof NotRun)) throw error;
    io.err(`spa-client: ${error.message}\n`);
    return error.shellCode;
  } finally {
    keeper.stop();
    if (!all.hasSwitch) await close(target, all, quiet);
  }
};

const open = async (
  target: Target,
  { options, limit }: SessionOptions,
  dial: Dial<Attempt>,
  quiet: ClientIo,
  screen: ClientIo,
): Promise<Opening<Attempt>> => {
  const laid = await layCourse(target, options, quiet);
  const { wait } = target;
  try {
    const opening = await openPort(
      laid,
      {
        ...{ needs: 'grant', limit, endsRefused: false, screen },
        dial: wait && ((timeoutMs) => dial(laid.course.to, wait.port, timeoutMs)),
      },
      quiet,
    );
    opening.connection?.destroy();
    return opening;
  } finally {
    laid.route.close();
  }
};

/** A server that has not answered is not waited for. The host is looked up anew, for this one may be in another network by now. */
const renew = async (
  target: Target,
  { options }: SessionOptions,
  { opening: { leftMs }, ended }: { readonly opening: Opening<Attempt>; readonly ended: AbortSignal },
  quiet: ClientIo,
): Promise<Renewal> => {
  try {
    const again: Target = { ...target, answerWithin: leftMs === undefined ? undefined : target.answerWithin };
    const laid = await layCourse(again, options, quiet);
    try {
      // The command has ended while the host was looked up.
      if (ended.aborted) return { leftMs: undefined };
      const wish = { dial: undefined, needs: 'grant', endsRefused: false, screen: undefined } as const;
      return { leftMs: (await openPort(laid, { ...wish, limit: RENEW_LIMIT, signal: ended }, quiet)).leftMs };
    } finally {
      laid.route.close();
    }
  } catch (error) {
    const trouble = asTrouble(error);
    if (trouble === undefined) throw error;
    return { problem: trouble.message, isRefused: trouble.exitCode === 4 };
  }
};

const sayKept = (target: Target, problem: string | undefined): string => {
  const what = target.access.length === 0 ? 'what was opened' : formatPorts(target.access);
  if (problem === undefined) return `${what} is open again`;
  return `${what} could not be kept open, and new connections may be shut out; it is tried again, and what is connected stays (${problem})`;
};

/** Nobody waits for what comes of it: what is not closed ends by itself. */
const close = async (target: Target, { options }: SessionOptions, quiet: ClientIo): Promise<void> => {
  try {
    const closing: Target = { ...target, type: 'close', openFor: seconds(0), forward: undefined, wait: undefined };
    const { course, route } = await layCourse(closing, options, quiet);
    try {
      if (target.answerWithin === undefined) await route.send(makePacket(course, 0, quiet).datagram);
      else await askServer(course, route, { limitMs: CLOSE_LIMIT_MS }, quiet);
    } finally {
      route.close();
    }
  } catch (error) {
    if (asTrouble(error) === undefined) throw error;
  }
};
