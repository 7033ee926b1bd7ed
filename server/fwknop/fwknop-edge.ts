/**
 * fwknop's part of the daemon's edges: programs and the log of those that are still to be run, gpg, and names. What a
 * packet comes to is the engine's to say; what these have to say comes to it as an input.
 */
import { lookup } from 'node:dns/promises';
import { parseAddress } from '../../src/base/address.ts';
import { CLOSES, type PendingClose } from '../../src/access/pending-close.ts';
import type { AskEffect, JournalClosesEffect, RunProgramEffect } from '../../src/engine/effect.ts';
import type { FwknopAnswer, FwknopQuestion } from '../../src/engine/fwknop-question.ts';
import type { Input } from '../../src/engine/input.ts';
import type { Logger } from '../log/logger.ts';
import { Seldom } from '../log/seldom.ts';
import { PendingStore } from '../store/pending-store.ts';
import { unsealByGpg } from './gpg.ts';
import { Programs } from './programs.ts';
import { Turns } from '../process/turns.ts';

/** gpg keeps a processor busy; names are looked up on the four threads that Node has for files, too. */
const AT_ONCE = 2;
const MAX_WAITING = 64;
const LOOKUP_MS = 5000;
/** How long an orderly end waits for what closes. */
const PATIENCE_MS = 10_000;

export interface FwknopEdgeParts {
  /** Where pending closes are remembered. */
  readonly closeLog: string;
  /** Nothing is run, and it is said what would be. */
  readonly dryRun: boolean;
  readonly logger: Logger;
  readonly onInput: (input: Input) => void;
}

type Question<K extends FwknopQuestion['kind']> = Extract<FwknopQuestion, { kind: K }>;

export class FwknopEdge {
  readonly #parts: FwknopEdgeParts;
  readonly #closes: PendingStore<PendingClose>;
  readonly #programs: Programs;
  readonly #gpg = new Turns(AT_ONCE, MAX_WAITING);
  readonly #lookups = new Turns(AT_ONCE, MAX_WAITING);
  readonly #troubles: Seldom;

  constructor(parts: FwknopEdgeParts) {
    this.#parts = parts;
    this.#troubles = new Seldom((text) => parts.logger.warn(text));
    this.#closes = new PendingStore(parts.closeLog, CLOSES, 'pending close commands', (text) =>
      parts.logger.warn(text),
    );
    this.#programs = new Programs({
      // Not before: whoever dies just then runs it once more rather than never.
      onStarted: ({ purpose }) => {
        if (purpose.kind === 'close') this.#closes.done(purpose.id);
      },
      onEnded: (effect, failed, how) => this.#hearEnd(effect, failed, how),
    });
  }

  /** Close commands that an earlier run has left. */
  get closesLeft(): readonly PendingClose[] {
    return this.#closes.pending;
  }

  journal({ closes }: JournalClosesEffect): void {
    for (const close of closes) this.#closes.put(close);
  }

  /** Throws a sentence where too many programs wait. */
  run(effect: RunProgramEffect): void {
    if (!this.#parts.dryRun) {
      this.#programs.run(effect);
      return;
    }
    const { run, stanza, purpose } = effect;
    this.#parts.logger.info(`would run for [access ${stanza}]: ${run.argv.join(' ')}`);
    if (purpose.kind === 'close') this.#closes.done(purpose.id);
  }

  /** The answer comes as an input, in any case. */
  ask({ id, question }: AskEffect): void {
    const tell = (answer: FwknopAnswer): void => this.#parts.onInput({ kind: 'answered', id, answer });
    const isTaken =
      question.kind === 'unseal-gpg'
        ? this.#gpg.take(() => this.#unseal(question, tell))
        : this.#lookups.take(() => this.#lookUp(question, tell));
    if (isTaken) return;
    this.#troubles.tell(
      `too many packets wait for ${question.kind === 'unseal-gpg' ? 'gpg' : 'names'}; some are refused`,
    );
    tell(noAnswer(question));
  }

  /** Settles when no question is open. */
  async idle(): Promise<void> {
    await Promise.all([this.#gpg.idle(), this.#lookups.idle()]);
  }

  /** What is open by a command is closed now; settles then. */
  async finish(): Promise<void> {
    await this.#programs.finish(PATIENCE_MS);
    this.#closes.close();
  }

  async #unseal(question: Question<'unseal-gpg'>, tell: (answer: FwknopAnswer) => void): Promise<void> {
    try {
      tell({ kind: 'unseal-gpg', unsealing: await unsealByGpg(question.keys, question.message) });
    } catch (error) {
      this.#troubles.tell(error instanceof Error ? error.message : String(error));
      tell(noAnswer(question));
    }
  }

  /** Both families, in the order of the system's resolver; none where nobody knows the name in time. */
  async #lookUp(question: Question<'resolve-host'>, tell: (answer: FwknopAnswer) => void): Promise<void> {
    const { host } = question;
    const late = setTimeout(() => {
      this.#troubles.tell(`nobody could say in time what address ${host} has`);
      tell(noAnswer(question));
    }, LOOKUP_MS);
    // The system cannot be told to give up: the turn is taken until it does, and what comes after the first answer is ignored.
    const found = await lookup(host, { all: true, verbatim: true }).catch(() => []);
    clearTimeout(late);
    const addresses = found.map(({ address }) => parseAddress(address)).filter((address) => address !== undefined);
    tell({ kind: 'resolve-host', lookup: { host, addresses } });
  }

  #hearEnd(effect: RunProgramEffect, failed: boolean, how: string): void {
    const { run, stanza } = effect;
    if (failed) this.#parts.logger.warn(`[access ${stanza}] ${run.argv[0] ?? ''}: ${how}`);
    this.#parts.onInput({ kind: 'program-ended', effect, failed, how });
  }
}

const noAnswer = (question: FwknopQuestion): FwknopAnswer =>
  question.kind === 'unseal-gpg'
    ? { kind: 'unseal-gpg', unsealing: { keys: question.keys, result: undefined } }
    : { kind: 'resolve-host', lookup: { host: question.host, addresses: [] } };
