/** One question to the server, whoever asks it: its packets, its answer, and the second question that an answer may lead to. */
import { NODE_SUITE } from '../platform/node-suite.ts';
import type { IpAddress } from '../src/base/address.ts';
import { deriveNativeKey } from '../src/spa/native/keys.ts';
import { namingSeen } from './address/after-answer.ts';
import { type Answer, askUntilAnswered } from './answer.ts';
import type { ClientIo, UdpRoute } from './io.ts';
import { type Course, makePacket, type Packet } from './packet.ts';

export interface Question {
  /** After the first packet; then silence is the answer. */
  readonly limitMs: number;
  /** The packet of the first try, where it is made already. */
  readonly first?: Packet;
  /** Called before each packet but the first, with the seconds that have passed. */
  readonly onTryAgain?: (afterSeconds: number) => void;
  /** Called where the server wants the address named, and is asked again for the one that it has seen. */
  readonly onNaming?: (seen: IpAddress) => void;
  /** Ends the asking early, as if nothing would come. */
  readonly signal?: AbortSignal;
}

export interface Heard {
  readonly answer: Answer;
  /** By which it was asked in the end, and the first packet then. */
  readonly course: Course;
  readonly first: Packet;
  /** How many have gone out for all of it. */
  readonly packets: number;
}

/** Rejects with the error of the operating system where the first packet cannot be sent. */
export const askServer = async (
  course: Course,
  route: UdpRoute,
  question: Question,
  io: Pick<ClientIo, 'now' | 'random'>,
): Promise<Heard> => {
  const { first = makePacket(course, 0, io), limitMs, onTryAgain, onNaming, signal } = question;
  const answer = await askUntilAnswered(route, {
    makePacket: (attempt) => (attempt === 0 ? first : makePacket(course, attempt, io)).datagram,
    replyKey: deriveNativeKey(course.secret, course.target.server, 'reply', NODE_SUITE),
    limitMs,
    now: () => io.now(),
    onTryAgain: (after) => onTryAgain?.(after),
    ...(signal && { signal }),
  });
  const again = answer.kind === 'answered' ? namingSeen(answer.reply, course) : undefined;
  if (answer.kind === 'silent' || again === undefined || signal?.aborted === true) {
    return { answer, course, first, packets: answer.packets };
  }
  onNaming?.(answer.reply.source);
  const heard = await askServer(again, route, { ...question, first: makePacket(again, 0, io) }, io);
  return { ...heard, packets: answer.packets + heard.packets };
};
