/** `spad check`: the configuration first, then this host. */
import type { HostFacts, Writable } from '../../src/host/facts.ts';
import { exitStatus } from '../../src/host/finding.ts';
import { judgeKeys } from '../../src/host/judge-keys.ts';
import { formatReport, reportOn } from '../../src/host/report.ts';
import { checkConfiguration } from '../chosen-source.ts';
import { readClock } from '../clock.ts';
import type { Configuration, ConfigurationSource } from '../load-config.ts';
import { hasUnicode } from '../control/terminal.ts';
import { isClaimed } from '../process/claim.ts';
import { isClockSynchronised } from '../process/clock-sync.ts';
import { findDaemons } from './daemons.ts';
import { readKeyFacts } from './keys.ts';
import { readLinks, readRoutes } from './links.ts';
import { planOf } from './plan.ts';
import { readRules } from './rules.ts';
import { liveSession, readListeners } from './sockets.ts';
import { lookAtFile, lookAtFolder } from './writable.ts';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Gives the exit status: 0 nothing wrong, 1 errors, 3 warnings alone. */
export const checkHost = async (source: ConfigurationSource, asJson: boolean): Promise<number> => {
  const { configuration, issues } = await checkConfiguration(source, asJson ? () => undefined : say);
  if (configuration === undefined) {
    if (asJson) say(JSON.stringify({ configuration: source.shown, issues, ports: [], findings: [] }));
    return 1;
  }
  const plan = planOf(configuration);
  const keys = judgeKeys(await readKeyFacts(configuration), readClock().wall);
  const report = reportOn(await gather(configuration), plan, keys);
  const { firewall } = plan;
  if (asJson) say(JSON.stringify({ configuration: source.shown, firewall, issues, ...report }));
  else say(formatReport(report, process.stdout.isTTY && takesSigns(process.env)));
  return exitStatus([...report.findings, ...issues.map(({ severity }) => ({ severity }))]);
};

/** Where no file is written, none has to be writable. */
const lookAtAudit = ({ audit, audit_log: path }: Configuration['conf']['daemon']): Writable =>
  audit.includes('file') ? lookAtFile(path) : { path, trouble: undefined, free: undefined };

/** Whether the terminal shows signs that are no letters. */
const takesSigns = (env: NodeJS.ProcessEnv): boolean => env['TERM'] !== 'dumb' && hasUnicode(env);

const gather = async ({ conf: { daemon } }: Configuration): Promise<HostFacts> => {
  return {
    ...(await readRules()),
    ...{ links: readLinks(), routes: await readRoutes(), listeners: readListeners() },
    ...{ isClockSynchronised: isClockSynchronised(), session: liveSession() },
    ...{ isRunning: await isClaimed(daemon.state_dir), others: findDaemons() },
    ...{ stateDir: lookAtFolder(daemon.state_dir), auditLog: lookAtAudit(daemon) },
  };
};
