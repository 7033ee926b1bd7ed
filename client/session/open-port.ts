/**
 * Asking and trying at the same time, for whoever wants to connect: the answer tells when the port is open or why it will not be, and
 * where no answer comes, the port tells.
 */
import { Trouble } from '../../keys/trouble.ts';
import type { IpAddress } from '../../src/base/address.ts';
import { printable } from '../../src/base/printable.ts';
import type { Seconds } from '../../src/base/units.ts';
import type { Answer } from '../answer.ts';
import { explainRefusal, explainSilence, sayNaming } from '../answer-words.ts';
import { askServer, type Heard } from '../ask-server.ts';
import type { Laid } from '../course.ts';
import { tellClock } from '../hear-answer.ts';
import type { ClientIo } from '../io.ts';
import { makePacket } from '../packet.ts';
import { explainNetworkError, explainUnserved, explainWait, type Progress, startProgress } from '../ui.ts';
import type { Attempt } from '../wait.ts';
import { type Dialer, makeDialer } from './dialer.ts';

export interface OpenWish<T extends Attempt> {
  /** Begins a connection to the port of the target's `wait`; undefined: there is none to try. */
  readonly dial: ((timeoutMs: number) => T) | undefined;
  /** What there must be: a connection, or, for `grant`, whichever comes first of the answer and a connection. */
  readonly needs: 'connection' | 'grant';
  readonly limit: Seconds;
  /** Whether a try that is refused although the server has opened is the end: nothing listens there. */
  readonly endsRefused: boolean;
  /** Where progress is shown, if that is a terminal. */
  readonly screen: ClientIo | undefined;
  /** Ends it early, as if the time had run out. */
  readonly signal?: AbortSignal;
}

export interface Opening<T extends Attempt> {
  /** Open; its owner destroys it. */
  readonly connection: T | undefined;
  /** In ms from now: how long the port stays open; undefined where the server has not said so. */
  readonly leftMs: number | undefined;
}

/** Until then, in ms, the answer is waited for before a port is tried that is most likely shut still. */
const ANSWER_PATIENCE_MS = 300;
/** The first try where no answer is asked for. */
const UNANSWERED_TRY_MS = 20;

/** Where no answer is asked for, and no port can be tried: the packet is all there is. */
const isBlind = ({ course }: Laid, { dial }: OpenWish<Attempt>): boolean =>
  dial === undefined && course.target.answerWithin === undefined;

/**
 * Sends packets, the first at once, others after 1, 3, 7, … seconds, until there is what is needed.
 * Rejects with a Trouble: exit code 4 where the server refused or failed, 3 where the time ran out, 1 where nothing could be sent.
 */
export const openPort = async <T extends Attempt>(laid: Laid, wish: OpenWish<T>, io: ClientIo): Promise<Opening<T>> => {
  if (!isBlind(laid, wish)) return new Race(laid, wish, io).opening;
  const { course, route } = laid;
  await route.send(makePacket(course, 0, io).datagram).catch((error: unknown) => {
    throw explainNetworkError(error, course.to, course.target.port);
  });
  return { connection: undefined, leftMs: undefined };
};

type Answered = Answer & { readonly kind: 'answered' };

/** Asking and trying side by side; whatever is needed first ends both, and nothing of either is left. */
class Race<T extends Attempt> {
  readonly opening: Promise<Opening<T>>;
  private readonly laid: Laid;
  private readonly wish: OpenWish<T>;
  private readonly io: ClientIo;
  private readonly dialer: Dialer | undefined;
  private readonly asking = new AbortController();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly patience: NodeJS.Timeout;
  private readonly started = performance.now();
  private packets = 1;
  private answer: Answered | undefined;
  private answeredAt = 0;
  private settle!: { readonly resolve: (opening: Opening<T>) => void; readonly reject: (error: unknown) => void };

  constructor(laid: Laid, wish: OpenWish<T>, io: ClientIo) {
    [this.laid, this.wish, this.io] = [laid, wish, io];
    this.opening = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    const { dial, limit, screen } = wish;
    this.dialer =
      dial &&
      makeDialer(
        dial,
        (connection) => this.succeed(connection),
        (startedAt) => this.hearRefusal(startedAt),
      );
    if (screen !== undefined) this.showProgress(startProgress(screen));
    this.timers.add(setTimeout(() => this.runOut(), limit * 1000));
    wish.signal?.addEventListener('abort', () => this.runOut(), { signal: this.asking.signal });
    const isAnswered = laid.course.target.answerWithin !== undefined;
    const patience = isAnswered ? ANSWER_PATIENCE_MS : UNANSWERED_TRY_MS;
    this.patience = setTimeout(() => this.dialer?.start(), patience);
    this.ask().then(
      (heard) => this.hear(heard),
      (error: unknown) => this.fail(explainNetworkError(error, laid.course.to, laid.course.target.port)),
    );
  }

  private ask(): Promise<Heard> {
    const { course, route } = this.laid;
    const question = {
      ...{ limitMs: this.wish.limit * 1000, signal: this.asking.signal },
      onTryAgain: () => (this.packets += 1),
      onNaming: (seen: IpAddress) => this.io.err(`note: ${sayNaming(course.target.server, seen)}\n`),
    };
    return askServer(course, route, question, this.io);
  }

  private hear({ answer, course, first }: Heard): void {
    if (answer.kind === 'silent') return;
    this.answer = answer;
    this.answeredAt = performance.now();
    clearTimeout(this.patience);
    tellClock(answer.aheadMs, course, this.io);
    const refusal = explainRefusal(answer, first.built.request, course.target.server);
    if (refusal !== undefined) this.fail(new Trouble(refusal, 4));
    else if (this.wish.needs === 'grant' || this.dialer === undefined) this.succeed(undefined);
    else this.dialer.start();
  }

  private hearRefusal(startedAt: number): void {
    if (this.wish.endsRefused && this.answer !== undefined && startedAt >= this.answeredAt) this.runOut();
  }

  private succeed(connection: T | undefined): void {
    this.end();
    this.settle.resolve({ connection, leftMs: this.leftMs() });
  }

  private runOut(): void {
    this.fail(new Trouble(this.explain(), 3));
  }

  private fail(error: unknown): void {
    this.end();
    this.settle.reject(error);
  }

  private end(): void {
    clearTimeout(this.patience);
    for (const timer of this.timers) clearTimeout(timer);
    this.dialer?.stop();
    this.asking.abort();
  }

  /** The port is open from a little before the answer comes. */
  private leftMs(): number | undefined {
    if (this.answer?.reply.outcome.status !== 'opened') return undefined;
    const { outcome, time } = this.answer.reply;
    return outcome.ends - time - (performance.now() - this.answeredAt);
  }

  private explain(): string {
    const { course } = this.laid;
    const { target, to } = course;
    const result = { open: false, refused: this.dialer?.lastOutcome() === 'refused' } as const;
    if (this.dialer === undefined) return explainSilence(this.packets, this.wish.limit, course, this.io.now());
    return this.answer === undefined
      ? explainWait(result, target, to, this.io.now())
      : explainUnserved(result, target, to);
  }

  private showProgress(progress: Progress): void {
    const { server, wait } = this.laid.course.target;
    const show = (): void => {
      const what =
        this.answer === undefined || wait === undefined
          ? `asking ${printable(server)}`
          : `open; waiting for tcp/${String(wait.port)}`;
      progress.update(`${what} … ${((performance.now() - this.started) / 1000).toFixed(1)} s`);
    };
    this.timers.add(setInterval(show, 100));
    const clear = (): void => progress.clear();
    void this.opening.then(clear, clear);
  }
}
