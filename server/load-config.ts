/** From files on disk to a policy and the receiver's settings, or to every problem there is. */
import { readFileSync } from 'node:fs';
import { readSecretFile } from '../keys/safe-file.ts';
import { normalizePorts, type PortSpec } from '../src/base/port-spec.ts';
import { accountIn } from '../src/base/passwd.ts';
import type { FwknopEntry } from '../src/config/fwknop/access-conf.ts';
import type { FwknopdConf } from '../src/config/fwknop/fwknopd-conf.ts';
import { unguarded } from '../src/config/guard.ts';
import { fwknopWays } from '../src/config/fwknop/ways.ts';
import { hasErrors, type Issue } from '../src/config/issue.ts';
import { parseSpadConf, type SpadConf } from '../src/config/spad-conf.ts';
import { fwknopReceiverSettings } from '../src/engine/fwknop-settings.ts';
import { type FwknopPolicy, forwardsTo, type Policy } from '../src/engine/policy.ts';
import type { ReceiverSettings, ReceiverWish } from '../src/engine/receiver-settings.ts';
import type { BackendName } from '../src/firewall/backends.ts';
import type { DoorRule } from '../src/knock/door-rule.ts';
import { reachFor } from '../src/spa/native/gate.ts';
import { attempt } from './attempt.ts';
import { clientsOf, gateKeysOf, type Complain, type HeldKey, readKeys } from './load-keys.ts';
import { loadDoors } from './load-doors.ts';
import { firewallIssues, withBackend } from './load-firewall.ts';
import { checkSurroundings, type FwknopLoading, isFile, loadFwknop } from './load-fwknop.ts';
import { routingWarnings } from './routing.ts';

export interface Configuration {
  readonly conf: SpadConf;
  readonly policy: Policy;
  readonly receiver: ReceiverWish;
}

export interface ConfigurationReading {
  /** Undefined where there is an error among the issues. */
  readonly configuration: Configuration | undefined;
  readonly issues: readonly Issue[];
}

/** What is read anew at SIGHUP. */
export interface ConfigurationSource {
  /** What it is called in messages. */
  readonly shown: string;
  /** `auto`: what firewall = auto comes to here; where it is not known yet, what depends on it is not looked at. */
  readonly load: (auto?: BackendName) => ConfigurationReading;
  /** Whether it will come to firewall = auto, as far as a glance tells: it spares reading ten thousand clients twice. */
  readonly seemsAuto?: () => boolean;
}

/** spad.conf as a source. */
export const fileSource = (file: string): ConfigurationSource => ({
  shown: file,
  load: (auto) => loadConfiguration(file, auto),
  seemsAuto: () => {
    const text = attempt(
      () => readSecretFile(file),
      () => undefined,
    );
    return text !== undefined && !/^[ \t]*firewall[ \t]*=[ \t]*(?!auto\b)/m.test(text);
  },
});

/** Reads spad.conf and the files that it names. */
export const loadConfiguration = (file: string, auto?: BackendName): ConfigurationReading => {
  const issues: Issue[] = [];
  const text = attempt(
    () => readSecretFile(file),
    (message) =>
      issues.push({ severity: 'error', file, line: 0, problem: message, hint: 'spad -c FILE reads another' }),
  );
  if (text === undefined) return { configuration: undefined, issues };
  const reading = parseSpadConf(text, file);
  issues.push(...reading.issues);
  return reading.conf === undefined
    ? { configuration: undefined, issues }
    : completeConfiguration(reading.conf, loadBeside(reading.conf, issues), file, issues, auto);
};

/** fwknop's own files, where spad.conf names them. */
const loadBeside = ({ daemon }: SpadConf, issues: Issue[]): FwknopLoading | undefined => {
  if (daemon.fwknop_access === undefined && daemon.fwknop_config === undefined) return undefined;
  return loadFwknop(
    {
      ...{ access: daemon.fwknop_access, config: daemon.fwknop_config, overrides: daemon.fwknop_override },
      allowUnauthenticated: daemon.fwknop_allow_no_hmac,
      askForUnauthenticated: 'set fwknop_allow_no_hmac = yes in spad.conf',
    },
    issues,
  );
};

/** Adds to what the files say what the host has to say: secrets, doors, users. `file` is named in the issues. */
export const completeConfiguration = (
  conf: SpadConf,
  beside: FwknopLoading | undefined,
  file: string,
  issues: Issue[],
  auto: BackendName | undefined,
): ConfigurationReading => {
  const complain: Complain = (line, problem, hint) => {
    issues.push({ severity: 'error', file, line, problem, hint });
  };
  const { daemon, access } = conf;
  issues.push(...firewallIssues(conf, beside?.entries ?? [], file, auto));
  if (beside !== undefined) warnOfUnguarded(conf, beside, issues);
  const keys = readKeys(access, complain);
  const user = findUser(daemon.receiver_user, (problem, hint) => complain(0, problem, hint));
  const doors = loadDoors(conf, file, issues);
  const fwknop = [...conf.fwknop, ...(beside?.entries ?? [])];
  checkFwknopNames(conf, fwknop, issues);
  checkSurroundings(fwknop, issues);
  if (hasErrors(issues)) return { configuration: undefined, issues };
  const configuration = configure({
    conf: withDigestCache(withBackend(conf, auto), beside),
    keys,
    doors,
    user,
    fwknop,
    beside: beside?.conf,
  });
  if (daemon.firewall !== 'dry-run') issues.push(...routingWarnings(forwardsTo(configuration.policy), file));
  return { configuration, issues };
};

