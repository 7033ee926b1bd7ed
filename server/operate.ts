/** `spad status`, `metrics`, `revoke`, `open` and `reload`: how the daemon that runs is, and what is done to it while it runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { type IpAddress, parseAddress } from '../src/base/address.ts';
import { normalizePorts, parsePortSpec, type PortSpec } from '../src/base/port-spec.ts';
import { countOf } from '../src/base/printable.ts';
import { isStanzaName } from '../src/base/stanza-name.ts';
import { MAX_OPEN_FOR, parseDuration, type Seconds } from '../src/base/units.ts';
import { grantTable } from '../src/control/grant-table.ts';
import { BY_HAND, GRANT_TRAITS, type GrantChoice, type GrantTrait, type HandOpening } from '../src/control/request.ts';
import { readGrants } from '../src/control/response.ts';
import { reloadLines, statusPage } from '../src/control/status-page.ts';
import { readMetrics, readReloadOutcome, readStatus } from '../src/control/status.ts';
import { answerOf, type Asking, OTHER_VERSION, type Where, type WhereOptions } from './asking.ts';
import { askDaemon } from './control/client.ts';

interface OperateOptions extends WhereOptions {
  readonly json?: true;
  readonly all?: true;
  readonly as?: GrantTrait;
}

interface OpenOptions extends WhereOptions {
  readonly json?: true;
  readonly for: Seconds;
  readonly stanza: string;
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const showStatus = async ({ folder }: Where, asJson: boolean): Promise<number> => {
  const answer = await askDaemon(folder, { command: 'status' });
  if (answer === undefined && asJson) {
    say(JSON.stringify({ running: false }));
    return 1;
  }
  const status = readStatus(answerOf(answer, folder));
  if (status === undefined) throw new Error(OTHER_VERSION);
  if (asJson) say(JSON.stringify({ running: true, ...status }));
  else for (const line of statusPage(status)) say(line);
  return status.firewall.kind === 'fault' ? 1 : 0;
};

/** As the daemon that runs writes them, whose version they belong to. */
const showMetrics = async ({ folder }: Where): Promise<number> => {
  const metrics = readMetrics(answerOf(await askDaemon(folder, { command: 'metrics' }), folder));
  if (metrics === undefined) throw new Error(OTHER_VERSION);
  process.stdout.write(metrics.openmetrics);
  return 0;
};

const revoke = async ({ folder }: Where, choice: GrantChoice, asJson: boolean): Promise<number> => {
  const answer = answerOf(await askDaemon(folder, { command: 'revoke', choice }), folder);
  const revoked = readGrants(answer, 'revoked');
  if (revoked === undefined) throw new Error(OTHER_VERSION);
  if (asJson) say(JSON.stringify({ revoked }));
  else {
    for (const line of revoked.length === 0 ? ['nothing was open'] : grantTable(revoked)) say(line);
    if (revoked.length > 0)
      say(`${countOf(revoked.length, 'grant')} revoked: the firewall has closed what they had open`);
  }
  return 0;
};

/** Undefined for anything but one word or --all. */
const choiceOf = (what: string | undefined, { all, as }: OperateOptions): GrantChoice | undefined => {
  if (what !== undefined && all === undefined) return { kind: 'some', what, ...(as === undefined ? {} : { as }) };
  return what === undefined && all === true && as === undefined ? { kind: 'all' } : undefined;
};

const open = async ({ folder }: Where, wish: HandOpening, asJson: boolean): Promise<number> => {
  const opened = readGrants(answerOf(await askDaemon(folder, { command: 'open', ...wish }), folder), 'opened');
  if (opened === undefined) throw new Error(OTHER_VERSION);
  if (asJson) say(JSON.stringify({ opened }));
  else for (const line of grantTable(opened)) say(line);
  return 0;
};

const reload = async ({ folder }: Where, asJson: boolean): Promise<number> => {
  const outcome = readReloadOutcome(answerOf(await askDaemon(folder, { command: 'reload' }), folder));
  if (outcome === undefined) throw new Error(OTHER_VERSION);
  if (asJson) say(JSON.stringify(outcome));
  else for (const line of reloadLines(outcome)) say(line);
  return outcome.taken ? 0 : 1;
};

const addressWord = (text: string): IpAddress => {
  const address = parseAddress(text);
  if (address === undefined) throw new InvalidArgumentError('It is an address such as 192.0.2.9 or 2001:db8::9.');
  return address;
};

const portWord = (text: string, before: readonly PortSpec[] = []): readonly PortSpec[] => {
  const spec = parsePortSpec(text);
  if (spec === undefined) throw new InvalidArgumentError('It is a port such as tcp/22 or udp/60000-60010.');
  return [...before, spec];
};

const openFor = (text: string): Seconds => {
  const time = parseDuration(text);
  if (time === undefined || time < 1 || time > MAX_OPEN_FOR)
    throw new InvalidArgumentError('It is a time from 1s to 365d, such as 90s, 30m or 1h30m.');
  return time;
};

const trait = (text: string): GrantTrait => {
  const known = GRANT_TRAITS.find((one) => one === text);
  if (known === undefined) throw new InvalidArgumentError(`It is one of ${GRANT_TRAITS.join(', ')}.`);
  return known;
};

const stanzaName = (text: string): string => {
  if (!isStanzaName(text)) throw new InvalidArgumentError('It is a name of up to 64 letters, digits and . _ @ -');
  return text;
};

/** Adds the commands. */
export const defineOperate = ({ define, whereOf }: Asking, onStatus: (status: number) => void): void => {
  define('status', 'tell how the running daemon is: capture, firewall, guard, packets by reason')
    .option('--json', 'as one JSON object')
    .action(async (options: OperateOptions) => onStatus(await showStatus(whereOf(options), options.json === true)));
  define('metrics', 'print counters and gauges of the running daemon as OpenMetrics').action(
    async (options: OperateOptions) => onStatus(await showMetrics(whereOf(options))),
  );
  define('revoke', 'take grants back before their time')
    .argument('[what]', 'the id, the stanza or the address of the grants')
    .option(`--as <${GRANT_TRAITS.join('|')}>`, 'which of these it is', trait)
    .option('--all', 'all grants')
    .option('--json', 'tell what was revoked as one JSON object')
    .action(async (what: string | undefined, options: OperateOptions, command: Command) => {
      const choice = choiceOf(what, options);
      if (choice === undefined)
        command.error('error: name what to revoke, an id, a stanza or an address; or say --all, and nothing else');
      onStatus(await revoke(whereOf(options), choice, options.json === true));
    });
  define('open', 'open ports for an address by hand')
    .argument('<address>', 'for whom', addressWord)
    .argument('<port...>', 'such as tcp/22', portWord)
    .requiredOption('--for <time>', 'how long, such as 30m', openFor)
    .option('--stanza <name>', 'the name that the grant bears', stanzaName, BY_HAND)
    .option('--json', 'tell what was opened as one JSON object')
    .action(async (address: IpAddress, specs: readonly PortSpec[], options: OpenOptions) => {
      const wish = { stanza: options.stanza, address, ports: normalizePorts(specs), openFor: options.for };
      onStatus(await open(whereOf(options), wish, options.json === true));
    });
  define('reload', 'read the configuration again, as SIGHUP does, and tell what it came to')
    .option('--json', 'as one JSON object')
    .action(async (options: OperateOptions) => onStatus(await reload(whereOf(options), options.json === true)));
};
