/** Says what would be done: for trying a configuration, and for capture files. */
import { formatAllowed } from '../../src/base/allow-address.ts';
import { formatPortSpec } from '../../src/base/port-spec.ts';
import type { SteadyMs } from '../../src/base/units.ts';
import type { Wanted } from '../../src/firewall/desired.ts';
import type { FirewallChange, Opening } from '../../src/firewall/opening.ts';
import { formatForwarding } from '../../src/grant/forwarding.ts';
import type { Logger } from '../log/logger.ts';
import { MemoryFirewall } from './memory.ts';

export class DryRunFirewall extends MemoryFirewall {
  override readonly description = 'dry-run: nothing is opened or closed';
  readonly #logger: Logger;

  constructor(now: () => SteadyMs, logger: Logger) {
    super(now);
    this.#logger = logger;
  }

  override synchronize(wanted: Wanted): Promise<void> {
    this.#logger.info(`would guard ${wanted.guard.map(formatPortSpec).join(', ') || 'nothing'}`);
    this.#say('open', wanted.openings);
    return super.synchronize(wanted);
  }

  override apply(changes: readonly FirewallChange[]): Promise<void> {
    for (const { close, open } of changes) {
      this.#say('close', close);
      this.#say('open', open);
    }
    return super.apply(changes);
  }

  #say(verb: 'open' | 'close', openings: readonly Opening[]): void {
    for (const opening of openings.filter(({ cuts }) => cuts !== true)) {
      const { forwarding } = opening;
      const where = forwarding === undefined ? '' : `, forwarded to ${formatForwarding(forwarding)}`;
      this.#logger.info(`would ${verb} ${formatPortSpec(opening)} for ${formatAllowed(opening.address)}${where}`);
    }
  }
}
