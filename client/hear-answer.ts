/** Asks, says what the server has answered, and makes it the exit code. */
import { clocksPath } from '../keys/places.ts';
import { asTrouble, Trouble } from '../keys/trouble.ts';
import type { IpAddress } from '../src/base/address.ts';
import { printable } from '../src/base/printable.ts';
import type { Answer } from './answer.ts';
import { explainRefusal, explainSilence, sayAnswer, sayNaming, saySource } from './answer-words.ts';
import { askServer } from './ask-server.ts';
import { AGREED_MS, rememberClock } from './clock-memory.ts';
import type { ClientIo, UdpRoute } from './io.ts';
import type { Course, Packet } from './packet.ts';
import { explainNetworkError, sayClock } from './ui.ts';

/**
 * Sends `first`, and more where nothing comes back. Whether the server has answered that it is done.
 * Rejects with a Trouble: exit code 3 where nothing came back, 4 where the server refused or failed; 1 where nothing could be sent.
 */
export const hearAnswer = async (
  course: Course,
  first: Packet,
  limit: number,
  route: UdpRoute,
  io: ClientIo,
): Promise<boolean> => {
  const { target, to } = course;
  const question = {
    ...{ first, limitMs: limit * 1000 },
    onTryAgain: (after: number) => io.err(`no answer after ${String(after)} s; asking again\n`),
    onNaming: (seen: IpAddress) => io.err(`note: ${sayNaming(target.server, seen)}\n`),
  };
  const { answer, ...asked } = await askServer(course, route, question, io).catch((error: unknown) => {
    throw explainNetworkError(error, to, target.port);
  });
  if (answer.kind === 'answered') tellAnswer(answer, asked.course, asked.first, io);
  else tellSilence(explainSilence(answer.packets, limit, course, io.now()), target.wait?.port, io);
  return answer.kind === 'answered';
};

const tellAnswer = (
  answer: Answer & { readonly kind: 'answered' },
  course: Course,
  { built }: Packet,
  io: ClientIo,
): void => {
  tellClock(answer.aheadMs, course, io);
  const { request } = built;
  const refusal = explainRefusal(answer, request, course.target.server);
  if (refusal !== undefined) throw new Trouble(refusal, 4);
  io.out(`${sayAnswer(answer, request, io.now())}\n`);
  const source = saySource(answer.reply, built, course.local);
  if (source !== undefined) io.err(`note: ${source}\n`);
};

/** Says where the clocks differ, and remembers it for the next packets. */
export const tellClock = (aheadMs: number, { target: { server }, clockMs }: Course, io: ClientIo): void => {
  if (Math.abs(aheadMs) > AGREED_MS) {
    const next = clockMs === 0 ? 'the next packets will allow for that' : 'allowed for';
    io.err(`note: ${sayClock(aheadMs, server)}; ${next}\n`);
  } else if (clockMs !== 0) io.err(`note: this host's clock agrees with that of ${printable(server)} again\n`);
  try {
    rememberClock(clocksPath(io.env), server, aheadMs);
  } catch (error) {
    const trouble = asTrouble(error);
    if (trouble === undefined) throw error;
    io.err(`note: that is not remembered: ${trouble.message}\n`);
  }
};

/** Silence is no refusal, so that a port that was to be tried is tried. */
const tellSilence = (sentence: string, port: number | undefined, io: ClientIo): void => {
  if (port === undefined) throw new Trouble(sentence, 3);
  io.err(`note: ${sentence}; trying tcp/${String(port)} all the same\n`);
};
