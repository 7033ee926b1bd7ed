/** Reads the configuration anew while the daemon runs. */
import { countOf } from '../src/base/printable.ts';
import { describeIssue, formatIssue } from '../src/config/issue.ts';
import type { ReloadOutcome } from '../src/control/status.ts';
import { clientCount, type Policy } from '../src/engine/policy.ts';
import { policyChange } from '../src/engine/policy-change.ts';
import type { Configuration, ConfigurationSource } from './load-config.ts';
import type { AuditLog } from './log/audit-log.ts';
import type { Logger } from './log/logger.ts';
import type { Service } from './process/service.ts';

export interface ReloaderParts {
  readonly source: ConfigurationSource;
  /** What the daemon was started with. */
  readonly configuration: Configuration;
  /** The one that is in force. */
  readonly policy: Policy;
  readonly audit: AuditLog;
  readonly logger: Logger;
  readonly service: Service;
  readonly onNew: (configuration: Configuration) => void;
  readonly onBad: (message: string) => void;
}

/** What is new where the old policy stands. */
const OLD = { added: [], removed: [] };

/** What takes effect only at a start. */
const LASTING = [
  ...(['firewall', 'state_dir', 'audit', 'audit_log', 'syslog_socket', 'max_grants', 'nft_set'] as const),
  ...(['metrics_file', 'metrics_every'] as const),
  ...(['open_command', 'close_command', 'command_shell', 'command_user', 'command_timeout'] as const),
];

/** A bad configuration leaves everything as it is, and says so. */
export const reloadConfiguration = (parts: ReloaderParts): ReloadOutcome => {
  const { logger, service, source } = parts;
  service.reloading();
  const { configuration, issues } = source.load();
  for (const issue of issues) logger.warn(describeIssue(issue));
  if (configuration === undefined) {
    logger.error(`${source.shown} has errors; the old policy stands`);
    service.reloaded(`${source.shown} has errors; the old policy stands`);
    parts.onBad(issues.map(describeIssue).join('; '));
    return { ...OLD, taken: false, problems: issues.map(formatIssue), clients: clientCount(parts.policy) };
  }
  reopenAudit(parts);
  const { daemon: now } = parts.configuration.conf;
  const late: string[] = [];
  for (const key of LASTING) {
    if (JSON.stringify(configuration.conf.daemon[key]) !== JSON.stringify(now[key]))
      late.push(`"${key}" takes effect only when spad is started anew`);
  }
  for (const text of late) logger.warn(text);
  const clients = clientCount(configuration.policy);
  const problems = [...issues.map(formatIssue), ...late.map((text) => `warning: ${text}`)];
  parts.onNew(configuration);
  const done = `${source.shown} read again: ${countOf(clients, 'client')}`;
  logger.info(done);
  service.reloaded(done);
  return { taken: true, problems, clients, ...policyChange(parts.policy, configuration.policy) };
};

/** Where that cannot be, it is told, and the old file stays. */
export const reopenAudit = ({ audit, logger }: Pick<ReloaderParts, 'audit' | 'logger'>): void => {
  try {
    audit.reopen();
  } catch (error) {
    logger.error(`the audit log stays where it was: ${error instanceof Error ? error.message : String(error)}`);
  }
};
