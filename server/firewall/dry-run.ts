/** Does nothing and says what it would have done: for trying a configuration, and for capture files. */
import { formatAddress } from '../../src/base/address.ts';
import { formatPortSpec } from '../../src/base/port-spec.ts';
import type { Opening } from '../../src/firewall/opening.ts';
import type { Logger } from '../log/logger.ts';
import type { FirewallBackend } from './backend.ts';

const words = (opening: Opening): string => `${formatPortSpec(opening)} for ${formatAddress(opening.address)}`;

export const dryRun = (logger: Logger): FirewallBackend => ({
  description: 'dry-run: nothing is opened or closed',
  synchronize: (guard, openings) => {
    logger.info(`would guard ${guard.map(formatPortSpec).join(', ') || 'nothing'}`);
    for (const opening of openings) logger.info(`would open ${words(opening)}`);
    return Promise.resolve();
  },
  apply: (changes) => {
    for (const change of changes) {
      for (const opening of change.close) logger.info(`would close ${words(opening)}`);
      for (const opening of change.open) logger.info(`would open ${words(opening)}`);
    }
    return Promise.resolve();
  },
  repair: () => Promise.resolve(false),
  flush: () => Promise.resolve(),
});
