/** What a daemon costs while it runs: memory, descriptors and children of its processes, by /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';
import { residentMiB } from '../support/resident.ts';
import { childrenOf } from '../support/spad.ts';

export interface Vitals {
  /** Seconds since the begin. */
  readonly at: number;
  /** Resident memory, in MiB. */
  readonly authorizer: number;
  /** The largest of the receivers. */
  readonly receiver: number;
  readonly descriptors: number;
  readonly receiverDescriptors: number;
  readonly children: number;
  readonly zombies: number;
}

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const isZombie = (pid: number): boolean => /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));

/** Looks at a daemon and its children now. @throws the system's error when one of them ends meanwhile. */
export function vitalsOf(pid: number, at: number): Vitals {
  const children = childrenOf(pid);
  return {
    ...{ at, authorizer: residentMiB(pid), receiver: Math.max(...children.map(residentMiB)) },
    descriptors: descriptorsOf(pid),
    receiverDescriptors: Math.max(...children.map(descriptorsOf)),
    ...{ children: children.length, zombies: children.filter(isZombie).length },
  };
}

export interface Growth {
  /** MiB at the begin, after the warm-up and at the end: medians of three looks. */
  readonly start: number;
  readonly warm: number;
  readonly end: number;
  /** MiB a minute after the warm-up, by least squares. */
  readonly slope: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** How a process's memory has grown; the first `warmUp` (a share of all looks) does not count. */
export function growthOf(looks: readonly Vitals[], process: 'authorizer' | 'receiver', warmUp: number): Growth {
  const rest = looks.slice(Math.floor(looks.length * warmUp));
  const sizes = (some: readonly Vitals[]): number[] => some.map((look) => look[process]);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [time, size] = [mean(rest.map(({ at }) => at)), mean(sizes(rest))];
  const above = rest.reduce((sum, look) => sum + (look.at - time) * (look[process] - size), 0);
  const below = rest.reduce((sum, { at }) => sum + (at - time) ** 2, 0);
  return {
    start: median(sizes(looks.slice(0, 3))),
    warm: median(sizes(rest.slice(0, 3))),
    end: median(sizes(rest.slice(-3))),
    slope: (60 * above) / below,
  };
}
