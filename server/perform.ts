/**
 * Does what the engine has decided. A batch of decisions is done in the order of the effects' kinds, which is the order
 * that each decision has: remembered on disk, then the firewall, then the grant log, then commands, then the audit line. So a burst costs
 * one sync and one transaction, and nothing opens before its packet is remembered.
 */
import { formatAuditLine } from '../src/engine/audit.ts';
import type { Decision, Effect, EffectFailure, RunCommandEffect, UseSequenceEffect } from '../src/engine/effect.ts';
import type { Grant } from '../src/grant/grant.ts';
import { readClock } from './clock.ts';
import type { FirewallBackend } from './firewall/backend.ts';
import type { AuditFile } from './log/audit-file.ts';
import type { GrantStore } from './store/grant-store.ts';
import type { ReplayStore } from './store/replay-store.ts';

export interface PerformerParts {
  readonly replay: Pick<ReplayStore, 'append'>;
  readonly firewall: FirewallBackend;
  readonly grants: Pick<GrantStore, 'append'>;
  readonly audit: Pick<AuditFile, 'append'>;
  readonly doors: {
    readonly run: (effect: RunCommandEffect) => void;
    readonly useUp: (effect: UseSequenceEffect) => void;
  };
  /** The live grants, for when the grant log is written anew. */
  readonly liveGrants: () => readonly Grant[];
}

/** Whether the rest of a decision is given up when this effect fails. What only tells or lists holds nothing up. */
const ABANDONS = {
  remember: true,
  'use-sequence': true,
  'change-firewall': true,
  'synchronize-firewall': true,
  'record-grants': false,
  'run-command': false,
  audit: false,
} as const satisfies Record<Effect['kind'], boolean>;

type EffectOf<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

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

/** Setting the firewall right as a whole must not change places with a change before or after it. */
const cutAtSynchronize = (decisions: readonly Decision[]): readonly (readonly Decision[])[] => {
  const stretches: Decision[][] = [[]];
  for (const decision of decisions) {
    if (decision.some((effect) => effect.kind === 'synchronize-firewall')) stretches.push([decision], []);
    else stretches.at(-1)?.push(decision);
  }
  return stretches.filter((stretch) => stretch.length > 0);
};

const performStretch = async (
  decisions: readonly Decision[],
  parts: PerformerParts,
): Promise<readonly EffectFailure[]> => {
  const failures: EffectFailure[] = [];
  const failed = new Set<Decision>();
  const attempt = async <K extends Effect['kind']>(
    tasks: readonly Task<K>[],
    work: () => Promise<void> | void,
  ): Promise<void> => {
    if (tasks.length === 0) return;
    try {
      await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      for (const { effect, decision } of tasks) {
        if (ABANDONS[effect.kind]) failed.add(decision);
        failures.push({ effect, decision, message });
      }
    }
  };
  const tasksOf = <K extends Effect['kind']>(kind: K): Task<K>[] =>
    decisions
      .filter((decision) => !failed.has(decision))
      .flatMap((decision) => decision.filter((effect) => isKind(effect, kind)).map((effect) => ({ effect, decision })));

  const remember = tasksOf('remember');
  await attempt(remember, () => parts.replay.append(remember.map(({ effect }) => effect.record)));
  for (const task of tasksOf('use-sequence')) await attempt([task], () => parts.doors.useUp(task.effect));
  for (const task of tasksOf('synchronize-firewall')) {
    const { guard, openings, forwards } = task.effect;
    await attempt([task], () => parts.firewall.synchronize(guard, openings, forwards));
  }
  const changes = tasksOf('change-firewall');
  await attempt(changes, () => parts.firewall.apply(changes.map(({ effect }) => effect.change)));
  const records = tasksOf('record-grants');
  await attempt(records, () =>
    parts.grants.append(
      records.flatMap(({ effect }) => effect.events),
      parts.liveGrants,
    ),
  );
  for (const task of tasksOf('run-command')) await attempt([task], () => parts.doors.run(task.effect));
  const lines = tasksOf('audit');
  await attempt(lines, () =>
    parts.audit.append(lines.map(({ effect }) => formatAuditLine(effect.line, readClock().wall))),
  );
  return failures;
};

const isKind = <K extends Effect['kind']>(effect: Effect, kind: K): effect is EffectOf<K> => effect.kind === kind;
