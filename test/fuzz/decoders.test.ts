/**
 * No input makes a decoder throw, hang or give what is not in its list. A short run with every test;
 * FUZZ_TARGET chooses one decoder, FUZZ_SECONDS how long, FUZZ_SEED repeats a run (`npm run fuzz -- TARGET [SECONDS]`).
 */
import { expect, test } from 'vitest';
import { toHex } from '../unit/values.ts';
import { chanceFrom, nextInput } from './mutate.ts';
import { type Target, targets } from './targets.ts';

const only = process.env['FUZZ_TARGET'];
const seconds = process.env['FUZZ_SECONDS'];
/** Without a time: this long for each, the same inputs every time as far as the time reaches. */
const DEFAULT_MS = 90;
const milliseconds = seconds === undefined ? DEFAULT_MS : 1000 * Number(seconds);
const seed = Number(process.env['FUZZ_SEED'] ?? (seconds === undefined ? 1 : Date.now() >>> 0));
/** No input here is larger than some kilobytes; a busy machine makes many milliseconds of one. */
const SLOW_MS = 5000;

const complaintOf = (target: Target, input: Uint8Array): string | undefined => {
  const start = performance.now();
  try {
    const complaint = target.run(input);
    const took = performance.now() - start;
    return complaint ?? (took > SLOW_MS ? `took ${took.toFixed(0)} ms` : undefined);
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
};

/** Runs until the time is over or an input fails; the number of inputs. */
const fuzz = (target: Target): number => {
  const chance = chanceFrom(seed);
  let executions = 0;
  for (const input of target.seeds) report(target, input, complaintOf(target, input));
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const input = nextInput(target.seeds, chance);
    executions += 1;
    report(target, input, complaintOf(target, input));
  }
  return executions;
};

const report = (target: Target, input: Uint8Array, complaint: string | undefined): void => {
  if (complaint === undefined) return;
  throw new Error(
    `${target.name} ${complaint}\n  input: ${toHex(input)}\n  repeat: FUZZ_SEED=${String(seed)} npm run fuzz -- ${target.name}`,
  );
};

const chosen = targets.filter((target) => only === undefined || only === '' || target.name === only);

test('the target exists', () => {
  expect(chosen.length, `targets: ${targets.map((target) => target.name).join(', ')}`).toBeGreaterThan(0);
});

test.each(chosen.map((target) => [target.name, target] as const))(
  '%s',
  { timeout: milliseconds + 30_000 },
  (name, target) => {
    const executions = fuzz(target);
    expect(executions).toBeGreaterThan(0);
    if (seconds !== undefined) {
      const each = Math.round(executions / (milliseconds / 1000));
      process.stdout.write(
        `${name}: ${String(executions)} executions, ${String(each)} a second, seed ${String(seed)}\n`,
      );
    }
  },
);
