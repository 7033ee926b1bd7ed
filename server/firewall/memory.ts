/** A firewall that is only remembered: the twin of the real ones in tests, and what dry-run stands on. */
import type { PortSpec } from '../../src/base/port-spec.ts';
import type { SteadyMs } from '../../src/base/units.ts';
import { DesiredState, NOTHING_WANTED, type Wanted } from '../../src/firewall/desired.ts';
import type { FirewallChange, Opening } from '../../src/firewall/opening.ts';
import type { FirewallBackend } from './backend.ts';

export class MemoryFirewall implements FirewallBackend {
  readonly description: string = 'memory: nothing is opened or closed';
  readonly cuts = true;
  readonly #desired = new DesiredState();
  readonly #now: () => SteadyMs;

  constructor(now: () => SteadyMs) {
    this.#now = now;
  }

  get guard(): readonly PortSpec[] {
    return this.#desired.wanted(this.#now()).guard;
  }

  /** What is open now. */
  openings(): readonly Opening[] {
    return this.#desired.openings(this.#now());
  }

  synchronize(wanted: Wanted): Promise<void> {
    this.#desired.replace(wanted);
    return Promise.resolve();
  }

  apply(changes: readonly FirewallChange[]): Promise<void> {
    this.#desired.apply(changes);
    this.#desired.prune(this.#now());
    return Promise.resolve();
  }

  repair(): Promise<boolean> {
    return Promise.resolve(false);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  flush(): Promise<void> {
    this.#desired.replace(NOTHING_WANTED);
    return Promise.resolve();
  }
}
