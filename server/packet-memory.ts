/** What the daemon remembers of packets, so that none opens twice: the replay journal, and the emergency codes that were used. */
import { join } from 'node:path';
import { type UnixMs, unixMs } from '../src/base/units.ts';
import { codeHolders } from '../src/engine/emergency.ts';
import { firstFloorOf, lossAgeOf, replayAgeOf } from '../src/engine/policy.ts';
import type { ReplayCache } from '../src/replay/cache.ts';
import type { UsedCodes } from '../src/replay/used-codes.ts';
import type { Configuration } from './load-config.ts';
import type { Logger } from './log/logger.ts';
import { CodeStore } from './store/code-store.ts';
import { ReplayStore } from './store/replay-store.ts';

export interface PacketMemory {
  readonly replay: ReplayStore;
  readonly cache: ReplayCache;
  readonly codes: CodeStore;
  readonly usedCodes: UsedCodes;
}

/** Their names in the state folder. */
export const REPLAY_JOURNAL = 'replay.journal';
export const USED_CODES = 'emergency.used';

/** Opens both files in the state folder. Throws the system's error where one cannot be. */
export const openPacketMemory = (
  { conf, policy, receiver }: Configuration,
  now: UnixMs,
  firstStart: boolean,
  logger: Pick<Logger, 'warn'>,
): PacketMemory => {
  const folder = conf.daemon.state_dir;
  // The packets of a capture file are older than any start of ours, and open nothing.
  const birth = receiver.capture === 'file' ? unixMs(0) : firstFloorOf(policy, now);
  const journal = join(folder, REPLAY_JOURNAL);
  const replay = ReplayStore.open(journal, birth, replayAgeOf(policy), firstStart, lossAgeOf(policy));
  const codes = CodeStore.open(join(folder, USED_CODES), firstStart, codeHolders(policy));
  for (const { warning } of [replay, codes]) if (warning !== undefined) logger.warn(warning);
  return { replay: replay.store, cache: replay.cache, codes: codes.store, usedCodes: codes.used };
};
