/** Where the files are by default, and how `~/` is read. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What is asked of the process environment. */
export interface Environment {
  readonly HOME?: string | undefined;
  readonly XDG_CONFIG_HOME?: string | undefined;
  readonly XDG_STATE_HOME?: string | undefined;
}

/** The daemon's configuration, which holds the stanzas. */
export const DEFAULT_CONF_PATH = '/etc/spad/spad.conf';

const homeOf = (env: Environment): string => {
  const home = env.HOME ?? '';
  return home === '' ? homedir() : home;
};

/** `~/.config/spa/profiles.ini`, or below XDG_CONFIG_HOME. */
export const defaultProfilesPath = (env: Environment): string =>
  join(baseFolder(env.XDG_CONFIG_HOME, '.config', env), 'spa', 'profiles.ini');

/** What the client remembers of the clocks of its servers: `~/.local/state/spa/clocks.json`, or below XDG_STATE_HOME. */
export const clocksPath = (env: Environment): string =>
  join(baseFolder(env.XDG_STATE_HOME, '.local/state', env), 'spa', 'clocks.json');

/** A variable counts only as an absolute path (the XDG Base Directory Specification says so). */
const baseFolder = (configured: string | undefined, fallback: string, env: Environment): string =>
  isAbsolute(configured ?? '') ? (configured ?? '') : join(homeOf(env), fallback);

/** `~/x` becomes x in the home folder; any other path stays. */
export const expandHome = (path: string, env: Environment): string =>
  path.startsWith('~/') ? join(homeOf(env), path.slice(2)) : path;
