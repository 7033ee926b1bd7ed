/** The engine of a daemon, with what an earlier run has left. */
import { NODE_SUITE } from '../platform/node-suite.ts';
import { Engine } from '../src/engine/engine.ts';
import type { FirewallBackend } from './firewall/backend.ts';
import { loadDigestCache } from './fwknop/digest-cache.ts';
import { grantNames } from './grant-names.ts';
import type { Configuration } from './load-config.ts';
import type { Logger } from './log/logger.ts';
import type { OpenState } from './open-state.ts';

export const openEngine = (
  { conf, policy }: Configuration,
  { cache, usedCodes }: OpenState,
  firewall: FirewallBackend,
  logger: Logger,
): Engine =>
  new Engine({
    ...{ policy, cache, usedCodes, maxGrants: conf.daemon.max_grants, suite: NODE_SUITE },
    foreignDigests: loadDigestCache(conf.daemon.fwknop_digest_cache, logger),
    newGrantId: grantNames(),
    canCut: firewall.cuts === true,
  });
