/** Reads the configuration anew while the daemon runs. */
import { countOf } from '../src/base/printable.ts';
import { describeIssue } from '../src/config/issue.ts';
import { clientCount } from '../src/engine/policy.ts';
import type { Configuration, ConfigurationSource } from './load-config.ts';
import type { AuditFile } from './log/audit-file.ts';
import type { Logger } from './log/logger.ts';

export interface ReloaderParts {
  readonly source: ConfigurationSource;
  /** What the daemon was started with. */
  readonly configuration: Configuration;
  readonly audit: AuditFile;
  readonly logger: Logger;
  /** Comes before either of the following. */
  readonly onRead: (outcome: { readonly taken: boolean; readonly problems: readonly string[] }) => void;
  readonly onNew: (configuration: Configuration) => void;
  readonly onBad: (message: string) => void;
}

/** What takes effect only at a start. */
const LASTING = [
  ...(['firewall', 'state_dir', 'audit_log', 'max_grants', 'nft_set', 'open_command', 'close_command'] as const),
  ...(['command_shell', 'command_user', 'command_timeout'] as const),
];

/** A bad configuration leaves everything as it is, and says so. */
export const reloadConfiguration = (parts: ReloaderParts): void => {
  const { logger, source } = parts;
  const { configuration, issues } = source.load();
  parts.onRead({ taken: configuration !== undefined, problems: issues.map(describeIssue) });
  for (const issue of issues) logger.warn(describeIssue(issue));
  if (configuration === undefined) {
    logger.error(`${source.shown} has errors; the old policy stands`);
    parts.onBad(issues.map(describeIssue).join('; '));
    return;
  }
  reopen(parts);
  const { daemon: now } = parts.configuration.conf;
  for (const key of LASTING) {
    if (JSON.stringify(configuration.conf.daemon[key]) !== JSON.stringify(now[key]))
      logger.warn(`"${key}" takes effect only when spad is started anew`);
  }
  parts.onNew(configuration);
  logger.info(`${source.shown} read again: ${countOf(clientCount(configuration.policy), 'client')}`);
};

const reopen = ({ audit, logger }: ReloaderParts): void => {
  try {
    audit.reopen();
  } catch (error) {
    logger.error(`the audit log stays where it was: ${error instanceof Error ? error.message : String(error)}`);
  }
};
