/**
 * Does what the engine has decided. A batch of decisions is done in the order of the effects' kinds, which is the order
 * that each decision has: remembered on disk, then the grant log, then the firewall, then the log of closes, then commands,
 * then questions, then the audit line. So a burst costs one sync and one transaction, and nothing opens before its packet is
 * remembered, nor without a trace that the next start finds and tells.
 */
import type { PortSpec } from '../src/base/port-spec.ts';
import { auditEntry, type AuditEntry, type AuditLine, type Delay } from '../src/engine/audit.ts';
import type {
  AnswerEffect,
  AskConnectionsEffect,
  AskEffect,
  Decision,
  Effect,
  EffectFailure,
  JournalClosesEffect,
  ReplyEffect,
  RunCommandEffect,
  RunProgramEffect,
  UseSequenceEffect,
} from '../src/engine/effect.ts';
import type { GrantEvent } from '../src/grant/record.ts';
import { readClock } from './clock.ts';
import type { FirewallBackend } from './firewall/backend.ts';
import type { GrantStore } from './store/grant-store.ts';
import type { CodeStore } from './store/code-store.ts';
import type { ReplayStore } from './store/replay-store.ts';

export interface PerformerParts {
  readonly replay: Pick<ReplayStore, 'append'>;
  readonly codes: Pick<CodeStore, 'append'>;
  readonly firewall: FirewallBackend;
  readonly grants: Pick<GrantStore, 'append'>;
  /** Throws where lines are lost. */
  readonly audit: { readonly append: (entries: readonly AuditEntry[]) => void };
  /** What has kept this process from everything else, since this was last asked. */
  readonly delay: () => Delay | undefined;
  readonly doors: {
    readonly run: (effect: RunCommandEffect) => void;
    readonly useUp: (effect: UseSequenceEffect) => void;
  };
  /** None of these waits for what it has begun. */
  readonly fwknop: {
    readonly journal: (effect: JournalClosesEffect) => void;
    readonly run: (effect: RunProgramEffect) => void;
    readonly ask: (effect: AskEffect) => void;
  };
  /** Does not wait for what it has begun. */
  readonly replies: { readonly send: (effects: readonly ReplyEffect[]) => void };
  /** Does not wait for what it has begun. */
  readonly connections: { readonly ask: (effect: AskConnectionsEffect) => void };
  /** What the grant log says when it is written anew. */
  readonly grantEvents: () => readonly GrantEvent[];
  /** The connections that are established at these ports are made known as such. Throws what the system says. */
  readonly adopt: (ports: readonly PortSpec[]) => void;
  readonly trial: {
    /** The connections that there are now are older than the guard. Throws the system's error. */
    readonly note: () => void;
    readonly answer: (effect: AnswerEffect) => void;
    /** The daemon ends soon after. */
    readonly giveUp: () => void;
  };
}

/** Whether the rest of a decision is given up when this effect fails. What only tells or lists holds nothing up. */
const ABANDONS = {
  remember: true,
  'use-code': true,
  'use-sequence': true,
  'change-firewall': true,
  'synchronize-firewall': true,
  'flush-firewall': true,
  'adopt-connections': false,
  'note-connections': false,
  'record-grants': false,
  'run-command': false,
  'journal-closes': true,
  'run-program': true,
  ask: false,
  'ask-connections': false,
  audit: false,
  reply: false,
  answer: false,
  'give-up': false,
} as const satisfies Record<Effect['kind'], boolean>;

type EffectOf<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

type Work = Promise<void> | void;

/** One effect and the decision it belongs to. */
interface Task<K extends Effect['kind']> {
  readonly effect: EffectOf<K>;
  readonly decision: Decision;
}

/** Performs all decisions and gives back what failed, in order. Never throws what a disk or a firewall says. */
export const perform = async (
  decisions: readonly Decision[],
  parts: PerformerParts,
): Promise<readonly EffectFailure[]> => {
  const failures: EffectFailure[] = [];
  for (const stretch of cutAtSynchronize(decisions)) failures.push(...(await performStretch(stretch, parts)));
  return failures;
};

const WHOLE: readonly Effect['kind'][] = ['synchronize-firewall', 'flush-firewall'];

/** Setting the firewall right as a whole must not change places with a change before or after it. */
const cutAtSynchronize = (decisions: readonly Decision[]): readonly (readonly Decision[])[] => {
  const stretches: Decision[][] = [[]];
  for (const decision of decisions) {
    if (decision.some((effect) => WHOLE.includes(effect.kind))) stretches.push([decision], []);
    else stretches.at(-1)?.push(decision);
  }
  return stretches.filter((stretch) => stretch.length > 0);
};

/** Decisions that are done together, and what of them has failed so far. */
class Stretch {
  readonly failures: EffectFailure[] = [];
  readonly #decisions: readonly Decision[];
  readonly #failed = new Set<Decision>();

  constructor(decisions: readonly Decision[]) {
    this.#decisions = decisions;
  }

