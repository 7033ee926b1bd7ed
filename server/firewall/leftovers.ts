/** What spad may have left in the firewalls of this host: for `spad flush`, and for a start with another back-end. */
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '../../src/bytes/encoding.ts';
import { type BackendName, BACKEND_NAMES } from '../../src/firewall/backends.ts';
import {
  formatLastFirewall,
  type LastFirewall,
  leftBehind,
  parseLastFirewall,
} from '../../src/firewall/last-firewall.ts';
import { formatSetPlace } from '../../src/firewall/nft-set.ts';
import { TABLE } from '../../src/firewall/nft-script.ts';
import { parseUserRules } from '../../src/firewall/ufw-rule.ts';
import type { Moment } from '../../src/base/units.ts';
import type { Logger } from '../log/logger.ts';
import { claimFolder } from '../process/claim.ts';
import { replaceFile } from '../store/atomic-file.ts';
import { ipsetProgram } from './ipset.ts';
import { iptablesTools } from './iptables-tools.ts';
import { findNftRunner } from './nft-runner.ts';
import { commandLog, type FirewallSettings, openFirewall } from './select.ts';

const UFW_RULES = [
  { path: '/etc/ufw/user.rules', family: 4 },
  { path: '/etc/ufw/user6.rules', family: 6 },
] as const;

interface Leftover {
  /** Of what is taken away, for people; completes "removed: ". */
  readonly what: (settings: FirewallSettings) => string;
  /** Whether something of ours may be there. Throws where that cannot be told. */
  readonly mayBeThere: (settings: FirewallSettings) => Promise<boolean> | boolean;
}

const hasChains = async (): Promise<boolean> => {
  const families = ([4, 6] as const).filter((family) => family === 4 || iptablesTools.hasIpv6());
  const listings = await Promise.all(families.map((family) => iptablesTools.save(family).catch(() => '')));
  return listings.some((listing) => /^:SPAD-(?:GRANT|GUARD|ACCEPT|ONWARD|FORWARD)\b/m.test(listing));
};

/** Sets outlive the chains that look into them. */
const hasSets = async (): Promise<boolean> => {
  const names = await ipsetProgram(['list', '-name'], '').catch(() => '');
  return names.split('\n').some((name) => name.startsWith('spad-'));
};

/** Where there is no ufw there are no rules of it. */
const hasUfwRules = (): boolean =>
  UFW_RULES.some(
    ({ path, family }) => existsSync(path) && parseUserRules(readFileSync(path, 'utf8'), family).length > 0,
  );

const LEFTOVERS: Readonly<Record<BackendName, Leftover>> = {
  nftables: {
    what: () => `the table "${TABLE}"; the ports that it guarded are as open as your other rules leave them`,
    mayBeThere: async () => (await findNftRunner().json(`table ${TABLE}`)) !== undefined,
  },
  'nft-set': {
    what: ({ nft_set: sets }) => `the elements of spad in ${sets.map(formatSetPlace).join(' and ')}`,
    mayBeThere: ({ nft_set: sets }) => sets.length > 0,
  },
  iptables: { what: () => 'the chains of spad in iptables', mayBeThere: hasChains },
  ipset: { what: () => 'the sets of spad in ipset', mayBeThere: hasSets },
  firewalld: {
    what: () => 'the rules of spad in firewalld',
    mayBeThere: async () => (await findNftRunner().json('table inet firewalld')) !== undefined,
  },
  ufw: { what: () => 'the rules of spad in ufw', mayBeThere: hasUfwRules },
  command: {
    what: () => 'what commands had opened',
    mayBeThere: ({ state_dir: folder }) => existsSync(commandLog(folder)),
  },
  'dry-run': { what: () => 'nothing', mayBeThere: () => false },
};

/**
 * Takes away what any back-end has left, and gives a line for each; of `named` it is known that they were in use. Throws
 * FirewallError at the first that refuses.
 */
export const flushAll = async (
  settings: Omit<FirewallSettings, 'firewall'>,
  named: readonly BackendName[],
  now: () => Moment,
  logger: Logger,
): Promise<readonly string[]> => {
  const lines: string[] = [];
  for (const firewall of BACKEND_NAMES) {
    const { what, mayBeThere } = LEFTOVERS[firewall];
    const own: FirewallSettings = { ...settings, firewall };
    const isThere = await mayBeThere(own);
    if (firewall === 'dry-run' || !(isThere || named.includes(firewall))) continue;
    // Two daemons at one journal would each undo what the other has noted.
    if (firewall === 'command') await claimFolder(own.state_dir);
    await openFirewall(own, now, logger).flush();
    if (isThere) lines.push(`removed: ${what(own)}`);
  }
  return lines;
};

const lastFile = (folder: string): string => join(folder, 'firewall');

/** What the last start has noted; undefined where there was none. */
export const readLastFirewall = (folder: string): LastFirewall | undefined => {
  try {
    return parseLastFirewall(readFileSync(lastFile(folder), 'utf8'));
  } catch {
    return undefined;
  }
};

/** Takes away what the last start has left in another firewall than this one's, and notes this one. What fails is told. */
export const leaveLastFirewall = async (
  settings: FirewallSettings,
  now: () => Moment,
  logger: Logger,
): Promise<void> => {
  const { state_dir: folder, firewall } = settings;
  const present: LastFirewall = { firewall, sets: firewall === 'nft-set' ? settings.nft_set : [] };
  const last = readLastFirewall(folder);
  const left = last && leftBehind(last, present);
  if (left !== undefined) {
    const own: FirewallSettings = { ...settings, firewall: left.firewall, nft_set: left.sets };
    try {
      await openFirewall(own, now, logger).flush();
      logger.info(`the last start had firewall = ${left.firewall}: what it left there is removed`);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      logger.error(
        `the last start had firewall = ${left.firewall}, and what it left there cannot be removed: ${words}`,
      );
    }
  }
  if (last === undefined || formatLastFirewall(last) !== formatLastFirewall(present))
    closeSync(replaceFile(lastFile(folder), encodeUtf8(formatLastFirewall(present))));
};
