/** `spad flush`: takes away what spad has left in any firewall of this host. */
import { existsSync } from 'node:fs';
import { DEFAULT_COMMAND_TIMEOUT, DEFAULT_STATE_DIR } from '../src/config/daemon-directives.ts';
import { formatIssue } from '../src/config/issue.ts';
import { BACKEND_NAMES } from '../src/firewall/backends.ts';
import { formatSetPlace } from '../src/firewall/nft-set.ts';
import { readClock } from './clock.ts';
import { findNftRunner } from './firewall/nft-runner.ts';
import { flushAll, readLastFirewall } from './firewall/leftovers.ts';
import type { FirewallSettings } from './firewall/select.ts';
import type { Logger } from './log/logger.ts';
import { type Configuration, loadConfiguration } from './load-config.ts';
import { flushSieve } from './sieve/lanes.ts';

/** `file`: the configuration, which need not be there nor be sound. */
export const flush = async (file: string, say: (line: string) => unknown, logger: Logger): Promise<number> => {
  const configuration = loadIfThere(file, logger);
  const settings = settingsFrom(configuration);
  const last = readLastFirewall(settings.state_dir);
  const named = [configuration?.conf.firewall.name, last?.firewall];
  const inUse = BACKEND_NAMES.filter((name) => named.includes(name));
  const configured = settings.nft_set.map(formatSetPlace);
  const others = (last?.sets ?? []).filter((set) => !configured.includes(formatSetPlace(set)));
  const flushed = await flushAll({ ...settings, nft_set: [...settings.nft_set, ...others] }, inUse, readClock, logger);
  const sieve = (await flushSieve(findNftRunner()))
    ? ['removed: the rules by which the kernel handed packets to spad']
    : [];
  const lines = [...flushed, ...sieve];
  for (const line of lines) say(line);
  if (lines.length === 0) say('spad has nothing in the firewall of this host');
  return 0;
};

const loadIfThere = (file: string, logger: Logger): Configuration | undefined => {
  if (!existsSync(file)) return undefined;
  const { configuration, issues } = loadConfiguration(file);
  if (configuration === undefined) {
    for (const issue of issues.filter(({ severity }) => severity === 'error')) logger.warn(formatIssue(issue));
    logger.warn('the configuration has errors: only what is found without it is removed');
  }
  return configuration;
};

const settingsFrom = (configuration: Configuration | undefined): Omit<FirewallSettings, 'firewall'> => {
  const known = configuration?.conf.daemon;
  return {
    nft_set: known?.nft_set ?? [],
    commands: configuration?.conf.firewall.commands,
    command_user: known?.command_user,
    command_timeout: known?.command_timeout ?? DEFAULT_COMMAND_TIMEOUT,
    state_dir: known?.state_dir ?? DEFAULT_STATE_DIR,
  };
};
