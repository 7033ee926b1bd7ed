/** The configuration and the memory that packets are explained by; read, never written. */
import { join } from 'node:path';
import { unixMs } from '../../src/base/units.ts';
import { formatIssue, type Issue } from '../../src/config/issue.ts';
import { parseSpadConf } from '../../src/config/spad-conf.ts';
import { ReplayCache } from '../../src/replay/cache.ts';
import { decodeJournal } from '../../src/replay/journal.ts';
import { decodeUsedCodes, UsedCodes } from '../../src/replay/used-codes.ts';
import { type Configuration, completeConfiguration, fileSource } from '../load-config.ts';
import { REPLAY_JOURNAL, USED_CODES } from '../packet-memory.ts';
import { CACHE_CAPACITY } from '../store/replay-store.ts';
import { readIfThere } from '../store/slot-log.ts';
import type { Memory } from './explainer.ts';

/** Throws all problems, a line each. */
export const loadFor = (origin: { readonly file: string } | { readonly knockd: string }): Configuration => {
  const { configuration, issues } = 'file' in origin ? fileSource(origin.file).load() : loadKnockd(origin.knockd);
  if (configuration !== undefined) return configuration;
  const errors = issues.filter(({ severity }) => severity === 'error').map(formatIssue);
  throw new Error(`the configuration has errors:\n${errors.join('\n')}`);
};

/** A daemon that has nothing but these doors. */
const loadKnockd = (path: string): ReturnType<ReturnType<typeof fileSource>['load']> => {
  const text = `[spad]\nname = knockd\nfirewall = dry-run\nknockd_conf = ${path}\n`;
  const { conf, issues: found } = parseSpadConf(text, path);
  const issues: Issue[] = [...found];
  return conf === undefined
    ? { configuration: undefined, issues }
    : completeConfiguration(conf, undefined, path, issues, undefined);
};

/** Throws a sentence where the journal is to be read and cannot be relied on. */
export const memoryOf = ({ conf }: Configuration, withState: boolean): Memory => {
  const cache = new ReplayCache(CACHE_CAPACITY, unixMs(0));
  if (!withState) return { cache, usedCodes: new UsedCodes() };
  const { state_dir: folder } = conf.daemon;
  const journal = join(folder, REPLAY_JOURNAL);
  const content = readIfThere(journal);
  if (content === undefined) throw new Error(`there is no replay journal ${journal}: leave out --state`);
  const { floor, records, damage } = decodeJournal(content);
  if (damage !== undefined) throw new Error(`the replay journal ${journal} cannot be relied on: ${damage}`);
  cache.raiseFloor(floor);
  for (const record of records) cache.remember(record);
  const codes = readIfThere(join(folder, USED_CODES));
  return { cache, usedCodes: new UsedCodes(codes === undefined ? [] : decodeUsedCodes(codes).records) };
};
