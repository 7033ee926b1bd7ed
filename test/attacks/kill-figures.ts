/** What came of killing a daemon's processes again and again. */
import { STAGES } from './openings.ts';

export class KillFigures {
  readonly kills = { authorizer: 0, receiver: 0 };
  /** Of those of the authorizer: while it was starting. */
  whileStarting = 0;
  /** How far the packets on their way had come, for each kill of the authorizer that was at work. */
  readonly stages = Object.fromEntries(STAGES.map((stage) => [stage, 0]));
  /** Honest packets sent, let in, and sent once more. */
  packets = 0;
  opened = 0;
  replays = 0;
  /** What went wrong, in words. */
  readonly replaysAccepted: string[] = [];
  readonly leaked: string[] = [];
  readonly lost = new Set<string>();
}

/** The figures of several servers as those of one. */
export function sumOf(all: readonly KillFigures[]) {
  const total = (one: (figures: KillFigures) => number): number => all.reduce((sum, next) => sum + one(next), 0);
  return {
    kills: { authorizer: total(({ kills }) => kills.authorizer), receiver: total(({ kills }) => kills.receiver) },
    whileStarting: total(({ whileStarting }) => whileStarting),
    stages: Object.fromEntries(STAGES.map((stage) => [stage, total(({ stages }) => stages[stage] ?? 0)])),
    ...{ packets: total(({ packets }) => packets), opened: total(({ opened }) => opened) },
    replays: total(({ replays }) => replays),
    replaysAccepted: all.flatMap(({ replaysAccepted }) => replaysAccepted),
    leaked: all.flatMap(({ leaked }) => leaked),
    lost: all.flatMap(({ lost }) => [...lost]),
  };
}
