/** Keeps what `spad status` tells of the daemon beside what the engine knows. */
import { formatPortSpec } from '../src/base/port-spec.ts';
import type { Moment, UnixMs } from '../src/base/units.ts';
import { RateBook } from '../src/control/rates.ts';
import { formatMetrics } from '../src/control/exposition.ts';
import { type FirewallState, isoAt, isoTime } from '../src/control/response.ts';
import type {
  ReloadOutcome,
  ShownCapture,
  ShownMetrics,
  ShownReload,
  ShownRotation,
  Status,
} from '../src/control/status.ts';
import type { Rotation } from '../src/engine/key-uses.ts';
import type { Engine } from '../src/engine/engine.ts';
import { metricsOf } from '../src/engine/metrics.ts';
import type { Delays } from './delays.ts';
import type { AuditLog } from './log/audit-log.ts';
import type { MetricsFile } from './log/metrics-file.ts';
import type { Repairer } from './repairer.ts';
import { isClockSynchronised } from './process/clock-sync.ts';

export interface StatusParts {
  readonly version: string;
  readonly via: string;
  readonly now: () => Moment;
  /** Of the replay cache, at the start. */
  readonly floor: UnixMs;
  readonly engine: Pick<Engine, 'facts'>;
  readonly receiver: { readonly pid: number | undefined };
  readonly delays: Pick<Delays, 'look'>;
  readonly audit: Pick<AuditLog, 'facts'>;
  readonly repairer: Pick<Repairer, 'known'>;
  readonly file: MetricsFile;
}

export class StatusKeeper {
  readonly #parts: StatusParts;
  readonly #start: Moment;
  readonly #rates: RateBook;
  #capture: ShownCapture | undefined;
  #reload: ShownReload | undefined;

  constructor(parts: StatusParts) {
    this.#parts = parts;
    this.#start = parts.now();
    this.#rates = new RateBook(this.#start.steady);
  }

  /** Packets are captured, for the first time or again. */
  captures(on: string): void {
    const restarts = this.#capture === undefined ? 0 : this.#capture.restarts + 1;
    this.#capture = { on, since: isoTime(this.#parts.now().wall), restarts };
  }

  /** The configuration has been read again. */
  reloaded(outcome: ReloadOutcome): void {
    this.#reload = { time: isoTime(this.#parts.now().wall), ...outcome };
  }

  /** To be called again and again: notes the counters once a second, and writes the file of metrics in its time. */
  glance(): void {
    const { steady } = this.#parts.now();
    if (this.#rates.isDue(steady)) this.#rates.sample(steady, this.#parts.engine.facts().counts);
    const { file, repairer } = this.#parts;
    void file.glance(steady, () => formatMetrics(metricsOf(this.show(repairer.known)), 'prometheus'));
  }

  /** The same in numbers. */
  metrics(firewall: FirewallState): ShownMetrics {
    return { openmetrics: formatMetrics(metricsOf(this.show(firewall)), 'openmetrics') };
  }

  /** What each counter has grown by in each of the last 60 seconds. */
  rates(): Readonly<Record<string, readonly number[]>> {
    return this.#rates.series(this.#parts.now().steady, this.#parts.engine.facts().counts);
  }

  /** `firewall`: what a look at it has just come to. */
  show(firewall: FirewallState): Status {
    const { version, via, now, engine, receiver, delays } = this.#parts;
    const moment = now();
    const { counts, guard, guardEnds, clients, rotations, grants, replay } = engine.facts();
    const { entries, bytes, floor } = replay;
    return {
      ...{ version, pid: process.pid, ...given('receiverPid', receiver.pid), since: isoTime(this.#start.wall) },
      ...{ uptime: Math.round(moment.steady - this.#start.steady), ...given('capture', this.#capture) },
      ...{ via, firewall, guard: guard.map(formatPortSpec) },
      ...given('trialUntil', guardEnds && isoAt(guardEnds, moment)),
      ...given('rotations', rotations.length === 0 ? undefined : rotations.map(showRotation)),
      ...{
        clients,
        grants,
        replay: { entries, bytes, ...(floor > this.#parts.floor ? { floor: isoTime(floor) } : {}) },
      },
      ...given('clockSynchronised', isClockSynchronised()),
      ...given('delay', delays.look()),
      audit: this.#parts.audit.facts(),
      ...given('reload', this.#reload),
      counts: this.#rates.show(moment.steady, counts),
    };
  }
}

const showRotation = ({ stanza, until, used }: Rotation): ShownRotation => ({
  ...{ stanza, until: isoTime(until) },
  ...given('oldUsed', used.old && isoTime(used.old)),
  ...given('newUsed', used.new && isoTime(used.new)),
});

/** A member that is there only where it says something. */
const given = <K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V });
