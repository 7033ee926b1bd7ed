/** The life of `spad knockd` from its arguments to its exit status, in the order in which knockd does things. */
import { createHash } from 'node:crypto';
import { readFileSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { accountIn } from '../../src/base/passwd.ts';
import type { KnockdConf } from '../../src/config/knockd-conf.ts';
import {
  interfaceNames,
  KNOCKD_USAGE,
  type KnockdSwitches,
  parseKnockdOptions,
} from '../../src/knock/knockd-options.ts';
import type { ReceiverSettings } from '../../src/engine/receiver-settings.ts';
import { startInBackground } from '../process/run.ts';
import { Knockd } from './knockd.ts';
import { KnockdLog } from './knockd-log.ts';
import { loadKnockdConf, type LoadParts, targetFault } from './load.ts';
import { StopStore } from './stop-store.ts';
import { systemWords } from './system-words.ts';

const FAILED = 1;
const SIGNAL_STATUS = { SIGTERM: 15, SIGINT: 2 } as const;
/** Set for the process that `--daemon` leaves behind: the folder in which it was started. */
const BACKGROUND = 'SPAD_KNOCKD_STARTED_IN';
const UP_DESCRIPTOR = 3;
const DEFAULT_STATE_DIR = '/var/lib/spad';

/** `args`: what comes after `knockd`. Gives the exit status. */
export const runKnockd = async (args: readonly string[], version: string): Promise<number> => {
  const line = parseKnockdOptions(args.map((arg) => Buffer.from(arg, 'utf8').toString('latin1')));
  if (line.kind === 'version') {
    process.stdout.write(`knockd 0.8\nas spad ${version} does it\n`);
    return 0;
  }
  if (line.kind === 'usage') {
    if (line.message !== undefined) process.stderr.write(`${line.message}\n`);
    process.stdout.write(KNOCKD_USAGE);
    return 0;
  }
  const { switches } = line;
  const startedIn = process.env[BACKGROUND];
  // Not for the commands of doors.
  Reflect.deleteProperty(process.env, BACKGROUND);
  const log = new KnockdLog(switches.verbose, switches.debug);
  const load = loadPartsOf(switches, startedIn ?? process.cwd(), log);
  const conf = loadKnockdConf(load);
  if (!conf.ok) {
    log.error(conf.error.message);
    process.stdout.write(KNOCKD_USAGE);
    return FAILED;
  }
  const fault = targetFault(conf.value, switches.onlyV4);
  if (fault !== undefined) {
    log.error(fault);
    openLog(conf.value, switches, log);
    log.write({ log: 'shutting down' });
    return FAILED;
  }
  if (switches.daemon && startedIn === undefined) return goToBackground(args);
  return await live(switches, conf.value, load, log, startedIn !== undefined);
};

const loadPartsOf = (switches: KnockdSwitches, folder: string, log: KnockdLog): LoadParts => ({
  shown: switches.config,
  path: resolve(folder, Buffer.from(switches.config, 'latin1').toString('utf8')),
  warn: (text) => log.error(text),
  echo: (text) => log.debug(text),
});

/** Node cannot fork: the program is started again, detached, and says on a pipe when it listens. */
const goToBackground = async (args: readonly string[]): Promise<number> => {
  const child = startInBackground(['knockd', ...args], { ...process.env, [BACKGROUND]: process.cwd() });
  const pipe = child.stdio[UP_DESCRIPTOR];
  pipe?.on('error', () => undefined);
  if (pipe !== null && pipe !== undefined) await Promise.race([once(pipe, 'data'), once(pipe, 'close')]);
  child.unref();
  // The background ends only when it is told to; if it has ended already, nothing listens.
  return child.exitCode === null ? 0 : FAILED;
};

const tellParent = (): void => {
  try {
    writeSync(UP_DESCRIPTOR, 'up');
  } catch {
    // The parent did not wait.
  }
};

const openLog = (conf: KnockdConf, switches: KnockdSwitches, log: KnockdLog): void => {
  const path = conf.options.logFile ?? switches.logFile;
  if (path !== undefined) log.openFile(path);
  if (conf.options.useSyslog) log.openSyslog();
};

const live = async (
  switches: KnockdSwitches,
  conf: KnockdConf,
  load: LoadParts,
  log: KnockdLog,
  background: boolean,
): Promise<number> => {
  openLog(conf, switches, log);
  const pidFile = conf.options.pidFile ?? switches.pidFile;
  if (background) writePidFile(pidFile, log);
  const shownInterface = switches.interface ?? conf.options.interface ?? 'eth0';
  const stops = new StopStore(stopLogPath(load.path, shownInterface), (text) => log.error(text));
  const knockd = new Knockd({
    conf,
    shownInterface,
    interfaces: interfaceNames(shownInterface),
    families: switches.onlyV4 ? [4] : [4, 6],
    lookup: switches.lookup,
    user: receiverUser(),
    log,
    stops,
  });
  process.on('SIGHUP', () => reload(knockd, load, switches, log));
  const ended = nextSignal();
  knockd.start();
  const listening = {
    log: `starting up, listening on ${shownInterface}`,
    verbose: `listening on ${shownInterface}...`,
  };
  void knockd.listening.then(() => log.write(listening));
  if (background) void knockd.told.then(tellParent);
  const signal = await ended;
  log.write({ verbose: 'waiting for child processes...' });
  await knockd.stop();
  log.write({ log: 'shutting down', verbose: 'closing...' });
  await log.flush();
  if (background) removeFile(pidFile);
  return SIGNAL_STATUS[signal];
};

/** The first of the two that comes; what comes after it changes nothing. */
const nextSignal = (): Promise<keyof typeof SIGNAL_STATUS> =>
  new Promise((settle) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => settle(name));
  });

