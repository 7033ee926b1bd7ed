/** What spad.conf says about the firewall, held against this host. */
import { accessSync, constants } from 'node:fs';
import { checkBackend } from '../src/config/firewall-section.ts';
import type { FwknopEntry } from '../src/config/fwknop/access-conf.ts';
import type { Issue } from '../src/config/issue.ts';
import type { SpadConf } from '../src/config/spad-conf.ts';
import type { BackendName } from '../src/firewall/backends.ts';
import { commandPrograms } from '../src/firewall/command-template.ts';
import { identityOf } from './process/accounts.ts';

/**
 * What reading spad.conf alone could not tell: `beside` are the stanzas of other files, `auto` is what firewall = auto
 * comes to here, undefined where that is not known.
 */
export const firewallIssues = (
  conf: SpadConf,
  beside: readonly FwknopEntry[],
  file: string,
  auto: BackendName | undefined,
): readonly Issue[] => [...backendIssues(conf, beside, file, auto), ...commandIssues(conf, file)];

const backendIssues = (
  conf: SpadConf,
  beside: readonly FwknopEntry[],
  file: string,
  auto: BackendName | undefined,
): readonly Issue[] => {
  const { name } = conf.firewall;
  if (name === 'auto')
    return auto === undefined ? [] : checkBackend({ ...conf, fwknop: [...conf.fwknop, ...beside] }, auto, file);
  const others = checkBackend({ ...conf, access: [], fwknop: beside }, name, file);
  return others.filter(({ severity }) => severity === 'error');
};

const commandIssues = ({ daemon, firewall: { commands, line } }: SpadConf, file: string): readonly Issue[] => {
  const error = (problem: string, hint: string): Issue => ({ severity: 'error', file, line, problem, hint });
  const missing = commands === undefined ? [] : commandPrograms(commands).filter((path) => !isProgram(path));
  const issues = missing.map((path) => error(`there is no program ${path}`, 'name one that is here and may be run'));
  if (commands === undefined || daemon.command_user === undefined) return issues;
  try {
    identityOf(daemon.command_user, undefined);
    return issues;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    return [...issues, error(`command_user: ${problem}`, 'name an account of this host')];
  }
};

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The configuration with what auto comes to, where that is known. */
export const withBackend = (conf: SpadConf, auto: BackendName | undefined): SpadConf => {
  const { firewall } = conf;
  if (firewall.name !== 'auto' || auto === undefined) return conf;
  return { ...conf, firewall: { ...firewall, name: auto } };
};
