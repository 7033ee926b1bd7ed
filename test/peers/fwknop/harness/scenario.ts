/** One course of events, played on each side in a laboratory of its own. */
import { type ExpectStatic, test } from 'vitest';
import { IS_ASKED, type Side, sides } from './peer.ts';
import { Stage } from './stage.ts';

export interface ScenarioOptions {
  /** Guarded ports with a service, from FIRST_PORT + 1 on; none unless told. */
  readonly ports?: number;
  readonly timeoutMs?: number;
  /** Sides on which it cannot be played. */
  readonly without?: readonly Side[];
}

/** How many are played at the same time: more would only wait for each other, and some measure times. */
const AT_ONCE = 3;

const waiting: (() => void)[] = [];
let playing = 0;

async function myTurn(): Promise<void> {
  if (playing >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else playing++;
}

function nextTurn(): void {
  const next = waiting.shift();
  if (next === undefined) playing--;
  else next();
}

/** How many there are in this file. */
let count = 0;

/**
 * One test for fwknopd and one for spad, which is configured in its two ways by turns, for the ways are held against each
 * other in the tables; where sides are asked for, one test a side. Those of a file are played at the same time as far as the
 * machine goes.
 */
export function scenario(
  title: string,
  play: (stage: Stage, expect: ExpectStatic) => Promise<void>,
  { ports = 0, timeoutMs = 400_000, without = [] }: ScenarioOptions = {},
): void {
  const able = sides().filter((side) => !without.includes(side));
  const ways = able.filter((side) => side !== 'fwknopd');
  const turn = ways[count++ % Math.max(1, ways.length)];
  for (const side of able) {
    if (!IS_ASKED && side !== 'fwknopd' && side !== turn) continue;
    test.concurrent(`${side}: ${title}`, { timeout: timeoutMs }, async ({ expect }) => {
      await myTurn();
      try {
        await onStage(side, ports, (stage) => play(stage, expect));
      } finally {
        nextTurn();
      }
    });
  }
}

async function onStage(side: Side, ports: number, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await Stage.create(side, ports + 1);
  try {
    await play(stage);
  } finally {
    await stage.close();
  }
}