/** A file that is wrong leaves the doors as they are; knockd would have ended. */
const reload = (knockd: Knockd, load: LoadParts, switches: KnockdSwitches, log: KnockdLog): void => {
  const reading = `re-reading config file: ${load.shown}`;
  log.write({ log: `${reading}\n`, verbose: reading });
  const conf = loadKnockdConf(load);
  const fault = conf.ok ? targetFault(conf.value, switches.onlyV4) : conf.error.message;
  if (!conf.ok || fault !== undefined) {
    log.write({ log: `${fault ?? ''} --> keeping the old doors`, ...(fault !== undefined && { stderr: fault }) });
    return;
  }
  const path = conf.value.options.logFile ?? log.path ?? switches.logFile ?? '';
  log.write({ verbose: `closing log file: ${path}` });
  log.closeFile();
  if (conf.value.options.useSyslog) log.openSyslog();
  const opening = `re-opening log file: ${path}`;
  log.write({ log: `${opening}\n`, verbose: opening });
  log.openFile(path);
  knockd.replaceDoors(conf.value.doors);
};

const writePidFile = (path: string, log: KnockdLog): void => {
  try {
    writeFileSync(path, `${String(process.pid)}\n`);
  } catch (error) {
    log.write({ log: `could not create pid file ${path}: ${systemWords(error)}` });
  }
};

const removeFile = (path: string): void => {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
};

/** Each configuration on each interface has a log of its own: another daemon's stop commands are not ours to run. */
const stopLogPath = (config: string, shownInterface: string): string => {
  const folder = process.env['SPAD_STATE_DIR'] ?? DEFAULT_STATE_DIR;
  const key = createHash('sha256').update(`${config}\0${shownInterface}`).digest('hex').slice(0, 12);
  return join(folder, `knockd-stops-${key}.log`);
};

/** Only root can become somebody else, and only root has something to give up. */
const receiverUser = (): ReceiverSettings['user'] => {
  if (process.geteuid?.() !== 0) return undefined;
  return accountIn(readFileSync('/etc/passwd', 'utf8'), 'nobody') ?? { uid: 65_534, gid: 65_534 };
};
