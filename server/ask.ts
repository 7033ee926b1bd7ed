/** `spad grants` and `spad confirm`: what is asked of the daemon that runs, or of what it has left. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countOf } from '../src/base/printable.ts';
import { grantTable } from '../src/control/grant-table.ts';
import type { Proof } from '../src/control/request.ts';
import { type GrantList, readGrantList, showGrants } from '../src/control/response.ts';
import { describeFirewall } from '../src/control/status-page.ts';
import type { BackendTraits } from '../src/firewall/backends.ts';
import { decodeGrantLog } from '../src/grant/record.ts';
import { type Asking, OTHER_VERSION, type Where, type WhereOptions } from './asking.ts';
import { readClock } from './clock.ts';
import { askDaemon } from './control/client.ts';
import { findSession, findWays } from './control/session.ts';
import { readSockets } from './control/sockets.ts';
import { readBootId } from './process/boot-clock.ts';
import { GRANT_LOG } from './store/grant-store.ts';

interface AskOptions extends WhereOptions {
  readonly json?: true;
  readonly console?: true;
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const listGrants = async (where: Where, asJson: boolean): Promise<number> => {
  const answer = await askDaemon(where.folder, { command: 'grants' });
  if (answer === undefined) return listLog(where, asJson);
  if (!answer.ok) throw new Error(answer.error);
  const list = readGrantList(answer.value);
  if (list === undefined) throw new Error(OTHER_VERSION);
  if (asJson) say(JSON.stringify({ running: true, ...list }));
  else for (const line of describeList(list)) say(line);
  return list.firewall.kind === 'fault' ? 1 : 0;
};

const describeList = ({ via, firewall, trialUntil, grants }: GrantList): readonly string[] => [
  ...(grants.length === 0 ? ['nothing is open'] : grantTable(grants)),
  `${countOf(grants.length, 'grant')}; the firewall ${describeFirewall(firewall, via)}`,
  ...(trialUntil === undefined
    ? []
    : [`the guard is on trial until ${trialUntil}: run "spad confirm" in a new session`]),
];

const CLOSED_BY = {
  kernel: 'the kernel closes on time all the same',
  firewall: 'the firewall closes on time all the same',
  companion: 'what spad has left behind closes them on time all the same',
  spad: 'they are closed when spad is started again',
} as const satisfies Record<BackendTraits['endedBy'], string>;

/** What the grant log of a daemon that is not there any more leaves open. */
const listLog = ({ folder, endedBy }: Where, asJson: boolean): number => {
  const path = join(folder, GRANT_LOG);
  const now = readClock();
  const log = existsSync(path)
    ? decodeGrantLog(readFileSync(path, 'utf8'), { ...now, boot: readBootId() })
    : { grants: [] };
  const grants = showGrants(log.grants, now);
  if (asJson) {
    say(JSON.stringify({ running: false, grants }));
    return 0;
  }
  const closed = endedBy === undefined ? 'each until its time' : CLOSED_BY[endedBy];
  const open =
    grants.length === 0 ? 'by its grant log nothing is open' : `by its grant log these are still open, and ${closed}:`;
  say(`spad is not running on ${folder}; ${open}`);
  if (grants.length > 0) for (const line of grantTable(grants)) say(line);
  return 0;
};

const confirm = async ({ folder }: Where, atConsole: boolean): Promise<number> => {
  const proof = atConsole ? ({ kind: 'console' } as const) : sessionProof();
  const answer = await askDaemon(folder, { command: 'confirm', proof });
  if (answer === undefined) throw new Error(`spad is not running on ${folder}: there is nothing to confirm`);
  if (!answer.ok) throw new Error(answer.error);
  say('confirmed: the guard stays');
  return 0;
};

/** Throws a sentence where this is no SSH session. */
const sessionProof = (): Proof => {
  const connection = findSession();
  if (connection === undefined)
    throw new Error(
      'this is no SSH session, so it proves nothing about the guard: log in with ssh and run spad confirm there, or say --console if you sit at this machine',
    );
  return { kind: 'connection', connection, ways: findWays(readSockets()) };
};

/** Adds the commands. */
export const defineAsk = ({ define, whereOf }: Asking, onStatus: (status: number) => void): void => {
  define('grants', 'list what is open, and whether the firewall agrees')
    .option('--json', 'as one JSON object')
    .action(async (options: AskOptions) => onStatus(await listGrants(whereOf(options), options.json === true)));
  define('confirm', 'keep the guard that `spad start --confirm` has put on trial; run it through a new SSH connection')
    .option('--console', 'I sit at this machine, and need no connection to it')
    .action(async (options: AskOptions) => onStatus(await confirm(whereOf(options), options.console === true)));
};
