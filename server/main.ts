#!/usr/bin/env node
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { countOf } from '../src/base/printable.ts';
import type { Seconds } from '../src/base/units.ts';
import { clientCount } from '../src/engine/policy.ts';
import { closesPorts } from '../src/firewall/backends.ts';
import { describeIssue, formatIssue } from '../src/config/issue.ts';
import { type Origin, runCli } from './cli.ts';
import { readClock } from './clock.ts';
import { Daemon } from './daemon.ts';
import { findNftRunner } from './firewall/nft-runner.ts';
import { nftables } from './firewall/nftables.ts';
import { openFirewall } from './firewall/select.ts';
import { fwknopMode } from './fwknop-mode.ts';
import { type Configuration, type ConfigurationSource, loadConfiguration } from './load-config.ts';
import { runKnockd } from './knockd/start.ts';
import { claimFolder } from './process/claim.ts';
import { stderrLogger } from './log/logger.ts';

const USAGE = 2;
const UNCONFIRMED = 3;

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Where the configuration comes from, by the command line. */
const sourceOf = (origin: Origin): ConfigurationSource =>
  'file' in origin ? { shown: origin.file, load: () => loadConfiguration(origin.file) } : fwknopMode(origin.fwknop);

const check = ({ shown, load }: ConfigurationSource): Promise<number> => {
  const { configuration, issues } = load();
  for (const issue of issues) say(formatIssue(issue));
  if (configuration === undefined) {
    say(`${shown}: ${countOf(issues.filter((issue) => issue.severity === 'error').length, 'error')}`);
    return Promise.resolve(1);
  }
  say(`${shown}: no errors, ${countOf(clientCount(configuration.policy), 'client')}`);
  return Promise.resolve(0);
};

const flush = async (file: string): Promise<number> => {
  const { configuration } = loadConfiguration(file);
  if (configuration !== undefined)
    await openFirewall(configuration.conf.daemon, readClock, stderrLogger(process.env)).flush();
  await nftables(findNftRunner(), () => readClock().steady).flush();
  say('the table "inet spad" is gone; the ports that it guarded are as open as your other rules leave them');
  return 0;
};

const run = async (source: ConfigurationSource, confirm: Seconds | undefined): Promise<number> => {
  const logger = stderrLogger(process.env);
  const { configuration, issues } = source.load();
  for (const issue of issues) logger[issue.severity === 'error' ? 'error' : 'warn'](describeIssue(issue));
  if (configuration === undefined) return 1;
  const { daemon: settings } = configuration.conf;
  if (confirm !== undefined) refuseVainTrial(configuration);
  process.umask(0o077);
  makeStateFolder(settings.state_dir);
  await claimFolder(settings.state_dir);
  const firewall = openFirewall(settings, readClock, logger);
  const daemon = new Daemon({ source, configuration, logger, firewall, confirm });
  process.on('SIGHUP', () => daemon.reload());
  process.on('SIGUSR2', () => daemon.report());
  process.on('SIGTERM', () => void daemon.stop());
  process.on('SIGINT', () => void daemon.stop());
  if ((await daemon.run()) === 'unconfirmed') return UNCONFIRMED;
  logger.info('stopped; the guard stays in the firewall ("spad flush" removes it)');
  return 0;
};

/** Throws a sentence where there would be no guard to be tried. */
const refuseVainTrial = ({ conf: { daemon }, policy }: Configuration): void => {
  const reason = closesPorts(daemon.firewall)
    ? policy.guard.length > 0
      ? undefined
      : 'nothing is guarded'
    : `firewall = ${daemon.firewall} guards nothing`;
  if (reason !== undefined) throw new Error(`${reason}, so there is nothing to confirm: start spad without --confirm`);
};

const makeStateFolder = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`state_dir ${path} cannot be used: ${words}`, { cause: error });
  }
};

/** What a door has started may outlive the daemon, and must not keep it. */
const knockd = async (args: readonly string[]): Promise<number> => process.exit(await runKnockd(args, version()));

const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
};

try {
  process.exitCode = await runCli(process.argv.slice(2), version(), {
    run: (origin, confirm) => run(sourceOf(origin), confirm),
    check: (origin) => check(sourceOf(origin)),
    flush,
    knockd,
  });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else {
    stderrLogger(process.env).error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
