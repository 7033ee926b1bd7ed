/** Says once that the daemon is ready, and later only that it captures again. */
import { countOf } from '../src/base/printable.ts';
import type { Seconds } from '../src/base/units.ts';
import { formatDuration } from '../src/base/units.ts';
import { clientCount } from '../src/engine/policy.ts';
import type { FirewallBackend } from './firewall/backend.ts';
import type { Configuration } from './load-config.ts';
import type { Logger } from './log/logger.ts';
import type { Service } from './process/service.ts';

export interface AnnouncerParts {
  readonly configuration: Configuration;
  readonly firewall: FirewallBackend;
  readonly logger: Logger;
  readonly service: Service;
  /** For so long the guard is on trial; undefined: it stays. */
  readonly confirm: Seconds | undefined;
}

/** Is told what is captured on, each time that capturing begins. */
export const announcer = (parts: AnnouncerParts): ((on: string) => void) => {
  const { configuration, firewall, logger, service, confirm } = parts;
  let announced = false;
  return (on) => {
    service.ready(`capturing on ${on}`);
    if (announced) {
      logger.info(`capturing again on ${on}`);
      return;
    }
    announced = true;
    const clients = countOf(clientCount(configuration.policy), 'client');
    const port = `UDP port ${String(configuration.conf.daemon.port)}`;
    logger.info(`ready: capturing on ${on}, ${port}, ${clients}, ${firewall.description}`);
    if (confirm === undefined) return;
    const time = formatDuration(confirm);
    logger.warn(`the guard is on trial: log in anew and run "spad confirm" there within ${time}, or it is taken back`);
  };
};
