/**
 * Asking until an answer comes (docs/native-packet.md, section 10). What comes of it is a value; words are made of it elsewhere.
 */
import { systemCode } from '../keys/trouble.ts';
import { NODE_SUITE } from '../platform/node-suite.ts';
import type { UnixMs } from '../src/base/units.ts';
import { openReply, type Reply, requestMacOf } from '../src/spa/native/reply.ts';
import type { UdpRoute } from './io.ts';

/** What has come of asking. `packets` is how many have gone out by then, at least 1. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly reply: Reply;
      /** How far the server's clock is ahead of this host's, in ms: right to half the time that packet and answer took. */
      readonly aheadMs: number;
      readonly packets: number;
    }
  /** Which is no refusal: packet or answer may be lost, and a server need not answer. */
  | { readonly kind: 'silent'; readonly packets: number };

export interface Asking {
  /** The packet for each try, 0 the first: with a time and a nonce of its own, for the same datagram again would be `replayed`. */
  readonly makePacket: (attempt: number) => Uint8Array;
  /** 32 bytes. */
  readonly replyKey: Uint8Array;
  /** After the first packet; then silence is the answer. */
  readonly limitMs: number;
  /** This host's clock, as it is. */
  readonly now: () => UnixMs;
  /** Called before each packet but the first, with the seconds that have passed. */
  readonly onTryAgain: (afterSeconds: number) => void;
  /** Ends the asking early, as if nothing would come. */
  readonly signal?: AbortSignal;
}

/** In seconds after the first packet: 0, 1, 3, 7 … */
const tryAfter = (attempt: number): number => 2 ** attempt - 1;

interface Pending {
  readonly mac: Uint8Array;
  readonly sentAt: UnixMs;
}

/**
 * Sends packets until one of them is answered or the time is over; the answer to any of them counts. Whatever else comes is
 * ignored, for anyone can send it. Rejects with the error of the operating system where the first packet cannot be sent; a
 * later one that cannot is as good as lost.
 */
export const askUntilAnswered = (route: UdpRoute, asking: Asking): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const pending: Pending[] = [];
    const timers = new Set<NodeJS.Timeout>();
    let packets = 0;
    let isOver = false;
    const end = (settle: () => void): void => {
      isOver = true;
      for (const timer of timers) clearTimeout(timer);
      asking.signal?.removeEventListener('abort', stop);
      settle();
    };
    const stop = (): void => end(() => resolve({ kind: 'silent', packets }));
    const fail = (error: Error): void => end(() => reject(error));
    asking.signal?.addEventListener('abort', stop);
    const at = (delayMs: number, act: () => void): void => void timers.add(setTimeout(act, delayMs));

    route.listen((datagram) => {
      const answer = answerTo(pending, datagram, asking);
      if (answer !== undefined && !isOver) end(() => resolve({ kind: 'answered', ...answer, packets }));
    });
    const send = async (attempt: number): Promise<void> => {
      const datagram = asking.makePacket(attempt);
      pending.push({ mac: requestMacOf(datagram), sentAt: asking.now() });
      packets += 1;
      await route.send(datagram);
    };
    const sendAgain = async (attempt: number): Promise<void> => {
      asking.onTryAgain(tryAfter(attempt));
      try {
        await send(attempt);
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
      }
    };
    send(0).then(() => {
      if (isOver) return;
      for (let attempt = 1; tryAfter(attempt) * 1000 < asking.limitMs; attempt += 1)
        at(tryAfter(attempt) * 1000, () => void sendAgain(attempt).catch(fail));
      at(asking.limitMs, stop);
    }, fail);
  });

/** The middle between sending and hearing is the best guess of when the server has read its clock. */
const answerTo = (
  pending: readonly Pending[],
  datagram: Uint8Array,
  { replyKey, now }: Asking,
): { readonly reply: Reply; readonly aheadMs: number } | undefined => {
  const heardAt = now();
  for (const { mac, sentAt } of pending) {
    const reply = openReply(datagram, replyKey, mac, NODE_SUITE);
    if (reply.ok) return { reply: reply.value, aheadMs: Math.round(reply.value.time - (sentAt + heardAt) / 2) };
  }
  return undefined;
};
