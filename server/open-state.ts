/** Opens what the daemon keeps in its state folder, and its audit log. */
import { join } from 'node:path';
import type { UnixMs } from '../src/base/units.ts';
import type { GrantLog } from '../src/grant/record.ts';
import { readClock } from './clock.ts';
import type { Configuration } from './load-config.ts';
import { AuditLog } from './log/audit-log.ts';
import type { Logger } from './log/logger.ts';
import { openPacketMemory, type PacketMemory } from './packet-memory.ts';
import { readBootId } from './process/boot-clock.ts';
import { GRANT_LOG, GrantStore } from './store/grant-store.ts';

export interface OpenState extends PacketMemory {
  readonly grants: GrantStore;
  /** What an earlier run has left open, over or not, and what stays cut. */
  readonly left: Pick<GrantLog, 'grants' | 'cuts'>;
  readonly audit: AuditLog;
  readonly close: () => void;
}

/** Throws the system's error where a file cannot be opened. */
export const openState = (configuration: Configuration, now: UnixMs, logger: Logger): OpenState => {
  const { daemon } = configuration.conf;
  const grantPath = join(daemon.state_dir, GRANT_LOG);
  const firstStart = !GrantStore.exists(grantPath);
  const memory = openPacketMemory(configuration, now, firstStart, logger);
  const boot = readBootId();
  const { store: grants, unreadable, ...left } = GrantStore.open(grantPath, () => ({ ...readClock(), boot }));
  if (unreadable > 0) logger.warn(`${grantPath}: ${String(unreadable)} lines could not be read`);
  const audit = new AuditLog(daemon, logger);
  const close = (): void => {
    for (const store of [memory.replay, memory.codes, grants, audit]) store.close();
  };
  return { ...memory, grants, left, audit, close };
};
