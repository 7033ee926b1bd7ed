/** Reads the configuration, and where the firewall is to be chosen, chooses; and says what was found. */
import { countOf } from '../src/base/printable.ts';
import { formatIssue } from '../src/config/issue.ts';
import { clientCount } from '../src/engine/policy.ts';
import type { BackendName } from '../src/firewall/backends.ts';
import type { Choice } from '../src/firewall/choose.ts';
import { chooseHere } from './firewall/facts.ts';
import { findNftRunner } from './firewall/nft-runner.ts';
import { setWarnings } from './firewall/nft-set.ts';
import type { Configuration, ConfigurationReading, ConfigurationSource } from './load-config.ts';

export interface ChosenReading extends ConfigurationReading {
  /** Undefined where the configuration names its firewall. */
  readonly choice: Choice | undefined;
  /** Comes to the same firewall whenever it is read again. */
  readonly source: ConfigurationSource;
}

/** What depends on the choice is looked at, too. */
export const loadHere = async (source: ConfigurationSource): Promise<ChosenReading> => {
  const early = source.seemsAuto?.() === true ? await chooseHere(findNftRunner()) : undefined;
  const reading = source.load(early?.firewall);
  const name = reading.configuration?.conf.firewall.name;
  if (name === undefined || (name !== 'auto' && name !== early?.firewall))
    return { ...reading, choice: undefined, source };
  const choice = early ?? (await chooseHere(findNftRunner()));
  // A reload must not come to another firewall than the start.
  const fixed: ConfigurationSource = { shown: source.shown, load: () => source.load(choice.firewall) };
  return { ...(early === undefined ? fixed.load() : reading), choice, source: fixed };
};

/** The firewall of a configuration that {@link loadHere} has read. */
export const firewallNameOf = ({ conf }: Configuration): BackendName => {
  if (conf.firewall.name === 'auto') throw new Error('no firewall has been chosen');
  return conf.firewall.name;
};

/** Reads it and tells every problem, a line each. */
export const checkConfiguration = async (
  origin: ConfigurationSource,
  onLine: (text: string) => void,
): Promise<ChosenReading> => {
  const reading = await loadHere(origin);
  const { configuration, issues, choice, source } = reading;
  for (const issue of issues) onLine(formatIssue(issue));
  if (choice !== undefined) {
    onLine(`firewall = auto comes to ${choice.firewall} here: ${choice.why}`);
    for (const warning of choice.warnings) onLine(`warning: ${warning}`);
  }
  if (configuration === undefined) {
    const count = issues.filter(({ severity }) => severity === 'error').length;
    onLine(`${source.shown}: ${countOf(count, 'error')}`);
    return reading;
  }
  for (const warning of await setWarnings(configuration.conf.daemon.nft_set)) onLine(`warning: ${warning}`);
  onLine(`${source.shown}: no errors, ${countOf(clientCount(configuration.policy), 'client')}`);
  return reading;
};
