/** Where the files are by default, and how `~/` is read. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What is asked of the process environment. */
export interface Environment {
  readonly HOME?: string | undefined;
  readonly XDG_CONFIG_HOME?: string | undefined;
}

/** The daemon's configuration, which holds the stanzas. */
export const DEFAULT_CONF_PATH = '/etc/spad/spad.conf';

const homeOf = (env: Environment): string => {
  const home = env.HOME ?? '';
  return home === '' ? homedir() : home;
};

/** `~/.config/spa/profiles.ini`, or below XDG_CONFIG_HOME, which counts only as an absolute path (its specification says so). */
export const defaultProfilesPath = (env: Environment): string => {
  const configured = env.XDG_CONFIG_HOME ?? '';
  return join(isAbsolute(configured) ? configured : join(homeOf(env), '.config'), 'spa', 'profiles.ini');
};

/** `~/x` becomes x in the home folder; any other path stays. */
export const expandHome = (path: string, env: Environment): string =>
  path.startsWith('~/') ? join(homeOf(env), path.slice(2)) : path;
