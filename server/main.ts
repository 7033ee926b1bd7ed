#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { type BackendName, closesPorts, needsRoot } from '../src/firewall/backends.ts';
import { describeIssue } from '../src/config/issue.ts';
import { type Origin, runCli, type RunOptions } from './cli.ts';
import { checkConfiguration, firewallNameOf, loadHere } from './chosen-source.ts';
import { readClock } from './clock.ts';
import { Daemon } from './daemon.ts';
import type { FirewallBackend } from './firewall/backend.ts';
import { OwnSteps } from './firewall/generation.ts';
import { leaveLastFirewall } from './firewall/leftovers.ts';
import { type FirewallSettings, openFirewall } from './firewall/select.ts';
import { flush } from './flush.ts';
import { checkHost } from './host/check.ts';
import { fwknopMode } from './fwknop-mode.ts';
import { type Configuration, type ConfigurationSource, fileSource } from './load-config.ts';
import { runKnockd } from './knockd/start.ts';
import { hasCapability } from './process/capabilities.ts';
import { claimFolder } from './process/claim.ts';
import { forbidDumps } from './process/no-dumps.ts';
import { openService } from './process/service.ts';
import { launchBySocket, launchChild } from './receiver-process.ts';
import { makeStateFolder } from './state-folder.ts';
import { type Logger, stderrLogger } from './log/logger.ts';

// Node would open its debugger, at a port that every user of this host reaches, until the daemon listens to it.
process.on('SIGUSR1', () => undefined);

const USAGE = 2;
const UNCONFIRMED = 3;

const NOT_ALLOWED =
  'spad changes the firewall and listens in on the network, which takes root or CAP_NET_ADMIN and CAP_NET_RAW: try "sudo spad"';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Where the configuration comes from, by the command line. */
const sourceOf = (origin: Origin): ConfigurationSource =>
  'file' in origin ? fileSource(origin.file) : fwknopMode(origin.fwknop);

const check = async (origin: ConfigurationSource): Promise<number> =>
  (await checkConfiguration(origin, say)).configuration === undefined ? 1 : 0;

const run = async (origin: ConfigurationSource, { confirm, receiverSocket }: RunOptions): Promise<number> => {
  const logger = stderrLogger(process.env);
  if (origin.seemsAuto?.() === true && !hasCapability('CAP_NET_ADMIN')) throw new Error(NOT_ALLOWED);
  keepSecrets(logger);
  const service = openService(process.env, (message) => logger.warn(message));
  const { configuration, issues, choice, source } = await loadHere(origin);
  for (const issue of issues) logger[issue.severity === 'error' ? 'error' : 'warn'](describeIssue(issue));
  if (configuration === undefined) return 1;
  if (choice !== undefined) logger.info(`firewall = auto comes to ${choice.firewall} here: ${choice.why}`);
  for (const warning of choice?.warnings ?? []) logger.warn(warning);
  const { daemon: settings } = configuration.conf;
  if (confirm !== undefined) refuseVainTrial(configuration);
  process.umask(0o077);
  makeStateFolder(settings.state_dir);
  await claimFolder(settings.state_dir);
  const name = firewallNameOf(configuration);
  if (needsRoot(name) && process.geteuid?.() !== 0)
    throw new Error(
      `firewall = ${name} takes root: run spad as root (without own-user.conf), or set firewall = nftables in ${source.shown}`,
    );
  const steps = new OwnSteps();
  const firewall = await firewallOf(configuration, name, logger, steps);
  const daemon = new Daemon({
    ...{ source, configuration, logger, service, firewall, firewallName: name, steps, confirm, version: version() },
    launch: receiverSocket === undefined ? launchChild : launchBySocket(receiverSocket),
  });
  process.on('SIGHUP', () => daemon.reload());
  process.on('SIGUSR1', () => daemon.reopen());
  process.on('SIGUSR2', () => daemon.report());
  process.on('SIGTERM', () => void daemon.stop());
  process.on('SIGINT', () => void daemon.stop());
  if ((await daemon.run()) === 'unconfirmed') return UNCONFIRMED;
  logger.info(`stopped; ${leftBy(name)}`);
  return 0;
};

/** Before there is a key in this process. */
const keepSecrets = (logger: Logger): void => {
  try {
    forbidDumps();
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    logger.warn(`a core dump of spad would hold keys (${why}): see to it that none is written`);
  }
};

/** Throws a sentence where there would be no guard to be tried. */
const refuseVainTrial = (configuration: Configuration): void => {
  const name = firewallNameOf(configuration);
  const reason = closesPorts(name)
    ? configuration.policy.guard.length > 0
      ? undefined
      : 'nothing is guarded'
    : `firewall = ${name} guards nothing`;
  if (reason !== undefined) throw new Error(`${reason}, so there is nothing to confirm: start spad without --confirm`);
};

/** What becomes of the firewall once the daemon has stopped. */
const leftBy = (name: BackendName): string => {
  if (name === 'command') return 'what commands had opened is closed';
  if (name === 'nft-set') return 'grants end on time';
  return 'the guard stays in the firewall ("spad flush" removes it)';
};

/** The back-end, once what another one has left is gone. */
const firewallOf = async (
  { conf }: Configuration,
  name: BackendName,
  logger: Logger,
  steps: OwnSteps,
): Promise<FirewallBackend> => {
  const settings: FirewallSettings = { ...conf.daemon, firewall: name, commands: conf.firewall.commands };
  if (name !== 'dry-run') await leaveLastFirewall(settings, readClock, logger);
  return openFirewall(settings, readClock, logger, steps);
};

/** What a door has started may outlive the daemon, and must not keep it. */
const knockd = async (args: readonly string[]): Promise<number> => process.exit(await runKnockd(args, version()));

const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
};

const main = async (): Promise<void> => {
  try {
    process.exitCode = await runCli(process.argv.slice(2), version(), {
      run: (origin, options) => run(sourceOf(origin), options),
      check: (origin) => check(sourceOf(origin)),
      checkHost: (origin, asJson) => checkHost(sourceOf(origin), asJson),
      flush: (file) => flush(file, say, stderrLogger(process.env)),
      knockd,
    });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
    else {
      stderrLogger(process.env).error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    }
  }
};

void main();
