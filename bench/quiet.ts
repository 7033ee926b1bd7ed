/**
 * Keeps measurements away from moments at which the machine is busy with something else, within reason. What counts is
 * the work of processes that the bench has not started: what the daemons themselves cost is not to be looked away from.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const SAMPLE_MS = 300;
/** The share of all processors that others may have. */
const QUIET_SHARE = 0.08;

/** Processor time since the machine's start, in clock ticks. */
interface Usage {
  readonly total: number;
  readonly others: number;
}

/** How others have disturbed what was measured. */
export interface Disturbance {
  /** How much of the machine they had meanwhile, 0 to 1. */
  readonly otherLoad: number;
  /** How many measurements were made again because of them. */
  readonly repeated: number;
}

/** What has been measured since some moment. */
class Tally {
  repeated = 0;
  private others = 0;
  private total = 0;

  add(usage: Usage): void {
    this.others += usage.others;
    this.total += usage.total;
  }

  get disturbance(): Disturbance {
    return { otherLoad: this.total === 0 ? 0 : this.others / this.total, repeated: this.repeated };
  }
}

export class Quiet {
  private patienceMs: number;
  private readonly run = new Tally();
  private question = new Tally();

  /** @param patienceMs what waiting and repeating may take over a whole run; after that the load is only reported */
  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  /** Of all that was measured. */
  get whole(): Disturbance {
    return this.run.disturbance;
  }

  /** Of what was measured since {@link nextQuestion}. */
  get ofQuestion(): Disturbance {
    return this.question.disturbance;
  }

  nextQuestion(): void {
    this.question = new Tally();
  }

  /**
   * Measures in a quiet moment, and again if it did not stay quiet. Each daemon's measurements are judged alike.
   * @param mayRepeat whether one more measurement is possible
   */
  async measure<T>(work: () => Promise<T>, mayRepeat: () => boolean = () => true): Promise<T> {
    for (;;) {
      await this.wait();
      const begin = performance.now();
      const before = readUsage();
      const result = await work();
      const spent = difference(before, readUsage());
      if (share(spent) <= QUIET_SHARE || this.patienceMs <= 0 || !mayRepeat()) {
        for (const tally of [this.run, this.question]) tally.add(spent);
        return result;
      }
      for (const tally of [this.run, this.question]) tally.repeated++;
      this.patienceMs -= performance.now() - begin;
    }
  }

  private async wait(): Promise<void> {
    while (this.patienceMs > 0) {
      const before = readUsage();
      await sleep(SAMPLE_MS);
      if (share(difference(before, readUsage())) <= QUIET_SHARE) return;
      this.patienceMs -= SAMPLE_MS;
    }
  }
}

function difference(before: Usage, after: Usage): Usage {
  return { total: after.total - before.total, others: Math.max(after.others - before.others, 0) };
}

function share(usage: Usage): number {
  return usage.total === 0 ? 0 : usage.others / usage.total;
}

function readUsage(): Usage {
  // proc(5), first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = times;
  const total = times.reduce((sum, time) => sum + time, 0);
  return { total, others: user + nice + system + steal - ownTicks() };
}

/** Time of this process and all that descend from it, those included that have ended and were waited for. */
function ownTicks(): number {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const fields = /^[0-9]+$/.test(name) ? statFields(name) : undefined;
    if (fields === undefined) continue;
    parents.set(Number(name), fields[1] ?? 0);
    // utime, stime, cutime, cstime
    ticks.set(
      Number(name),
      fields.slice(11, 15).reduce((sum, time) => sum + time, 0),
    );
  }
  const isOwn = (pid: number): boolean => pid === process.pid || (pid > 1 && isOwn(parents.get(pid) ?? 0));
  return [...ticks].reduce((sum, [pid, time]) => (isOwn(pid) ? sum + time : sum), 0);
}

/** The fields of /proc/PID/stat after the name, which may hold anything; undefined where the process has ended. */
function statFields(pid: string): number[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return undefined;
  }
}
