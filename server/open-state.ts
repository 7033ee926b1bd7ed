/** Opens what the daemon keeps in its state folder, and its audit log. */
import { join } from 'node:path';
import type { Moment } from '../src/base/units.ts';
import type { Grant } from '../src/grant/grant.ts';
import type { Configuration } from './load-config.ts';
import { AuditFile } from './log/audit-file.ts';
import type { Logger } from './log/logger.ts';
import { openPacketMemory, type PacketMemory } from './packet-memory.ts';
import { GRANT_LOG, GrantStore } from './store/grant-store.ts';

export interface OpenState {
  readonly memory: PacketMemory;
  readonly grants: GrantStore;
  /** What an earlier run has left open, over or not. */
  readonly left: readonly Grant[];
  readonly audit: AuditFile;
  readonly close: () => void;
}

/** Throws the system's error where a file cannot be opened. */
export const openState = (configuration: Configuration, now: Moment, logger: Logger): OpenState => {
  const { daemon } = configuration.conf;
  const grantPath = join(daemon.state_dir, GRANT_LOG);
  const memory = openPacketMemory(configuration, now.wall, !GrantStore.exists(grantPath), logger);
  const { store: grants, grants: left, unreadable } = GrantStore.open(grantPath, now);
  if (unreadable > 0) logger.warn(`${grantPath}: ${String(unreadable)} lines could not be read`);
  const audit = new AuditFile(daemon.audit_log);
  const close = (): void => {
    memory.replay.close();
    memory.codes.close();
    grants.close();
    audit.close();
  };
  return { memory, grants, left, audit, close };
};
