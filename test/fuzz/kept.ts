/** What was found once, so that it is tried first, each time: by target, inputs in hexadecimal digits and what they did. */
import { hex } from '../unit/values.ts';

const KEPT: Readonly<Record<string, readonly (readonly [input: string, was: string])[]>> = {
  instant: [['40393030303030303030303030', 'a year of five digits, shown with its first four']],
};

/** The targets that have such inputs. */
export const keptTargets = (): readonly string[] => Object.keys(KEPT);

/** Of one target. */
export const keptInputs = (target: string): readonly Uint8Array[] => (KEPT[target] ?? []).map(([input]) => hex(input));
