/** One course of events, played on each side in a laboratory of its own. */
import { type ExpectStatic, test } from 'vitest';
import { type Side, sides } from './peer.ts';
import { Stage } from './stage.ts';

export interface ScenarioOptions {
  /** Guarded ports with a service, from FIRST_PORT + 1 on; none unless told. */
  readonly ports?: number;
  readonly timeoutMs?: number;
  /** Sides on which it cannot be played. */
  readonly without?: readonly Side[];
}

/** One test a side; those of a file are played at the same time as far as the machine goes. */
export function scenario(
  title: string,
  play: (stage: Stage, expect: ExpectStatic) => Promise<void>,
  { ports = 0, timeoutMs = 120_000, without = [] }: ScenarioOptions = {},
): void {
  for (const side of sides()) {
    if (without.includes(side)) continue;
    test.concurrent(`${side}: ${title}`, { timeout: timeoutMs }, async ({ expect }) => {
      const stage = await Stage.create(side, ports + 1);
      try {
        await play(stage, expect);
      } finally {
        await stage.close();
      }
    });
  }
}
