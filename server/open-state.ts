/** Opens what the daemon keeps in its state folder, and its audit log. */
import { join } from 'node:path';
import { type Moment, unixMs } from '../src/base/units.ts';
import { firstFloorOf, lossAgeOf, replayAgeOf } from '../src/engine/policy.ts';
import type { Grant } from '../src/grant/grant.ts';
import type { ReplayCache } from '../src/replay/cache.ts';
import type { Configuration } from './load-config.ts';
import { AuditFile } from './log/audit-file.ts';
import type { Logger } from './log/logger.ts';
import { GRANT_LOG, GrantStore } from './store/grant-store.ts';
import { ReplayStore } from './store/replay-store.ts';

export interface OpenState {
  readonly replay: ReplayStore;
  readonly cache: ReplayCache;
  readonly grants: GrantStore;
  /** What an earlier run has left open, over or not. */
  readonly left: readonly Grant[];
  readonly audit: AuditFile;
  readonly close: () => void;
}

/** Throws the system's error where a file cannot be opened. */
export const openState = ({ conf, policy, receiver }: Configuration, now: Moment, logger: Logger): OpenState => {
  const grantPath = join(conf.daemon.state_dir, GRANT_LOG);
  const firstStart = !GrantStore.exists(grantPath);
  // The packets of a capture file are older than any start of ours, and open nothing.
  const birth = receiver.capture === 'file' ? unixMs(0) : firstFloorOf(policy, now.wall);
  const journal = join(conf.daemon.state_dir, 'replay.journal');
  const age = replayAgeOf(policy);
  const opening = ReplayStore.open(journal, birth, age, firstStart, lossAgeOf(policy));
  const { store: replay, cache, warning } = opening;
  if (warning !== undefined) logger.warn(warning);
  const { store: grants, grants: left, unreadable } = GrantStore.open(grantPath, now);
  if (unreadable > 0) logger.warn(`${grantPath}: ${String(unreadable)} lines could not be read`);
  const audit = new AuditFile(conf.daemon.audit_log);
  const close = (): void => {
    replay.close();
    grants.close();
    audit.close();
  };
  return { replay, cache, grants, left, audit, close };
};