  /** All effects of a kind at once. */
  async all<K extends Effect['kind']>(kind: K, work: (effects: readonly EffectOf<K>[]) => Work): Promise<void> {
    const tasks = this.#tasksOf(kind);
    await this.#attempt(tasks, () => work(tasks.map(({ effect }) => effect)));
  }

  /** All at once, and where that fails each by itself: what the firewall refuses to one must not be refused to others. */
  async allOrEach<K extends Effect['kind']>(kind: K, work: (effects: readonly EffectOf<K>[]) => Work): Promise<void> {
    const tasks = this.#tasksOf(kind);
    if (tasks.length > 1) {
      try {
        await work(tasks.map(({ effect }) => effect));
        return;
      } catch {
        // Whose it is will be seen.
      }
    }
    for (const task of tasks) await this.#attempt([task], () => work([task.effect]));
  }

  /** Each effect of a kind by itself. */
  async each<K extends Effect['kind']>(kind: K, work: (effect: EffectOf<K>) => Work): Promise<void> {
    for (const task of this.#tasksOf(kind)) await this.#attempt([task], () => work(task.effect));
  }

  #tasksOf<K extends Effect['kind']>(kind: K): Task<K>[] {
    return this.#decisions
      .filter((decision) => !this.#failed.has(decision))
      .flatMap((decision) => decision.filter((effect) => isKind(effect, kind)).map((effect) => ({ effect, decision })));
  }

  async #attempt<K extends Effect['kind']>(tasks: readonly Task<K>[], work: () => Work): Promise<void> {
    if (tasks.length === 0) return;
    try {
      await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      for (const { effect, decision } of tasks) {
        if (ABANDONS[effect.kind]) this.#failed.add(decision);
        this.failures.push({ effect, decision, message });
      }
    }
  }
}

/** A line that tells what was counted tells what was measured, too. */
const withDelay = (line: AuditLine, take: () => Delay | undefined): AuditLine => {
  const delay = take();
  return delay === undefined ? line : { ...line, delay };
};

type Step = (stretch: Stretch, parts: PerformerParts) => Promise<void>;

/** How effects are done, in the order in which kinds follow one another. */
const STEPS = {
  remember: (stretch, { replay }) =>
    stretch.all('remember', (effects) => replay.append(effects.map(({ record }) => record))),
  'use-code': (stretch, { codes }) =>
    stretch.all('use-code', (effects) => codes.append(effects.map(({ record }) => record))),
  'use-sequence': (stretch, { doors }) => stretch.each('use-sequence', (effect) => doors.useUp(effect)),
  'adopt-connections': (stretch, { adopt }) => stretch.each('adopt-connections', ({ ports }) => adopt(ports)),
  'synchronize-firewall': (stretch, { firewall }) =>
    stretch.each('synchronize-firewall', ({ wanted }) => firewall.synchronize(wanted)),
  'flush-firewall': (stretch, { firewall }) => stretch.each('flush-firewall', () => firewall.flush()),
  'note-connections': (stretch, { trial }) => stretch.each('note-connections', () => trial.note()),
  'record-grants': (stretch, { grants, grantEvents }) =>
    stretch.all('record-grants', (effects) => {
      const events = effects.flatMap((effect) => effect.events);
      grants.append(events, grantEvents);
    }),
  'change-firewall': (stretch, { firewall }) =>
    stretch.allOrEach('change-firewall', (effects) => firewall.apply(effects.map(({ change }) => change))),
  reply: (stretch, { replies }) => stretch.all('reply', (effects) => replies.send(effects)),
  'run-command': (stretch, { doors }) => stretch.each('run-command', (effect) => doors.run(effect)),
  'journal-closes': (stretch, { fwknop }) => stretch.each('journal-closes', (effect) => fwknop.journal(effect)),
  'run-program': (stretch, { fwknop }) => stretch.each('run-program', (effect) => fwknop.run(effect)),
  ask: (stretch, { fwknop }) => stretch.each('ask', (effect) => fwknop.ask(effect)),
  'ask-connections': (stretch, { connections }) => stretch.each('ask-connections', (effect) => connections.ask(effect)),
  audit: (stretch, { audit, delay }) =>
    stretch.all('audit', (effects) =>
      audit.append(
        effects.map(({ line }) => auditEntry(line.counts ? withDelay(line, delay) : line, readClock().wall)),
      ),
    ),
  answer: (stretch, { trial }) => stretch.each('answer', (effect) => trial.answer(effect)),
  'give-up': (stretch, { trial }) => stretch.each('give-up', () => trial.giveUp()),
} as const satisfies Record<Effect['kind'], Step>;

const IN_ORDER = Object.keys(STEPS) as readonly Effect['kind'][];

const performStretch = async (
  decisions: readonly Decision[],
  parts: PerformerParts,
): Promise<readonly EffectFailure[]> => {
  const stretch = new Stretch(decisions);
  const kinds = new Set(decisions.flatMap((decision) => decision.map(({ kind }) => kind)));
  for (const kind of IN_ORDER) if (kinds.has(kind)) await STEPS[kind](stretch, parts);
  return stretch.failures;
};

const isKind = <K extends Effect['kind']>(effect: Effect, kind: K): effect is EffectOf<K> => effect.kind === kind;
