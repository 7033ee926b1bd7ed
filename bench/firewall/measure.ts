/** The question "firewall": one grant at a time beside many, connections past it, grants a second. See docs/performance.md. */
import type { Host } from '../../test/support/host.ts';
import { Lab } from '../../test/support/lab.ts';
import { builtFile } from '../../test/support/paths.ts';
import { QUIET_ENVIRONMENT } from '../environment.ts';
import type { Setting } from '../question.ts';
import { summarize } from '../summary.ts';
import { compareConnections, compileConnects } from './connections.ts';
import type { HandsResult } from './hands.ts';
import { type BackendLine, type FirewallReport, type FirewallSize, type OneGrant, SIZES } from './report.ts';
import { type FirewallSubject, FIREWALLS } from './subjects.ts';

const HANDS_TIMEOUT_MS = 240_000;

export async function measureFirewalls(setting: Setting): Promise<FirewallReport> {
  const { progress } = setting;
  const size = SIZES[setting.mode];
  const turns = setting.rounds * size.turns;
  const program = compileConnects(setting.scratch.newFolder());
  const lines: BackendLine[] = [];
  const missing: FirewallReport['missing'][number][] = [];
  const bare: number[] = [];
  for (const subject of FIREWALLS.filter(({ slow }) => size.slow || slow !== true)) {
    progress(`firewall: ${subject.name}`);
    const lab = await Lab.create({ hosts: ['client', 'bare', 'guarded'] });
    try {
      const place = { host: lab.host('guarded'), prefix: (await subject.prepare?.(lab.host('guarded'))) ?? [] };
      const why = await refusal(subject, place);
      if (why !== undefined) {
        missing.push({ name: subject.name, why });
        continue;
      }
      const grants = await measureGrants({ ...setting, size }, subject, place);
      const connections: (number | undefined)[] = [];
      for (const crowd of size.crowds) {
        if (crowd > subject.most) connections.push(undefined);
        else {
          await hands(subject, place, 'keep', crowd, 0);
          const found = await compareConnections({ ...setting, lab, program, turns }, lab.host('bare'), place.host);
          connections.push(found.share);
          bare.push(found.bare);
        }
      }
      lines.push({ name: subject.name, grants, connections });
    } finally {
      await lab.close();
    }
  }
  return { size, lines, missing, bare: bare.length === 0 ? Number.NaN : summarize(bare).median };
}

interface Place {
  readonly host: Host;
  readonly prefix: readonly string[];
}

async function measureGrants(
  { quiet, rounds, progress, size: { grants: sizes, times } }: Setting & { readonly size: FirewallSize },
  subject: FirewallSubject,
  place: Place,
): Promise<(OneGrant | undefined)[]> {
  const grants: (OneGrant | undefined)[] = [];
  for (const size of sizes) {
    if (size > subject.most) {
      grants.push(undefined);
      continue;
    }
    progress(`firewall: ${subject.name}, ${size} grants`);
    const { open, extend, close } = await quiet.measure(() => hands(subject, place, 'flush', size, rounds * times));
    const median = (sample: readonly number[]): number => summarize(sample).median;
    grants.push({ open: median(open), extend: median(extend), close: median(close) });
  }
  return grants;
}

/** Why the back-end cannot be measured here; undefined where it can. */
async function refusal(subject: FirewallSubject, place: Place): Promise<string | undefined> {
  try {
    await hands(subject, place, 'flush', 1, 1);
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return /(?:FirewallError: )(.*)/.exec(words)?.[1] ?? words.split('\n')[0] ?? words;
  }
}

/** Runs hands.ts in the namespace. @throws Error with what it said when it fails. */
async function hands(
  { settings, span }: FirewallSubject,
  { host, prefix }: Place,
  after: 'keep' | 'flush',
  size: number,
  rounds: number,
): Promise<HandsResult> {
  const words = [JSON.stringify(settings), String(size), String(rounds), String(span), after, host.address4];
  const [command = '', ...rest] = [...prefix, process.execPath, builtFile('bench/firewall/hands.js'), ...words];
  const text = await host.run(command, rest, { timeoutMs: HANDS_TIMEOUT_MS, env: QUIET_ENVIRONMENT });
  return JSON.parse(text) as HandsResult;
}
