/** What all commands have in common that ask a running daemon: how they are told which one. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readSecretFile } from '../keys/safe-file.ts';
import type { Result } from '../src/base/result.ts';
import { DEFAULT_STATE_DIR } from '../src/config/daemon-directives.ts';
import { parseIni } from '../src/config/ini-file.ts';
import { parseSpadConf } from '../src/config/spad-conf.ts';
import { BACKENDS, type BackendTraits } from '../src/firewall/backends.ts';
import { endWithReader } from './control/terminal.ts';
import { readLastFirewall } from './firewall/leftovers.ts';

/** The state folder of the daemon that is asked. */
export interface Where {
  readonly folder: string;
  /** Undefined where only the folder is known. */
  readonly endedBy: BackendTraits['endedBy'] | undefined;
}

/** By what options it is told. */
export interface WhereOptions {
  readonly config?: string;
  readonly stateDir?: string;
}

export interface Asking {
  /** A command with the options that name the daemon. */
  readonly define: (name: string, description: string) => Command;
  /** Throws a sentence where the configuration cannot be read. */
  readonly whereOf: (options: WhereOptions) => Where;
}

/** Commands of `program`; `standard` is the configuration where none is named. */
export const askingIn = (program: Command, standard: string): Asking => ({
  define: (name, description) =>
    program
      .command(name)
      .description(description)
      .hook('preAction', endWithReader)
      .option('-c, --config <file>', `configuration of the daemon that is asked (default: ${standard})`)
      .option('--state-dir <folder>', 'its state_dir, instead of the configuration'),
  whereOf: (options) => findFolder({ ...program.opts<WhereOptions>(), ...options }, standard),
});

/** Throws a sentence where the configuration cannot be read. */
const findFolder = ({ config, stateDir }: WhereOptions, standard: string): Where => {
  if (stateDir !== undefined) return at(stateDir);
  const file = config ?? standard;
  if (config === undefined && !existsSync(file)) return at(DEFAULT_STATE_DIR);
  const text = readSecretFile(file);
  const { conf } = parseSpadConf(text, file);
  const folder = conf?.daemon.state_dir ?? namedFolder(text) ?? (file === standard ? DEFAULT_STATE_DIR : undefined);
  if (folder === undefined)
    throw new Error(
      `${file} has errors, so state_dir cannot be told: name it with --state-dir ("spad --check" lists them)`,
    );
  return at(folder);
};

/** Errors elsewhere in the file, such as those that a reload is to tell, do not hide which daemon is meant. */
const namedFolder = (text: string): string | undefined => {
  const section = parseIni(text, '').sections.find(({ name }) => name === 'spad');
  const [folder, ...others] = (section?.entries ?? []).filter(({ key }) => key === 'state_dir');
  return others.length === 0 && folder?.value.startsWith('/') === true ? folder.value : undefined;
};

/** The last start has noted its firewall there. */
const at = (folder: string): Where => {
  const last = readLastFirewall(folder);
  return { folder, endedBy: last && BACKENDS[last.firewall].endedBy };
};

export const OTHER_VERSION = 'spad has not answered in its own words: it may be of another version';

/** What to do where no daemon is running. */
export const notRunning = (folder: string): string =>
  `spad is not running on ${folder}: start it (systemctl start spad), or name its state folder with --state-dir`;

/** What a daemon has answered. Throws a sentence where it has refused, or where none is running. */
export const answerOf = (answer: Result<unknown, string> | undefined, folder: string): unknown => {
  if (answer === undefined) throw new Error(notRunning(folder));
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
};