/** Where spad.conf names none, what fwknopd has left where its own files say. */
const withDigestCache = (conf: SpadConf, beside: FwknopLoading | undefined): SpadConf => {
  const found = beside !== undefined && isFile(beside.conf.digestFile) ? beside.conf.digestFile : undefined;
  const { fwknop_digest_cache: named = found } = conf.daemon;
  return { ...conf, daemon: { ...conf.daemon, fwknop_digest_cache: named } };
};

const warnOfUnguarded = ({ daemon }: SpadConf, { entries }: FwknopLoading, issues: Issue[]): void => {
  for (const { client, file, line } of entries) {
    const { name, openPorts, cycle } = client.stanza;
    const loose = unguarded(daemon.guard, `${name} allows`, cycle === undefined ? (openPorts ?? []) : []);
    if (loose !== undefined) issues.push({ severity: 'warning', file, line, ...loose });
  }
};

interface Parts {
  readonly conf: SpadConf;
  readonly keys: readonly HeldKey[];
  readonly doors: readonly DoorRule[];
  readonly user: ReceiverSettings['user'];
  readonly fwknop: readonly FwknopEntry[];
  readonly beside: FwknopdConf | undefined;
}

const configure = ({ conf, keys, doors, user, fwknop, beside }: Parts): Configuration => {
  const { daemon } = conf;
  const maxAge = daemon.max_age * 1000;
  const clients = clientsOf(keys, daemon.name);
  const ways = fwknopWays(daemon, beside);
  const fwknopPolicy: FwknopPolicy = {
    clients: fwknop.map(({ client }) => client),
    maxAge: daemon.fwknop_max_age === undefined ? (beside?.maxAge ?? maxAge) : daemon.fwknop_max_age * 1000,
    trustForwardedFor: ways.http?.forwardedFor === true,
  };
  return {
    conf,
    policy: { clients, fwknop: fwknopPolicy, doors, guard: guardOf(conf), maxAge },
    receiver: {
      capture: daemon.capture,
      group: daemon.nflog_group,
      interface: daemon.interface,
      file: daemon.capture_file,
      port: daemon.port,
      user,
      reach: reachFor(clients.length, maxAge),
      clients: gateKeysOf(keys, daemon.name),
      fwknop: fwknopReceiverSettings(fwknopPolicy, ways),
    },
  };
};

/**
 * Where packets are sniffed, the SPA port is guarded too, and no stanza opens it: else the kernel would answer that nobody
 * listens there.
 */
const guardOf = ({ daemon }: SpadConf): readonly PortSpec[] => {
  if (daemon.capture === 'udp' || daemon.capture === 'file') return daemon.guard;
  return normalizePorts([...daemon.guard, { protocol: 'udp', first: daemon.port, last: daemon.port }]);
};

/** A grant belongs to a name: what one stanza has opened is not another's to close. */
const checkFwknopNames = (conf: SpadConf, fwknop: readonly FwknopEntry[], issues: Issue[]): void => {
  const taken = new Set([
    ...conf.access.map(({ stanza }) => stanza.name),
    ...conf.doors.map(({ rule }) => rule.door.name),
  ]);
  for (const { client, file, line } of fwknop.slice(conf.fwknop.length)) {
    const { name } = client.stanza;
    if (!taken.has(name) && !conf.fwknop.some((entry) => entry.client.stanza.name === name)) continue;
    const hint =
      'the stanzas of access.conf have the names stanza-1, stanza-2 and so on; give the one in spad.conf another';
    issues.push({ severity: 'error', file, line, problem: `${name} is a name in spad.conf, too`, hint });
  }
};

/** The user that the receiver becomes; undefined for `same`, and where it is not known, which is told. */
const findUser = (name: string, complain: (problem: string, hint: string) => void): ReceiverSettings['user'] => {
  if (name === 'same') return undefined;
  const user = accountIn(readFileSync('/etc/passwd', 'utf8'), name);
  if (user === undefined) {
    complain(`receiver_user = ${name}: there is no such user in /etc/passwd`, 'receiver_user = nobody');
    return undefined;
  }
  if (user.uid === 0) complain(`receiver_user = ${name} is the superuser`, 'receiver_user = nobody');
  // Only root can become somebody else; any other user has nothing to give up but what the unit gave it.
  return process.geteuid?.() === 0 ? user : undefined;
};
